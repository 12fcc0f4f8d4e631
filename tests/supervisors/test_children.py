"""The decisions of a supervisor, as exact logs of actions: a tiny shell in virtual time, no actors, no loop."""

from __future__ import annotations

import heapq
import random
import sys
from collections.abc import Callable
from typing import Any

import pytest

from actors import KILLED, NOCONNECTION, NORMAL, SHUTDOWN, Actor, Crashed, Reason, Shutdown
from supervisors import events
from supervisors.actions import (
    Action,
    Begun,
    Emit,
    Finish,
    Forget,
    Reply,
    Rest,
    Retry,
    Start,
    Stop,
)
from supervisors.backoff import Backoff
from supervisors.children import Children
from supervisors.events import SupervisionEvent
from supervisors.intensity import Intensity
from supervisors.spec import BRUTAL_KILL, ChildSpec, Strategy, child

CRASH = Crashed(RuntimeError("boom"))
STRATEGIES: tuple[Strategy, ...] = ("one_for_one", "one_for_all", "rest_for_one")


class Worker(Actor):
    """Never started here."""


class Desk:
    """Plays the shell: carries out actions at once, unless ``held`` says that the test reports an outcome itself.

    ``fates`` holds the outcomes of a child's next starts: a reason to fail, ``"ignore"``, or ``"ok"``, which is also
    what happens when there are none.  Retries wait for :meth:`advance`, which may be by 0.
    """

    def __init__(self, *children: str | ChildSpec, max_restarts: int = 3, within: float = 5.0, **options: Any) -> None:
        specs = [spec if isinstance(spec, ChildSpec) else worker(spec) for spec in children]
        options = {"strategy": "one_for_one", "rng": random.Random(0), **options}
        self.children = Children("sup", specs, intensity=Intensity(max_restarts, within), **options)
        self.now = 0.0
        self.log: list[str] = []
        self.events: list[SupervisionEvent] = []
        self.fates: dict[str, list[Any]] = {}
        self.held: set[str] = set()
        self.delays: list[float] = []
        self._timers: list[tuple[float, int, str, int]] = []
        self._number = 0

    def begin(self) -> Desk:
        self.do(self.children.begin(self.now))
        return self

    def do(self, actions: list[Action]) -> None:
        queue = list(actions)
        while queue:
            queue.extend(self._carry_out(queue.pop(0)))

    def _carry_out(self, action: Action) -> list[Action]:
        match action:
            case Start():
                self.log.append(f"start {action.child.id}")
                return [] if f"start {action.child.id}" in self.held else self._outcome(action.child.id)
            case Stop():
                self.log.append(f"stop {action.child.id}")
                held = f"stop {action.child.id}" in self.held
                return [] if held else self.children.exited(action.child.id, SHUTDOWN, self.now)
            case Retry():
                self.log.append(f"retry {action.child.id}")
                self.delays.append(action.delay)
                self._number += 1
                entry = (self.now + action.delay, self._number, action.child.id, action.generation)
                heapq.heappush(self._timers, entry)
            case Reply():
                said = "ok" if action.child is None else action.child.id
                self.log.append(f"{action.token}: {said if action.error is None else type(action.error).__name__}")
            case Rest() | Forget():
                self.log.append(f"{type(action).__name__.lower()} {action.child.id}")
            case Begun():
                self.log.append("begun")
            case Finish():
                self.log.append(f"finish {action.reason}")
            case Emit():
                self.events.append(action.event)
        return []

    def _outcome(self, id: str) -> list[Action]:
        fates = self.fates.get(id)
        fate: Any = fates.pop(0) if fates else "ok"
        if fate == "ok":
            return self.children.started(id, self.now)
        if fate == "ignore":
            return self.children.ignored(id, self.now)
        return self.children.failed(id, fate, self.now)

    def advance(self, seconds: float = 0.0) -> list[str]:
        """Let time pass and carry out the retries that come due; what was done."""
        before, until = len(self.log), self.now + seconds
        while self._timers and self._timers[0][0] <= until:
            at, _, id, generation = heapq.heappop(self._timers)
            self.now = at
            self.do(self.children.due(id, generation, at))
        self.now = until
        return self.log[before:]

    def after(self, actions: Callable[[], list[Action]]) -> list[str]:
        before = len(self.log)
        self.do(actions())
        return self.log[before:]

    def exit(self, id: str, reason: Reason = CRASH) -> list[str]:
        return self.after(lambda: self.children.exited(id, reason, self.now))

    def started(self, id: str) -> list[str]:
        return self.after(lambda: self.children.started(id, self.now))

    def failed(self, id: str, reason: Reason = CRASH) -> list[str]:
        return self.after(lambda: self.children.failed(id, reason, self.now))

    def ignored(self, id: str) -> list[str]:
        return self.after(lambda: self.children.ignored(id, self.now))

    def add(self, spec: str | ChildSpec) -> list[str]:
        given = spec if isinstance(spec, ChildSpec) else worker(spec)
        return self.after(lambda: self.children.add(given, self.now, "add"))

    def terminate(self, id: str) -> list[str]:
        return self.after(lambda: self.children.terminate(id, self.now, "terminate"))

    def restart(self, id: str) -> list[str]:
        return self.after(lambda: self.children.restart(id, self.now, "restart"))

    def delete(self, id: str) -> list[str]:
        return self.after(lambda: self.children.delete(id, self.now, "delete"))

    def shutdown(self, reason: Reason = SHUTDOWN) -> list[str]:
        return self.after(lambda: self.children.shutdown(reason, self.now))

    def statuses(self) -> dict[str, str]:
        return {each.id: each.status.value for each in self.children}

    def told(self, *kinds: type[SupervisionEvent]) -> list[str]:
        return [event.describe() for event in self.events if isinstance(event, kinds)]


