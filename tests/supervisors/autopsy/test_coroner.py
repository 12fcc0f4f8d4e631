"""The coroner: what it makes of a stream of events, and what it forgets."""

from __future__ import annotations

import pytest

from actors import KILLED, NOPROC, SHUTDOWN, Abandoned, ActorDied, Apoptosis, Crashed, Pid, Quarantined
from actors.exits import Remains
from supervisors.apoptosis.events import Damaged, Kept, Replaced, Replacing, Retired
from supervisors.apoptosis.vitals import Vitals
from supervisors.autopsy.archive import EACH, KEPT, PLACES
from supervisors.autopsy.coroner import BACKLOG, EVIDENCE, PIECE, Coroner
from supervisors.autopsy.death import Death
from supervisors.autopsy.kinds import How, Kind
from supervisors.autopsy.record import DEPTH, Autopsy, Successor
from supervisors.events import Decision, GaveUp, Ignored, Orphaned, Ready, Scope, Serving, StartFailure, Stopped
from supervisors.rules import Rule
from tests.supervisors.autopsy.stage import died, heard, ruling


def stopped(path: str, rule: Rule = Rule.ENDING, culprit: str | None = None, at: float = 1.0) -> Stopped:
    return Stopped(at, path, 1, SHUTDOWN, True, 0.0, 1.0, Remains(), ruling(rule, culprit=culprit, grace=5.0))


def one(coroner: Coroner, path: str) -> Autopsy:
    (autopsy,) = coroner.why(path)
    return autopsy


# -- what it remembers -------------------------------------------------------------------------------------------------


def test_an_event_that_is_no_death_leaves_no_trace() -> None:
    coroner = heard(Ready(1.0, "t", 1, 0.0), Ignored(1.0, "t/a", 1), Serving(1.0, "t/a", 1, False, None), "junk")

    assert (coroner.backlog, coroner.total, coroner.paths()) == (0, 0, [])


def test_what_it_heard_waits_until_somebody_asks() -> None:
    coroner = heard(died("t/a"), Serving(2.0, "t/a", 2, True, 1.0))

    assert coroner.backlog == 2
    assert one(coroner, "t/a").successor == Successor(2, 1.0)
    assert coroner.backlog == 0


def test_work_is_announced_once_until_it_is_done() -> None:
    coroner, calls = Coroner(), []
    coroner.on_work = lambda: calls.append(coroner.backlog)
    for number in range(3):
        coroner.note(died("t/a", number))
    coroner.settle()
    coroner.note(died("t/a", 3))

    assert calls == [1, 1]


def test_a_piece_of_the_work_is_the_oldest() -> None:
    coroner = heard(*(died("t/a", number) for number in range(5)))
    coroner.settle(2)

    assert coroner.backlog == 3


def test_more_than_the_backlog_is_settled_as_it_comes() -> None:
    coroner = Coroner()
    event = died("t/a")
    for _ in range(BACKLOG + 1):
        coroner.note(event)

    assert coroner.backlog == BACKLOG + 1 - PIECE


def test_the_last_thousand_are_remembered_whoever_died() -> None:
    coroner = heard(*(died("t/a", number) for number in range(KEPT + 50)))

    lives = [autopsy.life for autopsy in coroner.why("t/a")]
    assert lives == list(range(KEPT + 49, 49, -1))
    assert coroner.total == KEPT + 50


def test_of_each_place_the_last_five_are_remembered_however_long_ago() -> None:
    coroner = heard(*(died("t/a", number) for number in range(20)))
    for number in range(KEPT):
        coroner.note(died("t/b", number))

    assert [autopsy.life for autopsy in coroner.why("t/a")] == [19, 18, 17, 16, 15]
    assert (coroner.count("t/a"), coroner.count("t/b"), coroner.count("t/c")) == (EACH, KEPT, 0)


def test_old_deaths_and_new_ones_of_a_place_are_five_together_unless_the_new_ones_are_more() -> None:
    coroner = heard(*(died("t/a", number) for number in range(5)))
    for number in range(KEPT):
        coroner.note(died("t/b", number))
    for number in range(5, 8):
        coroner.note(died("t/a", number))

    assert [autopsy.life for autopsy in coroner.why("t/a")] == [7, 6, 5, 4, 3]


