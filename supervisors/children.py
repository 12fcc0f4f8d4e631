"""The decisions of one supervisor: what a death, the outcome of a start or a management call leads to.

Pure: an event comes in with ``now``, a list of actions goes out; a shell carries them out.  Source: OTP's
``supervisor`` (``docs/supervision.md`` says where we differ).  How a restart proceeds is in
:mod:`supervisors.restarts`; shutdown, queries and the management of single children never wait for one.
"""

from __future__ import annotations

from typing import Any

from actors.errors import NotRunning
from actors.exits import NO_REMAINS, SHUTDOWN, Crashed, Reason, Remains, Shutdown

from .actions import ALIVE, PLANNED, Action, Child, Reply, Status
from .errors import ChildFailed, ChildNotFound, ChildPresent, ChildStarted, SpecError
from .events import Added, AutoShutdown, Decision, Died, Ignored, Serving, StartFailure
from .restarts import Restarts
from .rules import Rule, Ruling
from .spec import Spec


class Children(Restarts):
    """The children of one supervisor: tell it what happened, do what it says."""

    @property
    def is_booting(self) -> bool:
        """Whether the first start is under way."""
        return self._booting

    @property
    def is_ending(self) -> bool:
        """Whether all are being stopped, for good."""
        return self._ending is not None

    # -- what happened to a life -------------------------------------------------------------------------------------

    def begin(self, now: float) -> list[Action]:
        """The supervisor's own life has begun: start all."""
        self._begun = now
        for child in self._table.values():
            self._plan_start(child)
        return self._advance(now)

    def started(self, id: str, now: float) -> list[Action]:
        """A start has succeeded."""
        child = self._table[id]
        self._starting = None if self._starting is child else self._starting
        self._repaired(child, now)
        if child.status is Status.STARTING:
            child.status = Status.RUNNING
            gap = None if child.died is None else now - child.died
            self._emit(Serving(now, self._path(child), child.lives, child.lives > 1, gap))
        child.began, child.died = now, None
        self._answer_start(child)
        return self._advance(now)

    def ignored(self, id: str, now: float) -> list[Action]:
        """The child is not needed: neither success nor failure; its spec stays unless it is temporary or dynamic."""
        child = self._table[id]
        self._starting = None if self._starting is child else self._starting
        if child.status is Status.STOPPING:
            return self._stopped(child, SHUTDOWN, now)
        self._emit(Ignored(now, self._path(child), child.lives))
        self._answer_start(child, ignored=True)
        self._settle_stopped(child, now)
        return self._advance(now)

    def failed(self, id: str, reason: Reason, now: float) -> list[Action]:
        """A start has failed."""
        child = self._table[id]
        self._starting = None if self._starting is child else self._starting
        self._repaired(child, now)
        if child.status is Status.STOPPING:
            return self._stopped(child, reason, now)
        token, child.token = child.token, None
        by_hand, child.by_hand = child.by_hand, ""

        def announce(decision: Decision, ruling: Ruling) -> None:
            self._emit(StartFailure(now, self._path(child), child.lives, reason, decision, ruling))

        if token is not None:
            self._out.append(Reply(token, error=self._start_error(child, reason)))
        if by_hand:
            added = by_hand == "add"
            lost = Decision.REMOVE if added or self._is_lost(child) else Decision.LEAVE
            announce(lost, self._ruling(Rule.BY_HAND, child))
            if added:
                self._remove(child, now, "not started")
            else:
                self._settle_stopped(child, now)
        elif self._booting:
            announce(Decision.GIVE_UP, self._ruling(Rule.BOOT, child))
            child.status = Status.STOPPED
            self._shut_down(Shutdown(_failure(self._path(child), reason)), now)
        else:
            self._count(child, reason, now, announce, failed_start=True)
        return self._advance(now)

    def exited(self, id: str, reason: Reason, now: float, remains: Remains = NO_REMAINS) -> list[Action]:
        """A life that had started is over, by itself or because it was stopped."""
        child = self._table.get(id)
        if child is None:
            return []
        if child.status is Status.STOPPING:
            return self._stopped(child, reason, now, remains)
        if child.status is not Status.RUNNING:
            return []
        if child.died is None:
            child.died = now
        restart = child.spec.restart == "permanent" or (child.spec.restart == "transient" and not reason.is_clean)
        lived = now - child.began if child.began is not None else 0.0

        def announce(decision: Decision, ruling: Ruling) -> None:
            path, life = self._path(child), child.lives
            self._emit(Died(now, path, life, reason, decision, lived, remains.message, remains, ruling))

        if child in self._to_stop:  # it was about to be stopped: that is done, and costs nothing
            del self._to_stop[child]
            announce(self._lot(child), self._ruling(Rule.STOPPING, child, self._cause[1]))
            child.status = Status.STOPPED
            if child.is_temporary:
                self._remove(child, now, "temporary")
        elif not restart:
            ends_all = self._ends_all(child)
            decision = Decision.REMOVE if self._is_lost(child) else Decision.LEAVE
            rule = Rule.SIGNIFICANT if ends_all else Rule.NO_RESTART
            announce(Decision.AUTO_SHUTDOWN if ends_all else decision, self._ruling(rule, child))
            self._settle_stopped(child, now)
            if ends_all:
                self._emit(AutoShutdown(now, self.path, child.id, self.auto_shutdown))
                self._shut_down(SHUTDOWN, now)
        elif self._is_busy():
            announce(Decision.RESTART, self._ruling(Rule.QUEUED, child))
            child.status = Status.RESTARTING
            self._deaths.append((child, child.generation, reason))
        else:
            self._count(child, reason, now, announce)
        return self._advance(now)

    def replaced(self, id: str, now: float) -> None:
        """A successor has taken over from a life that serves: planned, so it costs nothing and concerns nobody else."""
        child = self._table[id]
        child.lives = child.next_life
        child.burned = 0
        child.began = now

    def due(self, id: str, generation: int, now: float) -> list[Action]:
        """A retry, or the end of a backoff, has come due."""
        child = self._table.get(id)
        if child is None or child.generation != generation or child.status not in PLANNED or self._ending is not None:
            return []
        if self._is_busy():
            child.status = Status.RESTARTING
            self._deaths.append((child, generation, None))
        else:
            self._restart_group(child, now)
        return self._advance(now)

    # -- management --------------------------------------------------------------------------------------------------

    def add(self, spec: Spec, now: float, token: Any) -> list[Action]:
        """Add a child at the end and start it."""
        known = self._table.get(spec.id)
        if self._ending is not None:
            return [Reply(token, error=NotRunning(self.path))]
        if known is not None:
            error = ChildStarted(known.ref) if known.status in ALIVE else ChildPresent(spec.id)
            return [Reply(token, error=error)]
        if spec.significant and self.auto_shutdown == "never":
            return [Reply(token, error=SpecError("significant", True, "its supervisor never shuts down by itself"))]
        child = self._table[spec.id] = Child(spec.id, spec)
        self._emit(Added(now, self._path(child), spec.kind))
        return self._start_by_hand(child, "add", now, token)

    def terminate(self, id: str, now: float, token: Any) -> list[Action]:
        """End a child, or call its restart off; answers when it is gone."""
        child = self._table.get(id)
        if child is None:
            return [Reply(token, error=ChildNotFound(id))]
        if child.status in ALIVE:
            child.waiters.append(token)
            if child.status is not Status.STOPPING:
                self._stop(child, now, (Rule.ASKED, None))
        else:
            released = self._release_group(child)
            child.generation += 1
            self._settle_stopped(child, now)
            self._out.append(Reply(token))
            for member in released:
                self._plan_start(member)
        return self._advance(now)

    def restart(self, id: str, now: float, token: Any) -> list[Action]:
        """Start a child that does not run; one that waits for its backoff starts now, with its group."""
        child = self._table.get(id)
        error = self._refusal(child, id)
        if error is not None:
            return [Reply(token, error=error)]
        assert child is not None
        if child.status is Status.WAITING:
            child.token = token
            self._restart_group(child, now)
            return self._advance(now)
        return self._start_by_hand(child, "restart", now, token)

    def delete(self, id: str, now: float, token: Any) -> list[Action]:
        """Forget a child that does not run."""
        child = self._table.get(id)
        error = self._refusal(child, id)
        if error is not None:
            return [Reply(token, error=error)]
        assert child is not None
        released = self._release_group(child)
        self._remove(child, now, "deleted")
        self._out.append(Reply(token))
        for member in released:
            self._plan_start(member)
        return self._advance(now)

    def shutdown(self, reason: Reason, now: float) -> list[Action]:
        """The supervisor has to end for ``reason``: it wins over everything that is under way."""
        if self._ending is None:
            self._shut_down(reason, now)
        return self._advance(now)


def _failure(path: str, reason: Reason) -> ChildFailed:
    error = ChildFailed(path, reason)
    error.__cause__ = reason.exception if isinstance(reason, Crashed) else None
    return error