def worker(id: str, **options: Any) -> ChildSpec:
    return child(Worker, id=id, **options)


def slow(desk: Desk, *outcomes: str) -> Desk:
    """From now on these outcomes are reported by the test: ``"start a"``, ``"stop b"``."""
    desk.held.update(outcomes)
    return desk


# -- the first start --------------------------------------------------------------------------------------------------


def test_children_start_from_left_to_right() -> None:
    assert Desk("a", "b", "c").begin().log == ["start a", "start b", "start c", "begun"]


def test_without_children_it_has_begun_at_once() -> None:
    assert Desk().begin().log == ["begun"]


def test_a_child_is_not_started_before_the_one_to_its_left_has_started() -> None:
    desk = slow(Desk("a", "b"), "start a").begin()

    assert desk.log == ["start a"]
    assert desk.started("a") == ["start b", "begun"]


def test_a_first_start_that_fails_stops_the_earlier_ones_in_reverse_and_names_the_culprit() -> None:
    desk = Desk("a", "b", "c", "d")
    desk.fates["c"] = [CRASH]
    desk.begin()

    failure = "shutdown(child 'sup/c' did not start: crashed(RuntimeError: boom))"
    assert desk.log == ["start a", "start b", "start c", "stop b", "stop a", f"finish {failure}"]


def test_a_child_that_ignores_its_first_start_stays_known_unless_it_is_temporary() -> None:
    desk = Desk("a", worker("b", restart="temporary"), "c")
    desk.fates.update(a=["ignore"], b=["ignore"])
    desk.begin()

    assert desk.log == ["start a", "rest a", "start b", "forget b", "start c", "begun"]
    assert desk.statuses() == {"a": "stopped", "c": "running"}


def test_a_child_that_dies_while_a_later_one_starts_is_restarted_when_all_have_started() -> None:
    desk = slow(Desk("a", "b"), "start b").begin()

    assert desk.exit("a") == []
    assert desk.started("b") == ["begun", "start a"]


# -- restart type, reason, strategy -----------------------------------------------------------------------------------

REASONS = {
    "normal": NORMAL,
    "shutdown": SHUTDOWN,
    "shutdown-detail": Shutdown("why"),
    "killed": KILLED,
    "crash": CRASH,
}
RESTARTED = {
    "one_for_one": ["start b"],
    "one_for_all": ["stop c", "stop a", "start a", "start b", "start c"],
    "rest_for_one": ["stop c", "start b", "start c"],
}


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("restart", ["permanent", "transient", "temporary"])
def test_an_exit_leads_to_what_restart_type_reason_and_strategy_say(
    restart: str, reason: str, strategy: Strategy
) -> None:
    desk = Desk("a", worker("b", restart=restart), "c", strategy=strategy).begin()
    restarted = restart == "permanent" or (restart == "transient" and reason in ("killed", "crash"))
    left = ["forget b"] if restart == "temporary" else ["rest b"]

    assert desk.exit("b", REASONS[reason]) == (RESTARTED[strategy] if restarted else left)


@pytest.mark.parametrize(
    ("restart", "reason", "decision"),
    [
        ("permanent", NORMAL, "restart"),
        ("transient", NORMAL, "leave"),
        ("transient", CRASH, "restart"),
        ("temporary", CRASH, "remove"),
    ],
    ids=str,
)
def test_every_death_is_published_with_its_decision(restart: str, reason: Reason, decision: str) -> None:
    desk = Desk(worker("a", restart=restart)).begin()
    desk.advance(2.0)
    desk.exit("a", reason)

    facts = {"remains", "ruling"}
    died = [event.to_dict() for event in desk.events if isinstance(event, events.Died)]
    assert [{key: each[key] for key in each if key not in facts} for each in died] == [
        {
            "event": "Died",
            "at": 2.0,
            "path": "sup/a",
            "life": 1,
            "reason": str(reason),
            "decision": decision,
            "lived": 2.0,
            "message": None,
        }
    ]


def test_an_exit_of_nobody_it_knows_is_passed_over() -> None:
    desk = Desk("a").begin()

    assert desk.exit("stranger") == []


# -- groups -----------------------------------------------------------------------------------------------------------


def test_a_group_is_stopped_one_after_the_other() -> None:
    desk = slow(Desk("a", "b", "c", strategy="one_for_all").begin(), "stop b", "stop c")

    assert desk.exit("a") == ["stop c"]
    assert desk.exit("c", SHUTDOWN) == ["stop b"]
    assert desk.exit("b", SHUTDOWN) == ["start a", "start b", "start c"]


def test_temporary_members_of_a_group_are_stopped_and_dropped() -> None:
    desk = Desk("a", worker("t", restart="temporary"), "c", strategy="one_for_all").begin()

    assert desk.exit("a") == ["stop c", "stop t", "forget t", "start a", "start c"]


@pytest.mark.parametrize("how", ["finished", "terminated", "ignored"])
def test_a_group_restart_revives_members_that_did_not_run(how: str) -> None:
    desk = Desk("a", worker("b", restart="transient"), strategy="one_for_all")
    desk.fates["b"] = ["ignore"] if how == "ignored" else []
    desk.begin()
    if how == "finished":
        desk.exit("b", NORMAL)
    elif how == "terminated":
        desk.terminate("b")

    assert desk.exit("a") == ["start a", "start b"]


def test_rest_for_one_leaves_the_earlier_ones_alone() -> None:
    desk = Desk("a", "b", "c", "d", strategy="rest_for_one").begin()

    assert desk.exit("c") == ["stop d", "start c", "start d"]


