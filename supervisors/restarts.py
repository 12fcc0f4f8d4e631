"""One restart at a time: whom a restart takes along, what is stopped and started in which order, and what it costs.

As OTP's supervisor process does one thing at a time, so does this, but never waiting inside: first the members of the
group are stopped, serially in reverse order (``_to_stop``, from its end), then started, serially in order
(``_to_start``).  Deaths that need a decision meanwhile wait in ``_deaths``; a member that dies while it waits to be
stopped is simply stopped and costs nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from actors.errors import ActorError, NameTaken, NotRunning
from actors.exits import KILLED, NO_REMAINS, SHUTDOWN, Apoptosis, Crashed, Reason, Remains

from .actions import ALIVE, PLANNED, Action, Begun, Child, Emit, Finish, Forget, Reply, Rest, Retry, Start, Status, Stop
from .budgets import Losses, count_restart
from .errors import ChildFailed, ChildNotFound, ChildRestarting, ChildRunning, ChildStarted, SupervisionError
from .events import (
    Decision,
    Ending,
    GaveUp,
    GroupRestart,
    Ready,
    Removed,
    Stopped,
    SupervisionEvent,
    Waiting,
)
from .intensity import Intensity
from .rules import Rule, Ruling, budgeted, stopped
from .spec import BRUTAL_KILL, INFINITY, Spec

if TYPE_CHECKING:
    import random

Announce = Callable[[Decision, Ruling], None]


def _silent(decision: Decision, ruling: Ruling) -> None:
    """For a death that was announced when it happened."""


class Restarts:
    """The table of the children of the supervisor at ``path``, in start order, and the restart that is under way.

    ``dynamic``: its children end all at once, in no order, and are forgotten when they end; else they end one after the
    other, the last first, and their specs stay.
    """

    def __init__(
        self,
        path: str,
        specs: Sequence[Spec],
        *,
        strategy: str,
        intensity: Intensity,
        rng: random.Random,
        auto_shutdown: str = "never",
        dynamic: bool = False,
    ) -> None:
        self.path = path
        self.strategy = strategy
        self.intensity = intensity
        self.auto_shutdown = auto_shutdown
        self.dynamic = dynamic
        self._rng = rng
        self._losses = Losses()
        self._table: dict[str, Child] = {spec.id: Child(spec.id, spec) for spec in specs}
        self._to_stop: dict[Child, None] = {}
        self._cause: tuple[Rule, str | None] = (Rule.ENDING, None)
        self._to_start: deque[tuple[Child, int]] = deque()
        self._deaths: deque[tuple[Child, int, Reason | None]] = deque()
        self._halting: dict[Child, None] = {}
        self._starting: Child | None = None
        self._booting = True
        self._ending: Reason | None = None
        self._finished = False
        self._begun = 0.0
        self._out: list[Action] = []

    # -- looking -------------------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Child]:
        return iter(tuple(self._table.values()))

    def __len__(self) -> int:
        return len(self._table)

    def get(self, id: str) -> Child | None:
        """The child of that id."""
        return self._table.get(id)

    # -- one restart at a time ----------------------------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        """Whether a restart, the first start or the end is under way."""
        return self._is_busy() or self._ending is not None

    def _is_busy(self) -> bool:
        return bool(self._to_stop or self._halting or self._to_start or self._starting is not None or self._booting)

    def _advance(self, now: float) -> list[Action]:
        """Go on as far as possible without waiting, and hand out what has to be done."""
        while not self._finished and (self.dynamic or not self._halting):
            if self._to_stop:
                self._halt(self._to_stop.popitem()[0], now)
            elif self._halting or (self._starting is not None and self._ending is None):
                break
            elif self._ending is not None:
                self._finished = True
                self._out.append(Finish(self._ending))
            elif self._to_start:
                self._start(*self._to_start.popleft())
            elif not self._next_death(now):
                break
        out, self._out = self._out, []
        return out

    def _next_death(self, now: float) -> bool:
        """The restart is over; take up the next death that waits for its decision."""
        if self._booting:
            self._booting = False
            self._emit(Ready(now, self.path, len(self._table), now - self._begun))
            self._out.append(Begun())
        while self._deaths:
            child, generation, reason = self._deaths.popleft()
            if child.generation == generation and child.status is Status.RESTARTING:
                if reason is None:  # a retry that came due meanwhile: it was counted when it was decided
                    self._restart_group(child, now)
                else:
                    self._count(child, reason, now)
                return True
        return False

    def _halt(self, child: Child, now: float) -> None:
        if child.status in (Status.RUNNING, Status.STARTING):
            self._stop(child, now, self._cause)
        if child.status is Status.STOPPING:
            self._halting[child] = None

    def _stop(self, child: Child, now: float, why: tuple[Rule, str | None]) -> None:
        child.status = Status.STOPPING
        child.asked = now
        child.stop = why
        self._out.append(Stop(child))

    def _start(self, child: Child, generation: int) -> None:
        if child.generation != generation or child.status in ALIVE:
            return
        child.status = Status.STARTING
        child.lives = child.next_life
        child.burned = 0
        child.began = None
        self._starting = child
        self._out.append(Start(child))

    def _plan_start(self, child: Child) -> None:
        child.generation += 1
        child.waits_with = None
        self._to_start.append((child, child.generation))

    # -- restarts ----------------------------------------------------------------------------------------------------

    def _count(
        self, child: Child, reason: Reason, now: float, announce: Announce = _silent, *, failed_start: bool = False
    ) -> None:
        """Count a restart of ``child`` against the budgets, and begin it or give up."""
        is_counted = not failed_start and self._losses.is_counted(reason, child.died)
        counted = count_restart(child, self.intensity, now, is_counted=is_counted)
        if counted.is_exceeded:
            child.status = Status.STOPPED
            announce(Decision.GIVE_UP, budgeted(child.spec.restart, self.strategy, counted, 0.0, child.failures, None))
            self._emit(GaveUp(now, self.path, child.id, *counted, reason))
            self._shut_down(SHUTDOWN, now)
            return
        if failed_start:  # those behind it stay down until the retry, which starts them again
            self._put_off_starts(child)
        group = self._group(child)
        delay = self._delay(child, group, now)
        child.generation += 1
        decision = Decision.WAIT if delay > 0 else Decision.RESTART
        announce(decision, budgeted(child.spec.restart, self.strategy, counted, delay, child.failures, child.step))
        if delay > 0:
            child.status = Status.WAITING
            child.due = now + delay
            self._emit(Waiting(now, self._path(child), delay, child.failures))
            self._out.append(Retry(child, delay))
            if not failed_start:
                self._stop_others(child, group)
        elif failed_start:
            child.status = Status.RESTARTING
            self._out.append(Retry(child, 0.0))
        else:
            self._restart_group(child, now)

    def _ruling(self, rule: Rule, child: Child, culprit: str | None = None) -> Ruling:
        return Ruling(rule, child.spec.restart, self.strategy, culprit=culprit)

    def _repaired(self, child: Child, now: float) -> None:
        """An attempt to restart ``child`` is over; the time it took does not count for its pace."""
        if child.repair is not None:
            child.repairs += now - child.repair
            child.repair = None

    def _delay(self, child: Child, group: list[Child], now: float) -> float:
        """The backoff of ``child``; a group waits for the longest of its members'."""
        backoff = child.spec.backoff
        if child.began is not None and backoff is not None and now - child.began >= backoff.reset:
            child.failures = 0
        own = backoff.delay(child.failures, self._rng) if backoff is not None else 0.0
        child.failures += 1
        return max(
            [own, *(member.due - now for member in group if member.status is Status.WAITING and member is not child)]
        )

    def _put_off_starts(self, culprit: Child) -> None:
        for member, generation in self._to_start:
            if member.generation == generation and not member.by_hand:
                member.waits_with = culprit
                member.status = Status.STOPPED
        self._to_start = deque(entry for entry in self._to_start if entry[0].by_hand)

    def _stop_others(self, culprit: Child, group: list[Child]) -> None:
        """While the culprit waits for its backoff, the members of its group are down."""
        for member in group:
            if member is culprit:
                continue
            member.waits_with = culprit
            if member.status in PLANNED:
                member.generation += 1
                member.status = Status.STOPPED
        self._cause = (Rule.GROUP, culprit.id)
        self._to_stop = {member: None for member in group if member.status in ALIVE}

    def _restart_group(self, culprit: Child, now: float) -> None:
        """Stop what runs of the group of ``culprit``, then start it all; the finished and stopped are revived too."""
        group = self._group(culprit)
        if len(group) > 1:
            members = tuple(member.id for member in group)
            self._emit(GroupRestart(now, self.path, culprit.id, self.strategy, members))
        culprit.repair = now
        culprit.status = Status.RESTARTING
        self._cause = (Rule.GROUP, culprit.id)
        self._to_stop = {member: None for member in group if member.status in ALIVE}
        for member in group:
            if member.spec.restart != "temporary":
                self._plan_start(member)

    def _group(self, culprit: Child) -> list[Child]:
        if self.strategy == "one_for_one":
            return [culprit]
        members = list(self._table.values())
        return members if self.strategy == "one_for_all" else members[members.index(culprit) :]

    def _release_group(self, culprit: Child) -> list[Child]:
        """Those that are down, or about to be, only because ``culprit`` has not been restarted yet."""
        if culprit.status not in PLANNED or self.strategy == "one_for_one":
            return []
        members = [child for child in self._table.values() if child.waits_with is culprit]
        for member in members:
            self._to_stop.pop(member, None)
        return [member for member in members if member.status in (Status.STOPPED, Status.STOPPING)]

    # -- ends --------------------------------------------------------------------------------------------------------

    def _stopped(self, child: Child, reason: Reason, now: float, remains: Remains = NO_REMAINS) -> list[Action]:
        """A life that was asked to end is over."""
        self._emit(self._stop_event(child, reason, now, remains))
        self._halting.pop(child, None)
        child.status = Status.STOPPED
        self._repaired(child, now)
        child.died = None
        waiters, child.waiters = child.waiters, []
        self._call_off(child, reason)
        if child.spec.restart == "temporary" or (waiters and self.dynamic):
            self._remove(child, now, "dynamic" if self.dynamic else "temporary")
        elif waiters:
            child.generation += 1
            self._out.append(Rest(child))
        self._out.extend(Reply(token) for token in waiters)
        return self._advance(now)

    def _stop_event(self, child: Child, reason: Reason, now: float, remains: Remains) -> Stopped:
        rule, culprit = child.stop
        grace = child.spec.shutdown
        seconds = 0.0 if grace is BRUTAL_KILL else None if grace == INFINITY else float(grace)
        ruling = stopped(rule, child.spec.restart, self.strategy, culprit, seconds)
        expected, took = self._as_asked(child, reason), now - child.asked
        lived = now - child.began if child.began is not None else 0.0
        return Stopped(now, self._path(child), child.lives, reason, expected, took, lived, remains, ruling)

    def _lot(self, child: Child) -> Decision:
        """What becomes of a child that died before the restart, or the shutdown, came to stop it."""
        if child.is_temporary:
            return Decision.REMOVE
        if self._ending is not None:
            return Decision.LEAVE
        return Decision.RESTART if child.waits_with is None else Decision.WAIT

    def _as_asked(self, child: Child, reason: Reason) -> bool:
        if child.spec.shutdown is BRUTAL_KILL:
            return reason == KILLED or reason.is_clean
        if reason == SHUTDOWN or isinstance(reason, Apoptosis):
            return True
        return reason.is_clean and child.spec.restart != "permanent"

    def _settle_stopped(self, child: Child, now: float) -> None:
        """The child is down and nobody is about to start it."""
        child.status = Status.STOPPED
        self._repaired(child, now)
        child.died = None
        self._call_off(child, SHUTDOWN)
        if self._is_lost(child):
            self._remove(child, now, "dynamic" if self.dynamic else "temporary")
        else:
            self._out.append(Rest(child))

    def _is_lost(self, child: Child) -> bool:
        return self.dynamic or child.spec.restart == "temporary"

    def _remove(self, child: Child, now: float, why: str) -> None:
        child.generation += 1
        self._table.pop(child.id, None)
        self._emit(Removed(now, self._path(child), why))
        self._out.append(Forget(child))

    def _ends_all(self, child: Child) -> bool:
        """Whether the end of ``child``, by itself and for good, ends the supervisor too (automatic shutdown)."""
        if not child.spec.significant or self.auto_shutdown == "never" or self._ending is not None:
            return False
        if self.auto_shutdown == "any_significant":
            return True
        others = (other for other in self._table.values() if other.spec.significant and other is not child)
        return not any(other.status in ALIVE or other.status in PLANNED for other in others)

    def _shut_down(self, reason: Reason, now: float) -> None:
        """From now on there is only one thing to do: stop all, a starting child first, the rest in reverse order."""
        self._ending = reason
        for child, generation in self._to_start:
            if child.generation == generation:
                self._call_off(child, reason)
        self._to_start.clear()
        self._deaths.clear()
        self._cause = (Rule.ENDING, None)
        self._to_stop = {child: None for child in self._table.values() if child.status in ALIVE}
        if self._starting is not None:
            self._to_stop.pop(self._starting, None)
            self._to_stop[self._starting] = None
            self._starting = None
        self._emit(Ending(now, self.path, reason, len(self._to_stop)))

    # -- small things ------------------------------------------------------------------------------------------------

    def _start_by_hand(self, child: Child, how: str, now: float, token: Any) -> list[Action]:
        child.by_hand = how
        child.token = token
        child.failures = 0
        child.status = Status.RESTARTING  # until its turn comes
        self._plan_start(child)
        return self._advance(now)

    def _call_off(self, child: Child, reason: Reason) -> None:
        """Tell whoever waits for a start that there will be none."""
        token, child.token, child.by_hand = child.token, None, ""
        if token is not None:
            self._out.append(Reply(token, error=ChildFailed(child.id, reason)))

    def _answer_start(self, child: Child, *, ignored: bool = False) -> None:
        token, child.token, child.by_hand = child.token, None, ""
        if token is not None:
            self._out.append(Reply(token, None if ignored else child))

    def _refusal(self, child: Child | None, id: str) -> ActorError | None:
        if child is None:
            return ChildNotFound(id)
        if self._ending is not None:
            return NotRunning(self.path)
        if child.status in ALIVE:
            return ChildRunning(id)
        return ChildRestarting(id) if child.status is Status.RESTARTING else None

    def _start_error(self, child: Child, reason: Reason) -> SupervisionError:
        """A name that the child wanted and another actor has is reported as that actor, running already."""
        if isinstance(reason, Crashed) and isinstance(reason.exception, NameTaken):
            return ChildStarted(reason.exception.ref)
        return ChildFailed(child.id, reason)

    def _path(self, child: Child) -> str:
        return f"{self.path}/{child.id}"

    def _emit(self, event: SupervisionEvent) -> None:
        self._out.append(Emit(event))
