"""What a cell makes of what it hears: of others, of itself, of who accuses whom."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Pid
from actors.tissue.core import Refused
from actors.tissue.plain import NUMBER_LIMIT
from actors.tissue.swim.beliefs import Beliefs
from actors.tissue.swim.config import LAN, SwimConfig
from actors.tissue.swim.updates import Dead, Joined, Outlived, Refuted, Status, Suspected, Update

ME = Pid("me", 2)
X = Pid("x", 1)


def mind(n: int = 64, config: SwimConfig = LAN) -> Beliefs:
    """Of a cell among ``n``, "x" one of them."""
    beliefs = Beliefs(ME, random.Random(0), config)
    for name in ("x", *(f"c{number}" for number in range(n - 2))):
        beliefs.believe(Update(Status.ALIVE, name, 1, 0), 0.0)
    return beliefs


def suspect(by: str, epoch: int = 0) -> Update:
    return Update(Status.SUSPECT, "x", 1, epoch, by)


def status(beliefs: Beliefs, name: str = "x") -> Status | None:
    member = beliefs.members.get(name)
    return None if member is None else member.status


def test_news_is_passed_on_and_what_is_known_is_not() -> None:
    beliefs = mind()
    while beliefs.rumours.take(10_000, 64):
        pass

    beliefs.believe(suspect("c1"), 1.0)
    beliefs.believe(suspect("c1"), 1.0)
    beliefs.believe(Update(Status.ALIVE, "x", 1, 0), 1.0)

    assert beliefs.rumours.take(10_000, 64) == [suspect("c1").wire()]


def test_who_is_accused_once_has_the_longest_wait_and_each_confirmation_shortens_it() -> None:
    beliefs, least = mind(), 4 * math.log10(64)

    dues = []
    for accuser in ("c1", "c2", "c3", "c4"):
        beliefs.believe(suspect(accuser), 10.0)
        dues.append(beliefs.suspicion_due - 10.0)

    middle = 6 * least - 5 * least * math.log(2) / math.log(3)
    assert dues == pytest.approx([6 * least, middle, least, least])


def test_confirmations_are_passed_on_as_long_as_they_make_a_difference() -> None:
    beliefs = mind()

    for accuser in ("c1", "c2", "c3", "c4", "c5"):
        beliefs.believe(suspect(accuser), 10.0)

    assert {wire[4] for wire in beliefs.rumours.take(10_000, 64) if wire[1] == "x"} == {"c1", "c2", "c3"}


def test_an_accusation_at_another_epoch_confirms_nothing() -> None:
    beliefs = mind()
    beliefs.believe(suspect("c1", epoch=1), 10.0)
    before = beliefs.suspicion_due

    beliefs.believe(suspect("c2", epoch=0), 10.0)

    assert beliefs.suspicion_due == before


@given(st.integers(0, 3), st.floats(0, 60), st.integers(1, 5))
def test_a_refutation_before_its_time_is_over_always_saves_the_suspect(count: int, after: float, raised: int) -> None:
    beliefs = mind()
    for number in range(count + 1):
        beliefs.believe(suspect(f"c{number}"), 0.0)
    now = min(after, math.nextafter(beliefs.suspicion_due, 0.0))
    beliefs.give_up(now)

    events = beliefs.believe(Update(Status.ALIVE, "x", 1, raised), now)

    assert events == [Refuted(X)]
    assert beliefs.give_up(1000.0) == []
    assert (status(beliefs), beliefs.suspicion_due) == (Status.ALIVE, math.inf)


def test_a_suspect_whose_time_is_over_is_declared_dead() -> None:
    beliefs = mind()
    beliefs.believe(suspect("c1"), 0.0)

    assert beliefs.give_up(beliefs.suspicion_due) == [Dead(X, "me")]
    assert beliefs.suspicion_due == math.inf


def test_who_is_ill_itself_declares_nobody_dead_on_its_own_word() -> None:
    beliefs = mind()
    beliefs.accuse(X, 0.0)
    beliefs.health.worse(4)

    for _ in range(100):
        assert beliefs.give_up(beliefs.suspicion_due) == []

    assert status(beliefs) is Status.SUSPECT


def test_who_is_ill_itself_believes_the_word_of_another() -> None:
    beliefs = mind()
    beliefs.accuse(X, 0.0)
    beliefs.health.worse(4)
    beliefs.give_up(beliefs.suspicion_due)

    beliefs.believe(suspect("c1"), beliefs.suspicion_due)

    assert beliefs.give_up(beliefs.suspicion_due) == [Dead(X, "me")]


def test_who_is_well_again_declares_the_death_it_held_back() -> None:
    beliefs = mind()
    beliefs.accuse(X, 0.0)
    beliefs.health.worse(4)
    beliefs.give_up(beliefs.suspicion_due)

    beliefs.health.better()

    assert beliefs.give_up(beliefs.suspicion_due) == [Dead(X, "me")]


def test_only_a_living_member_of_that_life_is_accused() -> None:
    beliefs = mind()

    nothing = [beliefs.accuse(pid, 0.0) for pid in (Pid("x", 2), Pid("stranger", 1), ME)]
    something = beliefs.accuse(X, 0.0)

    assert nothing == [[], [], []]
    assert something == [Suspected(X, "me")]


# -- itself ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slander", [Status.SUSPECT, Status.DEAD, Status.LEFT])
@pytest.mark.parametrize("epoch", [0, 7])
def test_a_cell_refutes_what_is_said_of_it_by_a_higher_epoch_and_doubts_itself(slander: Status, epoch: int) -> None:
    beliefs = mind()

    events = beliefs.believe(Update(slander, "me", 2, epoch, "c1"), 1.0)

    assert events == [Refuted(ME)]
    assert (beliefs.epoch, beliefs.health.score) == (epoch + 1, 1)
    assert Update(Status.ALIVE, "me", 2, epoch + 1).wire() in beliefs.rumours.take(10_000, 64)


@pytest.mark.parametrize(
    "update",
    [
        Update(Status.DEAD, "me", 1, 99, "c1"),
        Update(Status.ALIVE, "me", 2, 99),
        Update(Status.SUSPECT, "me", 2, 4, "c1"),
    ],
    ids=["an earlier life", "alive", "refuted already"],
)
def test_what_needs_no_refutation_gets_none(update: Update) -> None:
    beliefs = mind()
    beliefs.believe(Update(Status.SUSPECT, "me", 2, 4, "c1"), 1.0)

    assert beliefs.believe(update, 1.0) == []
    assert (beliefs.epoch, beliefs.health.score) == (5, 1)


def test_the_epoch_stays_a_number_that_others_read() -> None:
    beliefs = mind()

    beliefs.believe(Update(Status.DEAD, "me", 2, NUMBER_LIMIT - 1), 1.0)

    assert beliefs.epoch == NUMBER_LIMIT - 1


def test_a_cell_whose_place_has_a_higher_life_knows_that_it_is_outlived() -> None:
    beliefs = mind()

    events = beliefs.believe(Update(Status.ALIVE, "me", 3, 0), 1.0)

    assert events == [Outlived(ME, Pid("me", 3))]
    assert beliefs.is_outlived


def test_who_is_leaving_says_so_at_a_higher_epoch_and_refutes_nothing() -> None:
    beliefs = mind()
    beliefs.accuse(X, 0.0)

    beliefs.leave()
    events = beliefs.believe(Update(Status.SUSPECT, "me", 2, 9, "c1"), 1.0)

    assert (events, beliefs.epoch, beliefs.suspicion_due) == ([], 1, math.inf)
    assert beliefs.myself == Update(Status.LEFT, "me", 2, 1)


# -- tables and limits -------------------------------------------------------------------------------------------------


def test_who_is_dead_in_a_table_only_may_still_refute() -> None:
    beliefs = mind()

    events = beliefs.believe_table(Update(Status.DEAD, "x", 1, 0, "c1"), "c2", 1.0)

    assert events == [Suspected(X, "c1")]


@pytest.mark.parametrize("gone", [Status.DEAD, Status.LEFT])
def test_the_dead_of_a_table_whom_one_does_not_know_are_not_learned_from_it(gone: Status) -> None:
    """Or they would go round for ever among those who forget them."""
    beliefs = mind()

    events = beliefs.believe_table(Update(gone, "stranger", 1, 0, "c1"), "c2", 1.0)

    assert (events, status(beliefs, "stranger")) == ([], None)


def test_who_is_known_by_the_news_of_its_death_only_is_not_joined_by_older_news() -> None:
    beliefs = mind()

    events = beliefs.believe(Update(Status.DEAD, "stranger", 1, 0, "c1"), 1.0)

    assert events == []
    assert beliefs.believe(Update(Status.ALIVE, "stranger", 1, 0), 2.0) == []
    assert beliefs.believe(Update(Status.ALIVE, "stranger", 1, 1), 2.0) == [Joined(Pid("stranger", 1))]


def test_members_beyond_the_limit_are_refused_with_an_event() -> None:
    beliefs = mind(4, replace(LAN, max_members=3))

    events = beliefs.believe(Update(Status.ALIVE, "new", 1, 0), 1.0)

    assert events == [Refused(Pid("new", 1), "swim", "there is no room for more than 3 members")]
    assert status(beliefs, "new") is None


def test_the_table_holds_all_that_is_believed_itself_first() -> None:
    beliefs = mind(4)

    assert [update.name for update in beliefs.table()] == ["me", "x", "c0", "c1"]