@pytest.mark.parametrize("reason", [CRASH, NORMAL], ids=str)
@pytest.mark.parametrize("restart", ["permanent", "transient"])
def test_a_member_that_dies_before_it_is_stopped_is_started_again_and_costs_nothing(
    restart: str, reason: Reason
) -> None:
    desk = Desk("a", worker("b", restart=restart), "c", strategy="one_for_all", max_restarts=1).begin()
    slow(desk, "stop c")
    desk.exit("a")
    desk.exit("b", reason)

    assert [line for line in desk.exit("c", SHUTDOWN) if not line.startswith("rest")] == [
        "start a",
        "start b",
        "start c",
    ]
    assert desk.statuses() == {"a": "running", "b": "running", "c": "running"}


def test_a_temporary_member_that_dies_before_it_is_stopped_is_dropped() -> None:
    desk = Desk("a", worker("b", restart="temporary"), "c", strategy="one_for_all").begin()
    slow(desk, "stop c")
    desk.exit("a")

    assert desk.exit("b") == ["forget b"]
    assert desk.exit("c", SHUTDOWN) == ["start a", "start c"]


def test_two_simultaneous_crashes_cost_two_restarts_where_nobody_takes_anybody_along() -> None:
    desk = slow(Desk("a", "b", max_restarts=1).begin(), "start a")
    desk.exit("a")
    desk.exit("b")

    assert desk.started("a") == ["stop a", "finish shutdown"]


def test_a_member_that_dies_while_the_group_starts_is_decided_about_afterwards() -> None:
    desk = Desk("a", "b", "c", strategy="rest_for_one").begin()
    slow(desk, "start c")
    desk.exit("b")

    assert desk.exit("b") == []
    desk.held.clear()
    assert desk.started("c") == ["stop c", "start b", "start c"]


def test_a_group_restart_is_published_once_with_its_members() -> None:
    desk = Desk("a", "b", "c", strategy="rest_for_one").begin()
    desk.exit("b")

    assert desk.told(events.GroupRestart) == ["sup restarts b, c because of b (rest_for_one)"]


# -- restarts that fail -----------------------------------------------------------------------------------------------


def test_a_failed_restart_is_tried_again_from_the_tail_of_the_queue_until_the_budget_is_spent() -> None:
    desk = Desk("a", "b", max_restarts=3).begin()
    desk.fates["a"] = [CRASH] * 9

    assert desk.exit("a") == ["start a", "retry a"]
    assert desk.advance() == ["start a", "retry a", "start a", "stop b", "finish shutdown"]


def test_a_failed_restart_is_visible_as_restarting() -> None:
    desk = Desk("a", "b").begin()
    desk.fates["a"] = [CRASH]
    desk.exit("a")

    assert desk.statuses() == {"a": "restarting", "b": "running"}


def test_one_for_all_starts_over_when_a_later_one_fails() -> None:
    desk = Desk("a", "b", "c", strategy="one_for_all").begin()
    desk.fates["b"] = [CRASH]

    assert desk.exit("c") == ["stop b", "stop a", "start a", "start b", "retry b"]
    assert desk.statuses() == {"a": "running", "b": "restarting", "c": "stopped"}
    assert desk.advance() == ["stop a", "start a", "start b", "start c"]


def test_rest_for_one_resumes_from_the_one_that_failed() -> None:
    desk = Desk("a", "b", "c", "d", strategy="rest_for_one").begin()
    desk.fates["c"] = [CRASH]

    assert desk.exit("b") == ["stop d", "stop c", "start b", "start c", "retry c"]
    assert desk.statuses() == {"a": "running", "b": "running", "c": "restarting", "d": "stopped"}
    assert desk.advance() == ["start c", "start d"]


def test_an_earlier_crash_restarts_the_whole_tail_and_makes_the_retry_stale() -> None:
    desk = Desk("a", "b", "c", strategy="rest_for_one").begin()
    desk.fates["b"] = [CRASH]
    desk.exit("b")

    assert desk.exit("a") == ["start a", "start b", "start c"]
    assert desk.advance() == []


def test_two_children_retry_side_by_side() -> None:
    desk = Desk("a", "b", max_restarts=9).begin()
    desk.fates.update(a=[CRASH, CRASH], b=[CRASH, CRASH])
    desk.exit("a")
    desk.exit("b")

    assert desk.advance() == ["start a", "retry a", "start b", "retry b", "start a", "start b"]


def test_a_restart_that_is_ignored_is_neither_retried_nor_a_failure() -> None:
    desk = Desk("a").begin()
    desk.fates["a"] = ["ignore"]

    assert desk.exit("a") == ["start a", "rest a"]


def test_a_dynamic_child_that_ignores_its_restart_is_dropped() -> None:
    desk = Desk("a", dynamic=True).begin()
    desk.fates["a"] = ["ignore"]

    assert desk.exit("a") == ["start a", "forget a"]


# -- the budget -------------------------------------------------------------------------------------------------------


def test_the_restart_after_the_last_one_allowed_is_not_made() -> None:
    desk = Desk("a", "b", max_restarts=1).begin()

    assert desk.exit("a") == ["start a"]
    assert desk.exit("a") == ["stop b", "finish shutdown"]


def test_with_no_restarts_allowed_the_first_crash_ends_it() -> None:
    assert Desk("a", max_restarts=0).begin().exit("a") == ["finish shutdown"]


def test_restarts_slower_than_the_limit_go_on_for_ever() -> None:
    desk = Desk("a").begin()
    for _ in range(100):
        desk.advance(2.0)

        assert desk.exit("a") == ["start a"]


def test_a_group_restart_counts_once() -> None:
    desk = Desk("a", "b", "c", strategy="one_for_all", max_restarts=1).begin()

    assert desk.exit("b")[-1] == "start c"
    assert desk.exit("b")[-1] == "finish shutdown"