def test_places_that_had_no_death_for_the_longest_are_forgotten_first() -> None:
    coroner = heard(*(died(f"t/{number}") for number in range(PLACES)))
    coroner.note(died("t/0", 2))
    coroner.note(died("t/new"))

    assert [coroner.count(path) for path in ("t/0", "t/1", "t/2", "t/new")] == [2, 0, 1, 1]


def test_every_change_of_a_death_is_told() -> None:
    coroner = Coroner()
    told: list[tuple[str, bool]] = []

    def tell(death: Death) -> None:
        told.append((death.path, death.served is not None))

    coroner.on_change = tell
    for event in (died("t/a"), died("t/b"), Serving(2.0, "t/b", 2, True, 1.0), Serving(2.0, "t/a", 2, True, 1.0)):
        coroner.note(event)
    coroner.settle()

    assert told == [("t/a", False), ("t/b", False), ("t/b", True), ("t/a", True)]


# -- who serves next ---------------------------------------------------------------------------------------------------


def test_a_life_that_serves_succeeds_all_that_nobody_succeeded_yet() -> None:
    failure = StartFailure(2.0, "t/a", 3, Crashed(OSError()), Decision.RESTART, ruling())
    coroner = heard(died("t/a", 1), Serving(1.5, "t/a", 2, True, 0.5), died("t/a", 2, at=1.7), failure)
    coroner.note(Serving(4.0, "t/a", 4, True, 2.3))

    assert [(each.life, each.successor) for each in coroner.why("t/a")] == [
        (3, Successor(4, 2.0)),
        (2, Successor(4, 2.3)),
        (1, Successor(2, 0.5)),
    ]


def test_a_later_child_of_the_same_id_is_nobodys_successor() -> None:
    left = died("t/a", 1, decision=Decision.REMOVE)
    coroner = heard(left, Serving(5.0, "t/a", 1, False, None), died("t/a", 1, at=6.0))
    coroner.note(Serving(7.0, "t/a", 2, True, 1.0))

    assert [each.successor for each in coroner.why("t/a")] == [Successor(2, 1.0), None]


# -- what led to a death -----------------------------------------------------------------------------------------------


def test_a_stop_of_a_group_was_caused_by_the_last_death_of_its_culprit() -> None:
    coroner = heard(died("t/a", 1), died("t/a", 2), stopped("t/b", Rule.GROUP, "a"))

    because = one(coroner, "t/b").because
    assert because is not None
    assert (because.how, because.death and because.death.life) == (How.GROUP, 2)


def test_a_stop_with_the_supervisor_was_caused_by_a_death_that_is_announced_later() -> None:
    coroner = heard(stopped("t/s/a"))
    before = one(coroner, "t/s/a").because
    coroner.note(stopped("t/s"))
    after = one(coroner, "t/s/a").because

    assert before is not None
    assert (before.how, before.path, before.death) == (How.SUPERVISOR, "t/s", None)
    assert after is not None
    assert after.death == one(coroner, "t/s")


def test_giving_up_is_the_cause_of_the_next_death_of_the_supervisor_only() -> None:
    gave_up = GaveUp(1.0, "t/s", "a", 4, 3, 5.0, Scope.SUPERVISOR, KILLED)
    coroner = heard(died("t/s/a", decision=Decision.GIVE_UP), gave_up, died("t/s", 1, reason=SHUTDOWN))
    coroner.note(died("t/s", 2, reason=SHUTDOWN))

    assert [each.because and each.because.how for each in coroner.why("t/s")] == [None, How.GAVE_UP]


def test_an_end_that_was_on_its_way_is_forgotten_when_the_supervisor_is_stopped_first() -> None:
    gave_up = GaveUp(1.0, "t/s", "a", 4, 3, 5.0, Scope.SUPERVISOR, KILLED)
    coroner = heard(died("t/s/a", decision=Decision.GIVE_UP), gave_up, stopped("t/s"), died("t/s", 2, reason=SHUTDOWN))

    assert coroner.why("t/s")[0].because is None


