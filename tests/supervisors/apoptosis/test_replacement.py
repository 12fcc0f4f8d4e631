"""The course of one replacement, with the two lives and the clock played by the test: every step, every way to fail."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import SHUTDOWN, Crashed, Reason
from supervisors import Apoptosis
from supervisors.apoptosis.health import Estate
from supervisors.apoptosis.replacement import ABSENT, COURSE, Outcome, Phase, Replacement, Word

POLICY = Apoptosis(ready_within=30.0, handover=5.0)


@dataclass(order=True)
class Alarm:
    """A timer of the fake clock."""

    due: float
    number: int
    ring: Callable[[], None] = field(compare=False)
    is_off: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.is_off = True


class Stage:
    """Both lives, the clock and the log of one replacement; the test says when who answers what.

    ``moved`` is what the switch returns; ``open`` holds the questions that were not answered yet.
    """

    def __init__(self, estate: Estate = Estate.ALL, last_good: Any = "copy", *, is_heir: bool = True) -> None:
        self.estate = estate
        self.now = 0.0
        self.alarms: list[Alarm] = []
        self.rung = 0
        self.log: list[str] = []
        self.outcomes: list[Outcome] = []
        self.is_possible = True
        self.open: dict[str, Callable[[Any, BaseException | None], None]] = {}
        self.replacement = Replacement(
            self,  # type: ignore[arg-type] # it plays the succession
            POLICY,
            lambda: self.estate,
            lambda: last_good,
            is_heir=is_heir,
            insists=lambda has_copy: False,
            grace=2.5,
            clock=lambda: self.now,
            later=self.later,
            finished=self.finished,
        )

    # -- what the replacement uses -------------------------------------------------------------------------------------

    def later(self, seconds: float, ring: Callable[[], None]) -> Alarm:
        self.rung += 1
        alarm = Alarm(self.now + seconds, self.rung, ring)
        heapq.heappush(self.alarms, alarm)
        return alarm

    def finished(self, outcome: Outcome) -> None:
        self.log.append("finished")
        self.outcomes.append(outcome)

    def start(
        self, pulse: Any, started: Callable[[Reason | None, bool], None], ended: Callable[[Reason], None]
    ) -> None:
        self.log.append(f"start {pulse}")
        self.outcome, self.ended = started, ended

    def ask_successor(self, hook: str, args: tuple[Any, ...], done: Callable[..., None]) -> None:
        self.log.append(" ".join([hook, *map(str, args)]))
        self.open[hook] = done

    def ask_predecessor(self, hook: str, done: Callable[..., None]) -> None:
        self.log.append(hook)
        self.open[hook] = done

    def await_predecessor(self, done: Callable[[], None]) -> None:
        self.log.append("await")
        self.open["await"] = lambda result, error: done()

    def pause(self) -> None:
        self.log.append("pause")

    def switch(self) -> int:
        self.log.append("switch")
        return 7

    def discard(self, grace: float) -> None:
        self.log.append(f"discard in {grace:g} s")

    def retire(self, cause: str, grace: float, ended: Callable[[int, Reason], None]) -> None:
        self.log.append(f"retire for {cause} in {grace:g} s")

    # -- what a test does ----------------------------------------------------------------------------------------------

    def begin(self) -> Stage:
        self.replacement.begin("pulse")  # type: ignore[arg-type] # only handed on
        return self

    def take(self) -> list[str]:
        log, self.log = self.log, []
        return log

    def started(self, reason: Reason | None, ignored: bool = False) -> None:
        self.outcome(reason, ignored)

    def answer(self, hook: str, result: Any = None, error: BaseException | None = None) -> None:
        self.open.pop(hook)(result, error)

    def leave(self, will: Any = None, error: BaseException | None = None) -> None:
        """The old life is done with the message in hand, and says what it leaves if it is asked."""
        if "await" in self.open:
            self.answer("await")
        if "bequeath" in self.open:
            self.answer("bequeath", will, error)

    def pass_time(self, seconds: float) -> None:
        until = self.now + seconds
        while self.alarms and self.alarms[0].due <= until:
            alarm = heapq.heappop(self.alarms)
            self.now = alarm.due
            if not alarm.is_off:
                alarm.ring()
        self.now = until

    @property
    def phase(self) -> Phase:
        return self.replacement.phase

    @property
    def pending(self) -> int:
        """Timers that would still ring."""
        return sum(not alarm.is_off for alarm in self.alarms)


def at(phase: Phase, **options: Any) -> Stage:
    """A stage on which the replacement has come to ``phase``, its log empty."""
    stage = Stage(**options).begin()
    steps: list[tuple[Phase, Callable[[], None]]] = [
        (Phase.STARTING, lambda: stage.started(None)),
        (Phase.WARMING, lambda: stage.answer("ready", True)),
        (Phase.WAITING, lambda: stage.leave("estate")),
        (Phase.INHERITING, lambda: stage.answer("inherit")),
    ]
    if phase is Phase.FAILED:
        stage.started(SHUTDOWN)
    else:
        for before, step in steps:
            if phase is not before and stage.phase is before:
                step()
    assert stage.phase is phase
    stage.take()
    return stage


# -- when all goes well ------------------------------------------------------------------------------------------------


def test_a_successor_starts_warms_up_inherits_and_takes_over() -> None:
    stage = Stage().begin()
    said = [stage.take()]
    steps: list[Callable[[], None]] = [
        lambda: stage.started(None),
        lambda: stage.answer("ready", True),
        lambda: stage.answer("await"),
        lambda: stage.answer("bequeath", "estate"),
        lambda: stage.answer("inherit"),
    ]
    for step in steps:
        stage.pass_time(0.5)
        step()
        said.append(stage.take())

    assert said == [
        ["start pulse"],
        ["ready"],
        ["await"],
        ["bequeath"],
        ["pause", "inherit estate"],
        ["switch", "finished"],
    ]
    assert stage.outcomes == [Outcome(Phase.DONE, "", moved=7, estate=Estate.ALL, paused=0.5)]


def test_nothing_rings_after_a_replacement() -> None:
    assert at(Phase.DONE).pending == 0


@pytest.mark.parametrize(
    ("options", "log", "estate"),
    [
        ({"estate": Estate.ALL}, ["await", "bequeath", "pause", "inherit will", "switch", "finished"], Estate.ALL),
        ({"estate": Estate.LAST_GOOD}, ["await", "pause", "inherit copy", "switch", "finished"], Estate.LAST_GOOD),
        ({"estate": Estate.LAST_GOOD, "last_good": ABSENT}, ["await", "pause", "switch", "finished"], Estate.NOTHING),
        ({"estate": Estate.NOTHING}, ["await", "pause", "switch", "finished"], Estate.NOTHING),
        ({"estate": Estate.ALL, "is_heir": False}, ["await", "pause", "switch", "finished"], Estate.NOTHING),
        ({"estate": Estate.LAST_GOOD, "is_heir": False}, ["await", "pause", "switch", "finished"], Estate.NOTHING),
    ],
    ids=["all", "last-good", "no-copy", "nothing", "no-heir", "no-heir-last-good"],
)
def test_what_is_inherited_follows_from_the_cause(options: dict[str, Any], log: list[str], estate: Estate) -> None:
    stage = at(Phase.WARMING, **options)
    stage.answer("ready", True)
    stage.leave("will")
    if "inherit" in stage.open:
        stage.answer("inherit")

    assert (stage.take(), stage.outcomes[0].estate) == (log, estate)


def test_what_is_inherited_is_decided_when_it_is_handed_over() -> None:
    stage = at(Phase.WARMING, estate=Estate.ALL)
    stage.estate = Estate.LAST_GOOD
    stage.answer("ready", True)
    stage.answer("await")

    assert stage.take() == ["await", "pause", "inherit copy"]


@pytest.mark.parametrize("will", [None, 0, "", [], False])
def test_an_estate_that_is_nothing_much_is_inherited_all_the_same(will: Any) -> None:
    stage = at(Phase.WAITING)
    stage.leave(will)

    assert stage.take() == ["bequeath", "pause", f"inherit {will}"]


def test_the_old_life_is_ended_when_somebody_says_so() -> None:
    stage = at(Phase.DONE)
    stage.replacement.retire("age", lambda life, reason: None)

    assert stage.take() == ["retire for age in 2.5 s"]


# -- warming up --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", [False, None, 0, "", []])
def test_whatever_is_not_true_is_not_ready(result: Any) -> None:
    stage = at(Phase.WARMING)
    stage.answer("ready", result)

    assert (stage.phase, stage.take()) == (Phase.WARMING, [])


@pytest.mark.parametrize("result", [True, 1, "yes", object()])
def test_whatever_is_true_is_ready(result: Any) -> None:
    stage = at(Phase.WARMING)
    stage.answer("ready", result)

    assert stage.phase is Phase.WAITING


def test_a_successor_that_is_not_ready_is_asked_again_ever_less_often() -> None:
    stage = at(Phase.WARMING)
    asked, before = [], stage.now
    while stage.now < 20.0:
        stage.answer("ready", False)
        while not stage.open:
            stage.pass_time(0.001)
        asked.append(round(stage.now - before, 2))
        before = stage.now

    assert asked[:6] == pytest.approx([0.02, 0.03, 0.045, 0.068, 0.101, 0.152], abs=0.01)
    assert (asked == sorted(asked), asked[-5:]) == (True, [1.0] * 5)


def test_nobody_is_asked_again_while_an_answer_is_awaited() -> None:
    stage = at(Phase.WARMING)
    stage.pass_time(20.0)

    assert stage.take() == []


def test_start_and_warming_up_share_one_limit() -> None:
    stage = Stage().begin()
    stage.pass_time(29.0)
    stage.started(None)
    stage.pass_time(0.9)
    early = stage.outcomes[:]
    stage.pass_time(0.2)

    assert (early, stage.outcomes) == ([], [Outcome(Phase.WARMING, "not ready within 30 s")])


def test_bequeathing_and_inheriting_share_one_limit() -> None:
    stage = at(Phase.WAITING)
    stage.pass_time(4.9)
    stage.leave("estate")
    stage.pass_time(0.2)

    assert stage.outcomes == [Outcome(Phase.INHERITING, "no handover within 5 s")]


# -- a life that is stuck ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "log", "estate"),
    [
        ({"estate": Estate.ALL}, ["inherit copy"], Estate.LAST_GOOD),
        ({"estate": Estate.LAST_GOOD}, ["inherit copy"], Estate.LAST_GOOD),
        ({"estate": Estate.ALL, "last_good": ABSENT}, ["switch", "finished"], Estate.NOTHING),
        ({"estate": Estate.NOTHING}, ["switch", "finished"], Estate.NOTHING),
        ({"estate": Estate.ALL, "is_heir": False}, ["switch", "finished"], Estate.NOTHING),
    ],
    ids=["all", "last-good", "no-copy", "nothing", "no-heir"],
)
def test_who_is_stuck_until_the_handover_is_not_waited_for(
    options: dict[str, Any], log: list[str], estate: Estate
) -> None:
    stage = at(Phase.WARMING, **options)
    stage.answer("ready", True)
    stage.take()
    stage.pass_time(5.0)

    said = stage.take()
    if "inherit" in stage.open:
        stage.answer("inherit")
    assert (said, stage.outcomes) == (log, [Outcome(Phase.DONE, "", 7, estate)])


def test_the_heir_of_one_who_is_stuck_has_its_own_time_to_inherit() -> None:
    stage = at(Phase.WAITING)
    stage.pass_time(9.9)
    before = stage.outcomes[:]
    stage.pass_time(0.2)

    assert (before, stage.outcomes) == ([], [Outcome(Phase.INHERITING, "inherit() did not return within 5 s")])


def test_what_the_one_that_was_stuck_says_in_the_end_comes_too_late() -> None:
    stage = at(Phase.WAITING)
    stage.answer("await")
    stage.pass_time(5.0)
    stage.take()
    stage.answer("bequeath", "at last")

    assert (stage.phase, stage.take()) == (Phase.INHERITING, [])


# -- every way to fail -------------------------------------------------------------------------------------------------

BOOM = RuntimeError("boom")


@pytest.mark.parametrize(
    ("phase", "fail", "why"),
    [
        (Phase.STARTING, lambda stage: stage.started(Crashed(BOOM)), "RuntimeError: boom"),
        (Phase.STARTING, lambda stage: stage.started(SHUTDOWN), "shutdown"),
        (Phase.STARTING, lambda stage: stage.started(SHUTDOWN, True), "it raised Ignore"),
        (Phase.STARTING, lambda stage: stage.pass_time(30.0), "not ready within 30 s"),
        (Phase.STARTING, lambda stage: stage.replacement.call_off("it ended"), "it ended"),
        (Phase.WARMING, lambda stage: stage.answer("ready", None, BOOM), "ready() raised RuntimeError: boom"),
        (Phase.WARMING, lambda stage: stage.answer("ready", None, KeyError()), "ready() raised KeyError"),
        (Phase.WARMING, lambda stage: stage.ended(Crashed(BOOM)), "it ended: crashed(RuntimeError: boom)"),
        (Phase.WARMING, lambda stage: stage.pass_time(30.0), "not ready within 30 s"),
        (Phase.WARMING, lambda stage: stage.replacement.call_off("it ended"), "it ended"),
        (Phase.WAITING, lambda stage: stage.leave(None, BOOM), "bequeath() raised RuntimeError: boom"),
        (Phase.WAITING, lambda stage: stage.ended(SHUTDOWN), "it ended: shutdown"),
        (Phase.WAITING, lambda stage: stage.replacement.call_off("it ended"), "it ended"),
        (Phase.INHERITING, lambda stage: stage.answer("inherit", None, BOOM), "inherit() raised RuntimeError: boom"),
        (Phase.INHERITING, lambda stage: stage.ended(Crashed(BOOM)), "it ended: crashed(RuntimeError: boom)"),
        (Phase.INHERITING, lambda stage: stage.pass_time(5.0), "no handover within 5 s"),
        (Phase.INHERITING, lambda stage: stage.replacement.call_off("it ended"), "it ended"),
    ],
)
def test_whatever_fails_the_successor_goes_and_the_old_life_stays(
    phase: Phase, fail: Callable[[Stage], None], why: str
) -> None:
    stage = at(phase)
    fail(stage)
    log = [line for line in stage.take() if line != "bequeath"]

    assert (stage.phase, log, stage.pending) == (Phase.FAILED, ["discard in 2.5 s", "finished"], 0)
    assert [(outcome.step, outcome.why) for outcome in stage.outcomes] == [(phase, why)]


@pytest.mark.parametrize("phase", [Phase.STARTING, Phase.WARMING, Phase.WAITING, Phase.INHERITING])
def test_only_a_bequeath_that_fails_speaks_against_the_old_life(phase: Phase) -> None:
    stage = at(phase)
    hook = {Phase.WARMING: "ready", Phase.INHERITING: "inherit"}.get(phase)
    if phase is Phase.WAITING:
        stage.leave(None, BOOM)
    elif hook is None:
        stage.started(Crashed(BOOM))
    else:
        stage.answer(hook, None, BOOM)

    assert [outcome.left_badly for outcome in stage.outcomes] == [phase is Phase.WAITING]


def test_a_failed_start_is_told_once_though_the_end_of_the_life_is_heard_too() -> None:
    stage = at(Phase.STARTING)
    stage.ended(Crashed(BOOM))
    stage.started(Crashed(BOOM))

    assert [(outcome.step, outcome.why) for outcome in stage.outcomes] == [(Phase.STARTING, "RuntimeError: boom")]


def test_nobody_takes_over_from_a_life_that_has_ended() -> None:
    stage = at(Phase.INHERITING)
    stage.is_possible = False
    stage.answer("inherit")

    assert stage.take() == ["discard in 2.5 s", "finished"]
    assert stage.outcomes == [Outcome(Phase.INHERITING, "the old life has ended")]


# -- what is said out of turn ------------------------------------------------------------------------------------------

OUT_OF_TURN = [(phase, word) for phase in Phase for word in Word if (phase, word) not in COURSE]


@pytest.mark.parametrize(("phase", "word"), OUT_OF_TURN)
def test_a_word_out_of_turn_changes_nothing(phase: Phase, word: Word) -> None:
    stage = at(phase)
    stage.replacement.hear(word, "out of turn")

    assert (stage.phase, stage.take()) == (phase, [])


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase not in (Phase.DONE, Phase.FAILED)])
def test_every_phase_can_fail_and_can_be_left(phase: Phase) -> None:
    assert COURSE[phase, Word.FAILED][0] is Phase.FAILED
    assert (phase, Word.LATE) in COURSE
    assert any(before is phase and after not in (phase, Phase.FAILED) for (before, _), (after, _) in COURSE.items())


@pytest.mark.parametrize("phase", [Phase.DONE, Phase.FAILED])
def test_what_is_over_is_over(phase: Phase) -> None:
    stage = at(phase)
    stage.ended(SHUTDOWN)
    stage.replacement.call_off("too late")
    stage.pass_time(1000.0)

    assert (stage.take(), len(stage.outcomes)) == ([], 1)


MOVES = st.lists(
    st.sampled_from(
        ["start", "start fails", "ready", "not ready", "ready fails", "bequeath", "bequeath fails", "await", "inherit",
         "inherit fails", "ends", "call off", "old ends", "1 s", "6 s", "40 s"]
    ),
    max_size=25,
)  # fmt: skip


def move(stage: Stage, deed: str) -> None:
    hook, _, how = deed.partition(" ")
    if deed == "start":
        stage.started(None)
    elif deed == "start fails":
        stage.started(Crashed(BOOM))
    elif deed == "ends":
        stage.ended(SHUTDOWN)
    elif deed == "call off":
        stage.replacement.call_off("off")
    elif deed == "old ends":
        stage.is_possible = False
    elif deed.endswith(" s"):
        stage.pass_time(float(hook))
    elif deed == "not ready":
        if "ready" in stage.open:
            stage.answer("ready", False)
    elif hook in stage.open:
        stage.answer(hook, True, BOOM if how else None)


@given(moves=MOVES, estate=st.sampled_from(Estate), is_heir=st.booleans())
def test_whatever_is_said_in_whatever_order_there_is_one_end_at_most(
    moves: list[str], estate: Estate, is_heir: bool
) -> None:
    stage = Stage(estate, is_heir=is_heir).begin()
    for deed in moves:
        move(stage, deed)
    log = stage.log
    over = stage.phase in (Phase.DONE, Phase.FAILED)

    assert len(stage.outcomes) == log.count("finished") == log.count("switch") + log.count("discard in 2.5 s") == over
    assert stage.phase is not Phase.DONE or "switch" in log
    assert stage.pending == 0 or not over or all(alarm.is_off or alarm.due - stage.now <= 1.0 for alarm in stage.alarms)
    stage.pass_time(60.0)
    assert stage.phase in (Phase.DONE, Phase.FAILED) or "inherit" in stage.open