@pytest.mark.parametrize(
    "harmless",
    [
        lambda desk: desk.exit("t", NORMAL),
        lambda desk: desk.exit("x", CRASH),
        lambda desk: desk.terminate("a") + desk.restart("a"),
        lambda desk: desk.add("new"),
    ],
    ids=["clean-transient", "any-temporary", "restart-by-hand", "add"],
)
def test_what_is_not_a_restart_costs_nothing(harmless: Callable[[Desk], list[str]]) -> None:
    specs = [worker("t", restart="transient"), worker("x", restart="temporary")]
    desk = Desk("a", *specs, max_restarts=0).begin()

    assert "finish shutdown" not in harmless(desk)


def test_time_that_starts_take_does_not_pass_for_the_budget() -> None:
    desk = slow(Desk("a", max_restarts=1, within=1.0).begin(), "start a")
    desk.exit("a")
    desk.advance(2.1)
    desk.started("a")

    assert desk.exit("a") == ["finish shutdown"]


def test_time_that_stops_take_does_not_pass_for_the_budget() -> None:
    desk = Desk("a", "b", strategy="one_for_all", max_restarts=1, within=1.0).begin()
    slow(desk, "stop b")
    desk.exit("a")
    desk.advance(5.0)
    desk.exit("b", SHUTDOWN)

    assert desk.exit("a") == ["stop b"]
    assert desk.exit("b", SHUTDOWN) == ["finish shutdown"]


def test_start_attempts_slower_than_the_window_are_given_up_too() -> None:
    desk = slow(Desk("a", max_restarts=2, within=1.0).begin(), "start a")
    desk.exit("a")
    for _ in range(2):
        desk.advance(30.0)
        desk.failed("a", KILLED)

    assert desk.log[-1] == "finish shutdown"


def test_a_child_may_have_a_budget_of_its_own() -> None:
    desk = Desk(worker("a", max_restarts=1, within=60.0), "b", max_restarts=9).begin()
    desk.exit("a")
    for _ in range(5):
        desk.exit("b")
    desk.advance(59.0)

    assert desk.exit("a") == ["stop b", "finish shutdown"]
    assert desk.told(events.GaveUp) == [
        f"sup gives up on a ({CRASH}): 2 restarts within 60 s of a alone, by its own budget, 1 allowed"
    ]


def test_the_budget_of_the_supervisor_holds_for_a_child_with_one_of_its_own() -> None:
    desk = Desk(worker("a", max_restarts=100, within=5.0), max_restarts=1).begin()
    desk.exit("a")

    assert desk.exit("a") == ["finish shutdown"]


def test_giving_up_is_published_with_culprit_and_limit() -> None:
    desk = Desk("a", max_restarts=0).begin()
    desk.exit("a")

    assert desk.told(events.GaveUp) == [
        "sup gives up on a (crashed(RuntimeError: boom)): 1 restart within 5 s, 0 allowed"
    ]


# -- backoff ----------------------------------------------------------------------------------------------------------

WAITS = Backoff(base=1.0, cap=1000.0, reset=10.0)


class Longest(random.Random):
    """Draws the upper end, so that waits are known."""

    def uniform(self, a: float, b: float) -> float:
        return b


def patient(*children: str | ChildSpec, **options: Any) -> Desk:
    return Desk(*children, rng=Longest(), max_restarts=99, **options).begin()


def test_a_child_with_backoff_waits_before_it_is_restarted() -> None:
    desk = patient(worker("a", backoff=WAITS))

    assert desk.exit("a") == ["retry a"]
    assert desk.statuses() == {"a": "waiting"}
    assert (desk.advance(0.999), desk.advance(0.001)) == ([], ["start a"])


def test_waits_double_with_each_failure_in_a_row_and_shrink_after_health() -> None:
    desk = patient(worker("a", backoff=WAITS))
    for life in (0.0, 1.0, 9.9, 10.0, 0.0):
        desk.advance(life)
        desk.exit("a")
        desk.advance(100.0 if life == 0.0 else desk.delays[-1])

    assert desk.delays[:3] == [1.0, 1.0, 2.0]


def test_failed_starts_lengthen_the_wait_too() -> None:
    desk = patient(worker("a", backoff=WAITS))
    desk.fates["a"] = [CRASH, CRASH]
    desk.exit("a")
    desk.advance(100.0)

    assert desk.delays == [1.0, 2.0, 4.0]


def test_the_wait_is_drawn_between_nothing_and_its_ceiling() -> None:
    desk = Desk(worker("a", backoff=WAITS), rng=random.Random(5)).begin()
    desk.exit("a")

    assert desk.delays == [random.Random(5).uniform(0.0, 1.0)]


def test_time_spent_waiting_does_pass_for_the_budget() -> None:
    desk = Desk(worker("a", backoff=WAITS), rng=Longest(), max_restarts=1, within=0.9).begin()
    for _ in range(5):
        desk.exit("a")
        desk.advance(desk.delays[-1])

    assert desk.statuses() == {"a": "running"}


@pytest.mark.parametrize(
    ("call", "log"),
    [
        (lambda desk: desk.terminate("a"), ["rest a", "terminate: ok"]),
        (lambda desk: desk.delete("a"), ["forget a", "delete: ok"]),
        (lambda desk: desk.restart("a"), ["start a", "restart: a"]),
        (lambda desk: desk.shutdown(), ["stop b", "finish shutdown"]),
    ],
    ids=["terminate", "delete", "restart", "shutdown"],
)
def test_while_a_child_waits_management_wins_and_the_timer_is_stale(
    call: Callable[[Desk], list[str]], log: list[str]
) -> None:
    desk = patient(worker("a", backoff=WAITS), "b")
    desk.exit("a")

    assert call(desk) == log
    assert desk.advance(100.0) == []