def test_whom_it_asked_is_blamed_also_if_that_death_is_announced_later() -> None:
    cause = ValueError("no stock")
    coroner = heard(died("t/front", error=ActorDied(_Named("t/a"), Crashed(cause))))
    coroner.note(died("t/a", 1, error=OSError("another death")))
    coroner.note(died("t/a", 2, error=cause))

    because = one(coroner, "t/front").because
    assert because is not None
    assert because.death is None  # the next death of the one that it asked was another one

    coroner.note(died("t/back", error=ActorDied(_Named("t/a"), Crashed(cause))))
    because = one(coroner, "t/back").because
    assert because is not None
    assert because.death is not None
    assert because.death.life == 2


def test_whom_it_asked_is_blamed_by_its_last_death_if_nobody_was_there() -> None:
    coroner = heard(died("t/a", 3), died("t/front", error=ActorDied(_Named("t/a"), NOPROC)))

    because = one(coroner, "t/front").because
    assert because is not None
    assert because.death is not None
    assert because.death.life == 3


def test_an_error_about_oneself_is_nobody_elses_fault() -> None:
    coroner = heard(died("t/a", error=ActorDied(_Named("t/a"), KILLED)))

    assert one(coroner, "t/a").because is None


class _Named:
    """A ref as far as errors know it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return self.name


def test_an_orphan_died_with_its_supervisor_whichever_is_announced_first() -> None:
    first = heard(Orphaned(1.0, "t/s/a", 1, KILLED), died("t/s", 1, reason=KILLED))
    second = heard(died("t/s", 1, reason=KILLED), Orphaned(1.0, "t/s/a", 1, KILLED))

    for coroner in (first, second):
        assert [each.path for each in one(coroner, "t/s/a").chain()] == ["t/s/a", "t/s"]


def test_a_chain_has_an_end_however_long_it_is() -> None:
    coroner = Coroner()
    for number in range(DEPTH + 10):
        error = ActorDied(_Named(f"t/{number - 1}"), Crashed(ValueError(str(number - 1))))
        coroner.note(died(f"t/{number}", error=ValueError("0") if number == 0 else error))
        coroner.note(died(f"t/{number}", 2, error=ValueError(str(number))))

    chain = list(coroner.why(f"t/{DEPTH + 9}")[1].chain())
    assert len(chain) == 2  # each first death blames a second one, which blames nobody


def test_a_chain_that_leads_back_to_itself_is_cut() -> None:
    group = [ruling(Rule.GROUP, culprit=culprit, grace=5.0) for culprit in "ba"]
    coroner = heard(
        Stopped(1.0, "t/a", 1, SHUTDOWN, True, 0.0, 1.0, Remains(), group[0]),
        Stopped(1.0, "t/b", 1, SHUTDOWN, True, 0.0, 1.0, Remains(), group[1]),
    )
    coroner.settle()
    (death,) = coroner._archive.of("t/a")
    death.cause = (How.GROUP, "t/b", 2)

    assert len(list(one(coroner, "t/b").chain())) == DEPTH + 1


def test_the_cause_that_is_not_remembered_any_more_is_named_still() -> None:
    coroner = heard(died("t/a", 1), stopped("t/b", Rule.GROUP, "a"), *(died("t/a", number) for number in range(2, 9)))
    for number in range(KEPT):
        coroner.note(died("t/c", number))

    because = one(coroner, "t/b").because
    assert because is not None
    assert (because.path, because.death) == ("t/a", None)


def test_causes_that_never_come_do_not_pile_up() -> None:
    coroner = heard(*(stopped(f"t/{number}/a") for number in range(5000)))
    coroner.settle()

    assert len(coroner._unsettled) == 1000


# -- what was said before a death --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("life", "deaths"), [(1, 3), (2, None)])
def test_a_quarantine_belongs_to_the_life_that_it_names(life: int, deaths: int | None) -> None:
    coroner = heard(Quarantined(1.0, Pid("t/a", 1), object(), 3), died("t/a", life), died("t/a", life + 1))

    assert [each.quarantined for each in coroner.why("t/a")] == [None, deaths]


def test_an_abandoned_handler_belongs_to_the_life_that_it_names() -> None:
    coroner = heard(Abandoned(1.0, Pid("t/a", 1), "A.hang", "Order"), died("t/a", 1, reason=KILLED))

    assert one(coroner, "t/a").abandoned == "A.hang"


def test_the_last_pieces_of_evidence_go_with_the_life_that_they_were_about() -> None:
    damages = [Damaged(1.0, "t/a", "invariant", 2.0, 2.0 * n, f"check {n}", "Order") for n in range(EVIDENCE + 2)]
    coroner = heard(*damages, died("t/a", 1), Serving(2.0, "t/a", 2, True, 1.0), died("t/a", 2))

    second, first = coroner.why("t/a")
    assert first.evidence == tuple(f"invariant (check {n}) handling Order, weight 2" for n in range(2, EVIDENCE + 2))
    assert second.evidence == ()


# -- planned death -----------------------------------------------------------------------------------------------------

VITALS = Vitals(2.4, 1000, 60.0, 3)


def test_a_replacement_is_a_death_with_a_successor_that_was_there_before() -> None:
    coroner = heard(
        Damaged(9.0, "t/a", "invariant", 2.0, 2.4, "checksum", ""),
        Replacing(10.0, "t/a", "damage", 3, VITALS),
        Replaced(12.5, "t/a", "damage", 4, 2.5, 7, "last good", 0.01),
    )

    autopsy = one(coroner, "t/a")
    assert (autopsy.kind, autopsy.life, autopsy.is_clean, autopsy.vitals) == (Kind.REPLACED, 3, True, VITALS)
    assert autopsy.successor == Successor(4, 2.5)
    assert autopsy.describe().splitlines() == [
        "t/a was replaced by life 4 (life 3): damage.",
        "  Its vitals: alpha 2.4, 1,000 handled, age 60 s, 3 waiting.",
        "  Evidence against it, the last: invariant (checksum), weight 2.",
        "  Life 4 had been started 2.5 s before.",
    ]


def test_how_the_old_life_ended_is_told_if_it_was_not_as_it_should() -> None:
    replaced = Replaced(12.5, "t/a", "old age", 4, 2.5, 7, "all", 0.0)
    well = heard(replaced, Retired(13.0, "t/a", 3, Apoptosis("old age"), True))
    badly = heard(replaced, Retired(13.0, "t/a", 3, KILLED, False))

    assert [one(coroner, "t/a").ended for coroner in (well, badly)] == [None, "killed"]
    assert "  The old life did not end as it should: killed." in one(badly, "t/a").describe().splitlines()


def test_a_successor_that_failed_is_a_death_of_its_own_and_the_evidence_stays() -> None:
    coroner = heard(
        Damaged(9.0, "t/a", "probe", 1.0, 3.0, "", ""),
        Replacing(10.0, "t/a", "damage", 3, VITALS),
        Kept(12.0, "t/a", "damage", "ready", "it was not ready within 2 s", 1.0),
        died("t/a", 3, at=13.0),
        Serving(14.0, "t/a", 4, True, 1.0),
    )

    crash, kept = coroner.why("t/a")
    assert kept.describe().splitlines() == [
        "t/a could not be replaced; its successor (life 4) failed: ready: it was not ready within 2 s.",
        "  Its vitals: alpha 2.4, 1,000 handled, age 60 s, 3 waiting.",
        "  Evidence against it, the last: probe, weight 1.",
        "  Life 3 serves on.",
    ]
    assert (kept.kind, kept.successor) == (Kind.KEPT, None)
    assert crash.evidence == ("probe, weight 1",)
    assert crash.successor == Successor(4, 1.0)


def test_the_vitals_of_a_life_that_was_watched_go_with_it() -> None:
    coroner = heard(died("t/a", remains=Remains("Order", "A.take", 1000, 3, vitals=VITALS)))

    autopsy = one(coroner, "t/a")
    assert autopsy.vitals == VITALS
    assert "  Its vitals: alpha 2.4, 1,000 handled, age 60 s, 3 waiting." in autopsy.describe().splitlines()


def test_the_root_died_of_what_it_gave_up_on() -> None:
    gave_up = GaveUp(1.0, "t", "a", 4, 3, 5.0, Scope.SUPERVISOR, KILLED)
    coroner = heard(died("t/a", decision=Decision.GIVE_UP), gave_up)
    coroner.root_ended("t", 1, SHUTDOWN, 2.0)

    autopsy = one(coroner, "t")
    assert (autopsy.kind, autopsy.because and autopsy.because.path) == (Kind.ENDED, "t/a")
