"""The table of members: a join of all that is said, in any order; rounds of probes; what is remembered."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Pid
from actors.tissue.swim.members import Members
from actors.tissue.swim.updates import Dead, Joined, Left, Refuted, Revived, Status, Suspected, Update

X = Pid("x", 1)

sayings = st.lists(
    st.builds(
        Update,
        st.sampled_from(Status),
        st.sampled_from("xyz"),
        st.integers(1, 3),
        st.integers(0, 3),
        st.sampled_from("ab"),
    ),
    max_size=12,
)


def table(limit: int = 100, remembered: int = 100, seed: int = 0) -> Members:
    return Members(random.Random(seed), limit=limit, remembered=remembered)


def say(status: Status, epoch: int = 0, *, name: str = "x", life: int = 1) -> Update:
    return Update(status, name, life, epoch, "by")


def filled(n: int, **options: int) -> Members:
    members = table(**options)
    for number in range(n):
        members.merge(say(Status.ALIVE, name=f"c{number}"), 0.0)
    return members


def probed(members: Members) -> str:
    member = members.next_to_probe()
    assert member is not None
    return member.update.name


def beliefs(members: Members) -> dict[str, tuple[int, int, int]]:
    return {member.update.name: member.update.rank for member in members}


@given(sayings, st.randoms(use_true_random=False))
def test_order_and_repetition_of_what_is_heard_make_no_difference(said: list[Update], chance: random.Random) -> None:
    one, other = table(), table()
    again = said + chance.choices(said, k=5) if said else []
    chance.shuffle(again)

    for update in said:
        one.merge(update, 0.0)
    for update in again:
        other.merge(update, 0.0)

    assert beliefs(one) == beliefs(other)


@given(sayings)
def test_the_dead_are_never_raised_by_an_epoch_that_is_not_higher(said: list[Update]) -> None:
    members = table()
    for update in said:
        before = members.get(update.name)
        members.merge(update, 0.0)
        after = members.get(update.name)

        if before is not None and after is not None and after.is_live and not before.is_live:
            assert (after.update.life, after.epoch) > (before.update.life, before.epoch)


@given(sayings)
def test_the_events_of_a_life_are_a_story_that_makes_sense(said: list[Update]) -> None:
    """Joined first and once; Refuted only after Suspected; Revived only after Dead or Left; and so on."""
    allowed: dict[type | None, set[type]] = {
        None: {Joined},
        Joined: {Suspected, Dead, Left},
        Suspected: {Refuted, Dead, Left},
        Refuted: {Suspected, Dead, Left},
        Revived: {Suspected, Dead, Left},
        Dead: {Revived},
        Left: {Revived},
    }
    members = table()
    last: dict[Pid, type] = {}
    for update in said:
        for event in members.merge(update, 0.0) or []:
            pid = event.pid  # type: ignore[attr-defined]

            assert type(event) in allowed[last.get(pid)]
            last[pid] = type(event)


@pytest.mark.parametrize(
    ("first", "second", "events"),
    [
        (say(Status.ALIVE), say(Status.ALIVE), None),
        (say(Status.ALIVE), say(Status.ALIVE, 1), []),
        (say(Status.ALIVE), say(Status.SUSPECT), [Suspected(X, "by")]),
        (say(Status.ALIVE), say(Status.DEAD), [Dead(X, "by")]),
        (say(Status.ALIVE), say(Status.LEFT), [Left(X)]),
        (say(Status.SUSPECT), say(Status.ALIVE), None),
        (say(Status.SUSPECT), say(Status.ALIVE, 1), [Refuted(X)]),
        (say(Status.SUSPECT), say(Status.SUSPECT, 1), []),
        (say(Status.SUSPECT), say(Status.DEAD), [Dead(X, "by")]),
        (say(Status.DEAD), say(Status.ALIVE), None),
        (say(Status.DEAD), say(Status.SUSPECT), None),
        (say(Status.DEAD), say(Status.ALIVE, life=2), [Joined(Pid("x", 2))]),
        (say(Status.ALIVE), say(Status.ALIVE, life=2), [Dead(X, "x"), Joined(Pid("x", 2))]),
        (
            say(Status.ALIVE),
            say(Status.SUSPECT, life=2),
            [Dead(X, "x"), Joined(Pid("x", 2)), Suspected(Pid("x", 2), "by")],
        ),
        (say(Status.ALIVE, 9, life=2), say(Status.DEAD, 99), None),
    ],
    ids=lambda value: f"{value.status.name}-{value.life}-{value.epoch}" if isinstance(value, Update) else "",
)
def test_a_change_is_told_as_events(first: Update, second: Update, events: list[object] | None) -> None:
    members = table()
    members.merge(first, 0.0)

    assert members.merge(second, 1.0) == events


def test_who_was_given_up_and_speaks_again_is_revived() -> None:
    members = table()
    members.merge(say(Status.ALIVE), 0.0)
    members.merge(say(Status.DEAD), 1.0)

    assert members.merge(say(Status.SUSPECT, 1), 2.0) == [Revived(X), Suspected(X, "by")]


def test_who_is_known_by_its_death_only_joins_when_it_speaks() -> None:
    members = table()

    silent = members.merge(say(Status.DEAD), 0.0)
    spoken = members.merge(say(Status.ALIVE, 1), 1.0)

    assert (silent, spoken) == ([], [Joined(X)])


def test_every_living_member_comes_once_in_each_round() -> None:
    members = filled(20)
    members.merge(say(Status.DEAD, name="c3"), 1.0)
    members.merge(say(Status.SUSPECT, name="c4"), 1.0)

    rounds = [Counter(probed(members) for _ in range(19)) for _ in range(4)]

    assert rounds == 4 * [{f"c{number}": 1 for number in range(20) if number != 3}]


def test_the_order_of_every_round_is_another() -> None:
    members = filled(20)

    rounds = [[members.next_to_probe() for _ in range(20)] for _ in range(2)]

    assert rounds[0] != rounds[1]


def test_nobody_is_probed_where_nobody_lives() -> None:
    members = table()
    members.merge(say(Status.DEAD), 0.0)

    assert members.next_to_probe() is None


def test_who_flaps_does_not_make_the_round_longer() -> None:
    members = filled(10)

    for epoch in range(50):
        members.merge(say(Status.DEAD, epoch, name="c1"), 1.0)
        members.merge(say(Status.ALIVE, epoch + 1, name="c1"), 1.0)

    assert len({probed(members) for _ in range(10)}) == 10


def test_the_dead_are_dialled_in_turn_and_those_who_left_only_where_nobody_is_dead() -> None:
    members = filled(6)
    for number in range(3):
        members.merge(say(Status.DEAD, name=f"c{number}"), 1.0)
    members.merge(say(Status.LEFT, name="c3"), 1.0)

    dialled = Counter(members.next_to_dial() for _ in range(6))
    for number in range(3):
        members.merge(say(Status.ALIVE, 1, name=f"c{number}"), 2.0)

    assert dialled == {"c0": 2, "c1": 2, "c2": 2}
    assert members.next_to_dial() == "c3"
    assert table().next_to_dial() is None


def test_of_too_many_dead_the_longest_dead_are_forgotten() -> None:
    members = filled(10, remembered=3)

    for number in range(6):
        members.merge(say(Status.DEAD, name=f"c{number}"), float(number))

    assert sorted(member.update.name for member in members) == ["c3", "c4", "c5", "c6", "c7", "c8", "c9"]


def test_the_dead_are_forgotten_after_a_while() -> None:
    members = filled(3)
    members.merge(say(Status.DEAD, name="c0"), 10.0)
    members.merge(say(Status.DEAD, name="c1"), 20.0)

    members.forget(before=15.0)

    assert sorted(member.update.name for member in members) == ["c1", "c2"]


def test_there_is_room_for_so_many_living_and_always_for_a_death() -> None:
    members = filled(3, limit=3)

    room = [members.is_room_for(say(status, name=name)) for status, name in _NEWS]

    assert room == [False, True, True]


_NEWS = [(Status.ALIVE, "new"), (Status.SUSPECT, "c1"), (Status.DEAD, "new")]


@pytest.mark.parametrize("n", [0, 1, 5, 200])
@pytest.mark.parametrize("suitable", [0, 1, 3, 200])
def test_as_many_different_members_are_picked_as_there_are(n: int, suitable: int) -> None:
    members = filled(n)
    good = {f"c{number}" for number in range(min(n, suitable))}

    picked = [member.update.name for member in members.pick(3, lambda each: each.update.name in good)]

    assert len(picked) == len(set(picked)) == min(3, len(good))
    assert set(picked) <= good


def test_everybody_is_picked_equally_often() -> None:
    members = filled(50)

    picks = Counter(each.update.name for _ in range(2000) for each in members.pick(3, lambda each: True))

    assert len(picks) == 50
    assert max(picks.values()) < 2 * min(picks.values())  # 120 each, give or take 11