def test_a_waiting_child_restarted_by_hand_in_vain_is_answered_and_goes_on_waiting() -> None:
    desk = patient(worker("a", backoff=WAITS))
    desk.exit("a")
    desk.fates["a"] = [CRASH]

    assert desk.restart("a") == ["start a", "restart: ChildFailed", "retry a"]
    assert desk.advance(100.0) == ["start a"]


def test_while_the_culprit_waits_its_group_is_down() -> None:
    desk = patient("a", worker("b", backoff=WAITS), "c", strategy="rest_for_one")

    assert desk.exit("b") == ["retry b", "stop c"]
    assert desk.statuses() == {"a": "running", "b": "waiting", "c": "stopped"}
    assert desk.advance(1.0) == ["start b", "start c"]


def test_a_group_waits_for_the_longest_of_its_members() -> None:
    desk = patient(
        worker("a", backoff=Backoff(base=0.1)), worker("b", backoff=Backoff(base=3.0)), strategy="rest_for_one"
    )
    desk.exit("b")
    desk.advance(1.0)
    desk.exit("a")

    assert desk.delays == [3.0, 2.0]
    assert (desk.advance(1.9), desk.advance(0.2)) == ([], ["start a", "start b"])


@pytest.mark.parametrize("call", [Desk.terminate, Desk.delete])
def test_members_that_are_down_only_because_the_culprit_waits_come_back_when_it_is_taken_out(
    call: Callable[[Desk, str], list[str]],
) -> None:
    desk = patient("a", worker("b", backoff=WAITS), "c", strategy="rest_for_one")
    desk.exit("b")

    assert call(desk, "b")[-1] == "start c"
    assert desk.advance(100.0) == []


def test_members_that_are_still_being_stopped_then_come_back_too() -> None:
    desk = slow(patient(worker("b", backoff=WAITS), "c", strategy="rest_for_one"), "stop c")
    desk.exit("b")
    desk.terminate("b")

    assert desk.exit("c", SHUTDOWN) == ["start c"]


def test_members_behind_a_failed_start_come_back_when_the_culprit_is_taken_out() -> None:
    desk = patient("a", worker("b", backoff=WAITS), "c", strategy="rest_for_one")
    desk.fates["b"] = [CRASH]
    desk.exit("a")

    assert desk.statuses() == {"a": "running", "b": "waiting", "c": "stopped"}
    assert desk.terminate("b")[-1] == "start c"


# -- management -------------------------------------------------------------------------------------------------------


def test_an_added_child_goes_last() -> None:
    desk = Desk("b").begin()

    assert desk.add("a") == ["start a", "add: a"]
    assert list(desk.statuses()) == ["b", "a"]


def test_an_added_child_that_does_not_start_is_forgotten_and_not_tried_again() -> None:
    desk = Desk("b").begin()
    desk.fates["a"] = [CRASH]

    assert desk.add("a") == ["start a", "add: ChildFailed", "forget a"]
    assert desk.advance() == []


@pytest.mark.parametrize(("dynamic", "left"), [(False, ["rest a"]), (True, ["forget a"])], ids=["static", "dynamic"])
def test_an_added_child_that_ignores_its_start_answers_nobody(dynamic: bool, left: list[str]) -> None:
    desk = Desk(dynamic=dynamic).begin()
    desk.fates["a"] = ["ignore"]

    assert desk.add("a") == ["start a", "add: ok", *left]


@pytest.mark.parametrize(
    ("state", "calls"),
    [
        ("running", {"add": "ChildStarted", "restart": "ChildRunning", "delete": "ChildRunning"}),
        ("starting", {"add": "ChildStarted", "restart": "ChildRunning", "delete": "ChildRunning"}),
        ("restarting", {"add": "ChildPresent", "restart": "ChildRestarting", "delete": "ChildRestarting"}),
        ("waiting", {"add": "ChildPresent"}),
        ("stopped", {"add": "ChildPresent"}),
        ("unknown", {"terminate": "ChildNotFound", "restart": "ChildNotFound", "delete": "ChildNotFound"}),
    ],
)
def test_a_call_that_cannot_be_is_refused_by_the_state_of_the_child(state: str, calls: dict[str, str]) -> None:
    for call, error in calls.items():
        desk = Desk(*(["x"] if state == "unknown" else [worker("a", backoff=WAITS if state == "waiting" else None)]))
        desk.begin()
        if state == "starting":
            slow(desk, "start a").exit("a")
        elif state == "restarting":
            desk.fates["a"] = [CRASH]
            desk.exit("a")
        elif state == "waiting":
            desk.exit("a")
        elif state == "stopped":
            desk.terminate("a")

        assert desk.statuses().get("a", "unknown") == state
        assert getattr(desk, call)("a") == [f"{call}: {error}"]


def test_terminating_stops_a_child_and_keeps_its_spec() -> None:
    desk = Desk("a", "b").begin()

    assert desk.terminate("a") == ["stop a", "rest a", "terminate: ok"]
    assert desk.terminate("a") == ["rest a", "terminate: ok"]
    assert desk.statuses() == {"a": "stopped", "b": "running"}


@pytest.mark.parametrize(
    ("options", "dynamic"), [({"restart": "temporary"}, False), ({}, True)], ids=["temporary", "dynamic"]
)
def test_terminating_forgets_a_child_that_is_temporary_or_dynamic(options: dict[str, Any], dynamic: bool) -> None:
    desk = Desk(worker("a", **options), dynamic=dynamic).begin()

    assert desk.terminate("a") == ["stop a", "forget a", "terminate: ok"]
    assert desk.terminate("a") == ["terminate: ChildNotFound"]


def test_terminating_twice_while_it_stops_answers_both() -> None:
    desk = slow(Desk("a").begin(), "stop a")

    assert [desk.terminate("a"), desk.terminate("a")] == [["stop a"], []]
    assert desk.exit("a", SHUTDOWN) == ["rest a", "terminate: ok", "terminate: ok"]


def test_terminating_a_child_that_is_being_restarted_calls_that_off() -> None:
    desk = Desk("a").begin()
    desk.fates["a"] = [CRASH]
    desk.exit("a")

    assert desk.terminate("a") == ["rest a", "terminate: ok"]
    assert desk.advance() == []
    assert desk.delete("a") == ["forget a", "delete: ok"]


@pytest.mark.parametrize("outcome", [Desk.failed, Desk.ignored], ids=["failed", "ignored"])
def test_a_starting_child_can_be_terminated(outcome: Callable[[Desk, str], list[str]]) -> None:
    desk = Desk("a", "b").begin()
    slow(desk, "start a", "stop a").exit("a")

    assert desk.terminate("a") == ["stop a"]
    assert outcome(desk, "a") == ["rest a", "terminate: ok"]
    assert desk.statuses() == {"a": "stopped", "b": "running"}


def test_a_child_that_has_just_started_when_it_is_terminated_is_stopped() -> None:
    desk = slow(Desk("a").begin(), "start a", "stop a")
    desk.exit("a")
    desk.terminate("a")

    assert desk.started("a") == []
    assert desk.exit("a", SHUTDOWN) == ["rest a", "terminate: ok"]


def test_whoever_waits_for_a_start_that_is_terminated_gets_an_error() -> None:
    desk = slow(Desk().begin(), "start a", "stop a")
    desk.add("a")
    desk.terminate("a")

    assert "add: ChildFailed" in desk.failed("a", SHUTDOWN)


def test_a_stopped_child_restarted_by_hand_keeps_its_slot() -> None:
    desk = Desk("a", "b").begin()
    desk.terminate("a")

    assert desk.restart("a") == ["start a", "restart: a"]
    assert list(desk.statuses()) == ["a", "b"]


def test_a_restart_by_hand_that_fails_is_not_tried_again() -> None:
    desk = Desk("a").begin()
    desk.terminate("a")
    desk.fates["a"] = [CRASH]

    assert desk.restart("a") == ["start a", "restart: ChildFailed", "rest a"]
    assert desk.advance() == []


def test_a_child_that_was_deleted_and_added_goes_last() -> None:
    desk = Desk("a", "b").begin()
    desk.terminate("a")
    desk.delete("a")
    desk.add("a")

    assert list(desk.statuses()) == ["b", "a"]


def test_management_does_not_wait_for_a_start_that_hangs() -> None:
    desk = slow(Desk("a", "b").begin(), "start a")
    desk.exit("a")

    assert desk.terminate("b") == ["stop b", "rest b", "terminate: ok"]


def test_a_child_terminated_during_a_group_restart_is_not_started() -> None:
    desk = Desk("a", "b", "c", strategy="one_for_all").begin()
    slow(desk, "start a").exit("b")

    assert desk.terminate("c") == ["rest c", "terminate: ok"]
    assert desk.started("a") == ["start b"]


def test_a_child_whose_start_is_still_to_come_is_shown_as_restarting_and_can_be_terminated() -> None:
    desk = slow(Desk("a").begin(), "start a")
    desk.exit("a")

    assert desk.add("b") == []
    assert desk.statuses() == {"a": "starting", "b": "restarting"}
    assert desk.restart("b") == ["restart: ChildRestarting"]
    assert desk.terminate("b") == ["add: ChildFailed", "rest b", "terminate: ok"]
    assert desk.started("a") == []


def test_a_significant_child_cannot_be_added_where_nothing_shuts_down_by_itself() -> None:
    desk = Desk().begin()

    assert desk.add(worker("a", restart="transient", significant=True)) == ["add: SpecError"]
    assert desk.statuses() == {}


# -- shutdown ---------------------------------------------------------------------------------------------------------


def test_children_stop_from_right_to_left_one_at_a_time() -> None:
    desk = slow(Desk("a", "b", "c").begin(), "stop a", "stop b", "stop c")

    assert desk.shutdown() == ["stop c"]
    assert desk.exit("c", SHUTDOWN) == ["stop b"]
    assert desk.exit("b", SHUTDOWN) == ["stop a"]
    assert desk.exit("a", SHUTDOWN) == ["finish shutdown"]


def test_dynamic_children_stop_all_at_once() -> None:
    desk = slow(Desk("a", "b", dynamic=True).begin(), "stop a", "stop b")

    assert sorted(desk.shutdown()) == ["stop a", "stop b"]
    assert desk.exit("a", SHUTDOWN) == []
    assert desk.exit("b", SHUTDOWN)[-1] == "finish shutdown"


def test_it_ends_with_the_reason_it_was_given() -> None:
    assert Desk().begin().shutdown(Shutdown("deploy")) == ["finish shutdown(deploy)"]


def test_the_first_reason_to_end_stays() -> None:
    desk = slow(Desk("a").begin(), "stop a")
    desk.shutdown(Shutdown("first"))

    assert desk.shutdown(Shutdown("second")) == []
    assert desk.exit("a", SHUTDOWN) == ["finish shutdown(first)"]


@pytest.mark.parametrize("outcome", [Desk.failed, Desk.ignored], ids=["failed", "ignored"])
def test_a_starting_child_is_stopped_first(outcome: Callable[[Desk, str], list[str]]) -> None:
    desk = Desk("a", "b", "c").begin()
    slow(desk, "start a", "stop a").exit("a")

    assert desk.shutdown() == ["stop a"]
    assert [line for line in outcome(desk, "a") if not line.startswith("rest")] == [
        "stop c",
        "stop b",
        "finish shutdown",
    ]


def test_shutdown_during_the_first_start_drops_the_starts_to_come() -> None:
    desk = slow(Desk("a", "b", "c"), "start b", "stop b").begin()

    assert desk.shutdown() == ["stop b"]
    assert desk.failed("b", SHUTDOWN) == ["stop a", "finish shutdown"]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_shutdown_ends_a_retry_loop_at_once(strategy: Strategy) -> None:
    desk = Desk("a", "b", strategy=strategy).begin()
    desk.fates["a"] = [CRASH] * 9
    desk.exit("a")

    assert desk.shutdown()[-1] == "finish shutdown"
    assert desk.advance() == []


def test_shutdown_during_a_group_restart_waits_for_the_stop_under_way_and_starts_nobody() -> None:
    desk = slow(Desk("a", "b", "c", strategy="one_for_all").begin(), "stop c")
    desk.exit("a")

    assert desk.shutdown() == []
    assert desk.exit("c", SHUTDOWN) == ["stop b", "finish shutdown"]


def test_children_that_die_by_themselves_during_the_shutdown_cost_nothing() -> None:
    desk = slow(Desk("a", "b", max_restarts=0).begin(), "stop b")
    desk.shutdown()

    assert desk.exit("a") == []
    assert desk.exit("b", SHUTDOWN) == ["finish shutdown"]


def test_whoever_waits_for_a_stop_is_answered_during_the_shutdown() -> None:
    desk = slow(Desk("a", "b").begin(), "stop a")
    desk.terminate("a")
    desk.shutdown()

    assert "terminate: ok" in desk.exit("a", SHUTDOWN)
    assert desk.log[-1] == "finish shutdown"


@pytest.mark.parametrize("reason", [SHUTDOWN, CRASH, KILLED], ids=str)
def test_an_odd_end_of_a_child_that_was_stopped_is_reported_and_does_no_harm(reason: Reason) -> None:
    desk = slow(Desk("a").begin(), "stop a")
    desk.shutdown()

    assert desk.exit("a", reason) == ["finish shutdown"]
    assert [event.expected for event in desk.events if isinstance(event, events.Stopped)] == [reason == SHUTDOWN]


@pytest.mark.parametrize(
    ("options", "reason", "expected"),
    [
        ({"shutdown": BRUTAL_KILL}, KILLED, True),
        ({}, NORMAL, False),
        ({"restart": "transient"}, NORMAL, True),
        ({"restart": "transient"}, Shutdown("x"), True),
    ],
    ids=["brutal-kill", "permanent-normal", "transient-normal", "transient-shutdown"],
)
def test_which_ends_are_expected_of_a_child_that_is_stopped(
    options: dict[str, Any], reason: Reason, expected: bool
) -> None:
    desk = slow(Desk(worker("a", **options)).begin(), "stop a")
    desk.terminate("a")
    desk.exit("a", reason)

    assert [event.expected for event in desk.events if isinstance(event, events.Stopped)] == [expected]


@pytest.mark.parametrize("call", [lambda desk: desk.add("x"), lambda desk: desk.restart("a")], ids=["add", "restart"])
def test_nothing_is_started_any_more_once_it_ends(call: Callable[[Desk], list[str]]) -> None:
    desk = slow(Desk("a", "b").begin(), "stop b")
    desk.terminate("a")
    desk.shutdown()

    assert [line.partition(": ")[2] for line in call(desk)] == ["NotRunning"]


# -- automatic shutdown -----------------------------------------------------------------------------------------------


def vital(id: str, restart: str = "transient") -> ChildSpec:
    return worker(id, restart=restart, significant=True)


@pytest.mark.parametrize(
    ("restart", "reason", "ends"),
    [
        ("transient", NORMAL, True),
        ("transient", SHUTDOWN, True),
        ("transient", CRASH, False),
        ("temporary", NORMAL, True),
        ("temporary", CRASH, True),
    ],
    ids=str,
)
def test_the_end_of_a_significant_child_by_itself_ends_the_supervisor(restart: str, reason: Reason, ends: bool) -> None:
    desk = Desk("a", vital("v", restart), "b", auto_shutdown="any_significant").begin()
    log = desk.exit("v", reason)

    assert (log[-3:] == ["stop b", "stop a", "finish shutdown"]) is ends


def test_an_insignificant_end_does_not() -> None:
    desk = Desk(vital("v"), worker("t", restart="temporary"), auto_shutdown="any_significant").begin()

    assert desk.exit("t") == ["forget t"]


def test_all_significant_waits_for_the_last() -> None:
    desk = Desk(vital("v"), "a", vital("w"), auto_shutdown="all_significant").begin()

    assert desk.exit("v", NORMAL) == ["rest v"]
    assert desk.exit("w", NORMAL)[-2:] == ["stop a", "finish shutdown"]


def test_a_significant_child_that_is_being_restarted_holds_the_supervisor_open() -> None:
    desk = Desk(vital("v"), vital("w"), auto_shutdown="all_significant").begin()
    desk.fates["v"] = [CRASH]
    desk.exit("v")

    assert desk.exit("w", NORMAL) == ["rest w"]


def test_terminating_significant_children_ends_nothing() -> None:
    desk = Desk(vital("v"), auto_shutdown="all_significant").begin()

    assert desk.terminate("v") == ["stop v", "rest v", "terminate: ok"]


def test_a_terminated_significant_child_holds_nothing_open() -> None:
    desk = Desk(vital("v"), vital("w"), auto_shutdown="all_significant").begin()
    desk.terminate("v")

    assert desk.exit("w", NORMAL)[-1] == "finish shutdown"


def test_a_significant_child_that_ends_as_a_bystander_ends_nothing() -> None:
    options: dict[str, Any] = {"strategy": "one_for_all", "auto_shutdown": "any_significant"}
    desk = slow(Desk("a", vital("v"), "c", **options).begin(), "stop c")
    desk.exit("a")
    desk.exit("v", NORMAL)
    desk.exit("c", SHUTDOWN)

    assert desk.statuses() == {"a": "running", "v": "running", "c": "running"}


# -- whatever happens --------------------------------------------------------------------------------------------------


class Chaos(Desk):
    """Every outcome is the test's; knows who has a life and which calls are unanswered."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        draw = self.chance.choice
        backoffs = [None, None, WAITS]
        specs = [
            worker(id, restart=draw(["permanent", "permanent", "transient", "temporary"]), backoff=draw(backoffs))
            for id in "abcde"
        ]
        dynamic = draw([False, False, False, True])
        strategy = "one_for_one" if dynamic else draw(STRATEGIES)
        super().__init__(*specs, strategy=strategy, dynamic=dynamic, max_restarts=draw([2, 50]), rng=self.chance)
        self.living: dict[str, str] = {}
        self.unanswered: set[str] = set()
        self.finished = False

    def _carry_out(self, action: Action) -> list[Action]:
        assert not self.finished, f"{action!r} after the end"
        match action:
            case Start():
                assert action.child.id not in self.living, f"two lives of {action.child.id}"
                self.living[action.child.id] = "starting"
                return []
            case Stop():
                assert self.living[action.child.id] != "stopping", f"{action.child.id} stopped twice"
                state, self.living[action.child.id] = self.living[action.child.id], "stopping"
                self.fates[action.child.id] = [state]
                return []
            case Reply():
                self.unanswered.remove(action.token)
            case Forget():
                assert action.child.id not in self.living
            case Finish():
                assert not self.living
                self.finished = True
        return super()._carry_out(action)

    def call(self) -> None:
        name = self.chance.choice(["add", "terminate", "restart", "delete"])
        id, token = self.chance.choice("abcdef"), f"{name} {len(self.log)} {self.chance.random()}"
        self.unanswered.add(token)
        self.do(getattr(self.children, name)(worker(id) if name == "add" else id, self.now, token))

    def outcome(self) -> None:
        id = self.chance.choice(sorted(self.living))
        state = self.living.pop(id)
        start_fate = self.chance.choice(["ok", "ok", "ok", "failed", "ignored"])
        if state == "starting" and start_fate == "ok":
            self.living[id] = "running"
            self.started(id)
        elif state == "running":
            self.exit(id, self.chance.choice([NORMAL, CRASH, CRASH]))
        elif state == "starting" or self.fates[id] == ["starting"]:
            self.ignored(id) if start_fate == "ignored" else self.failed(id)
        else:
            self.exit(id, self.chance.choice([SHUTDOWN, KILLED]))

    def step(self) -> None:
        kind = self.chance.random()
        if kind < 0.2:
            self.call()
        elif kind < 0.8 and self.living:
            self.outcome()
        else:
            self.advance(self.chance.choice([0.0, 0.5, 5.0]))


@pytest.mark.parametrize("seed", range(300))
def test_nobody_has_two_lives_every_call_is_answered_and_every_shutdown_ends(seed: int) -> None:
    desk = Chaos(seed)
    desk.begin()
    for _ in range(desk.chance.randint(0, 60)):
        if not desk.finished:
            desk.step()
    if not desk.finished:
        desk.shutdown()
    while desk.living:
        desk.outcome()

    assert desk.finished
    assert desk.unanswered == set()


# -- cost -------------------------------------------------------------------------------------------------------------


def calls(work: Callable[[], object]) -> int:
    """Python and C calls made, generator steps included: a measure of work that no other process disturbs."""
    count = 0

    def note(frame: object, event: str, arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def storm(size: int, **options: Any) -> int:
    desk = Desk(*(f"c{number}" for number in range(size)), max_restarts=10**9, **options).begin()

    def crash_all() -> None:
        for number in range(size):
            desk.do(desk.children.exited(f"c{number}", CRASH, 0.0))

    return calls(crash_all)


@pytest.mark.parametrize("dynamic", [False, True], ids=["static", "dynamic"])
def test_a_crash_costs_the_same_among_few_and_among_many(dynamic: bool) -> None:
    few, many = storm(20, dynamic=dynamic) / 20, storm(2000, dynamic=dynamic) / 2000

    assert many <= few * 1.05


def test_a_shutdown_costs_the_same_a_child_among_few_and_among_many() -> None:
    few, many = (Desk(*map(str, range(size))).begin() for size in (20, 2000))

    assert calls(many.shutdown) / 2000 <= calls(few.shutdown) / 20 * 1.05


# -- the loss of a host -----------------------------------------------------------------------------------------------


def test_a_host_that_is_lost_costs_one_restart_however_many_children_lived_there() -> None:
    desk = slow(Desk("a", "b", "c", "d", "e", max_restarts=1).begin(), *(f"start {id}" for id in "abcde"))

    for id in "abcde":
        desk.exit(id, NOCONNECTION)
    for id in "abcde":  # one after the other, each in its time
        desk.advance(0.5)
        desk.started(id)

    assert desk.statuses() == dict.fromkeys("abcde", "running")


def test_hosts_that_are_lost_one_after_the_other_cost_one_restart_each() -> None:
    desk = Desk("a", "b", max_restarts=1).begin()
    desk.exit("a", NOCONNECTION)
    desk.advance(1.5)

    assert desk.exit("b", NOCONNECTION)[-1] == "finish shutdown"
