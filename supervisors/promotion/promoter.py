"""The shell around :mod:`.ladder`: hears what speaks against lives, and has the next ones begin where they should."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from actors import Abandoned, Blocked, Blueprint, Crashed, Reason
from actors.errors import ProcessDied
from actors.exits import spell
from supervisors.actions import Action, Child, Emit, Status
from supervisors.spec import ChildSpec

from .events import Demoted, Promoted, because
from .ladder import Ladder, Rung, Step
from .policy import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from supervisors.apoptosis.replacement import Timer
    from supervisors.shell import Shell

REMEMBERED = 4
"""Lives of a child whose rungs are known: the one that serves, its successor, and those that are on their way out."""


class Climb:
    """One child's ladder, where its last lives were, and the timer of its next step in."""

    __slots__ = ("ladder", "rungs", "timer")

    def __init__(self, ladder: Ladder) -> None:
        self.ladder = ladder
        self.rungs: dict[int, Rung] = {}
        self.timer: Timer | None = None


class Promoter:
    """Of one supervisor.  It listens from the first start of a child that a policy holds for."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._climbs: dict[Child, Climb] = {}
        self._unsubscribe: Callable[[], None] | None = None

    # -- where lives begin ---------------------------------------------------------------------------------------------

    def blueprint(self, child: Child, blueprint: Blueprint, life: int) -> Blueprint:
        """What life number ``life`` of ``child`` is made from: ``blueprint``, at the place where it is to be."""
        climb = self._climb(child)
        if climb is None:
            return blueprint
        ladder, rungs = climb.ladder, climb.rungs
        rungs[life] = ladder.rung
        while len(rungs) > REMEMBERED:
            del rungs[min(rungs)]
        return blueprint if ladder.is_home else dataclasses.replace(blueprint, place=ladder.place)

    def _climb(self, child: Child) -> Climb | None:
        climb = self._climbs.get(child)
        spec = child.spec
        if climb is not None or not isinstance(spec, ChildSpec):
            return climb
        policy = spec.promote or self._shell.spec.promote
        if policy is None or not policy.leads_out(spec.blueprint.place):
            return None
        if self._unsubscribe is None:
            self._unsubscribe = self._shell.system.events.subscribe(self._note)
        climb = self._climbs[child] = Climb(Ladder(policy, spec.blueprint.place))
        return climb

    def rung(self, child: Child) -> Rung | None:
        """Where the life of ``child`` is that serves; ``None``: where its spec says."""
        climb = self._climbs.get(child)
        return climb.rungs.get(child.lives) if climb is not None else None

    # -- what speaks against them --------------------------------------------------------------------------------------

    def bereaved(self, child: Child, life: int, reason: Reason) -> list[Action]:
        """A life that served has ended by itself; what is decided about the place of the next is in ``child.step``."""
        child.step = None
        kind = kind_of(reason)
        climb = self._climbs.get(child)
        if kind == "blocked" and climb is not None and climb.rungs.get(life) is Rung.THREAD:
            return []  # that it was abandoned is told besides, and counts
        if kind is not None and child.status is Status.RUNNING:
            child.step = self._hear(child, life, kind)
        return self._told(child, life, child.step)

    def unborn(self, child: Child, life: int, reason: Reason) -> list[Action]:
        """A life did not start; the same."""
        child.step = None
        climb = self._climbs.get(child)
        if climb is None:
            return []
        kind = kind_of(reason)
        if kind is not None:  # further in it would do more harm
            child.step = self._hear(child, life, kind)
            return self._told(child, life, child.step)
        why = spell(reason.exception) if isinstance(reason, Crashed) else str(reason)
        child.step = self._step_back(child, climb, life)
        return self._told(child, life, child.step, why)

    def sent_back(self, child: Child, why: str) -> bool:
        """A successor did not start; whether it had been sent further out, where none is sent any more."""
        climb = self._climbs.get(child)
        step = self._step_back(child, climb, child.next_life) if climb is not None else None
        self._shell.carry_out(self._told(child, child.next_life, step, why))
        return step is not None

    def _step_back(self, child: Child, climb: Climb, life: int) -> Step | None:
        step = climb.ladder.failed(climb.rungs.get(life, Rung.LOOP), self._now())
        self._wait(child, climb)
        return step

    def retiring(self, child: Child, cause: str) -> None:
        """A life is about to be replaced because of what speaks against it."""
        climb = self._climbs.get(child)
        if climb is not None and cause.partition(":")[0] == "memory":
            step = self._hear(child, child.lives, "memory")
            self._shell.carry_out(self._told(child, child.lives, step))

    def _note(self, event: Any) -> None:
        """Every event of the system comes by here, in anybody's turn."""
        if self._shell.is_over:  # it was killed, or crashed
            self.close()
            return
        if event.__class__ is not Blocked and event.__class__ is not Abandoned:
            return
        path, _, key = event.pid.name.rpartition("/")
        child = self._shell.children.get(key) if path == self._shell.ref.name else None
        climb = self._climbs.get(child) if child is not None else None
        if child is None or climb is None:
            return
        life = event.pid.incarnation
        # Whoever holds the loop of a process of its own harms nobody here; a handler on the loop that swallows its
        # cancellation does not hold it.
        where = Rung.LOOP if event.__class__ is Blocked else Rung.THREAD
        if climb.rungs.get(life) is where:
            self._shell.later(0.0, lambda: self._blocked(child, life))

    def _blocked(self, child: Child, life: int) -> None:
        step = self._hear(child, life, "blocked")
        if step is None:
            return
        self._shell.carry_out(self._told(child, life, step))
        assert step.kind is not None
        self._replace(child, f"it is to live {step.to.phrase} ({because(step.kind, step.count, step.was)})")

    def _hear(self, child: Child, life: int, kind: str) -> Step | None:
        climb = self._climbs.get(child)
        if climb is None:
            return None
        step = climb.ladder.hear(kind, climb.rungs.get(life, Rung.LOOP), self._now())
        self._wait(child, climb)
        return step

    def _told(self, child: Child, life: int, step: Step | None, why: str = "") -> list[Action]:
        if step is None:
            return []
        at = self._now(), f"{self._shell.ref.name}/{child.id}"
        if step.kind is None:
            return [Emit(Demoted(*at, step.was, step.to, step.calm, why))]
        return [Emit(Promoted(*at, life, step.was, step.to, step.kind, step.count, step.calm))]

    # -- calm ----------------------------------------------------------------------------------------------------------

    def _wait(self, child: Child, climb: Climb) -> None:
        """See that the step in is taken when it is due; a timer that comes too early waits once more."""
        if climb.timer is None and climb.ladder.due is not None:
            delay = max(climb.ladder.due - self._now(), 0.001)
            climb.timer = self._shell.later(delay, lambda: self._settle(child, climb))

    def _settle(self, child: Child, climb: Climb) -> None:
        climb.timer = None
        if self._climbs.get(child) is not climb:
            return
        step = climb.ladder.settle(self._now())
        self._wait(child, climb)
        if step is not None:
            self._shell.carry_out(self._told(child, child.lives, step))
            self._replace(child, f"it is to live {step.to.phrase} again (nothing was wrong for {step.calm:g} s)")

    def _replace(self, child: Child, cause: str) -> None:
        """Have the life that serves replaced by one at the new place; one that does not serve is followed by one."""
        if child.status is Status.RUNNING:
            self._shell.warden().replace(child, cause, None)

    # -- the end -------------------------------------------------------------------------------------------------------

    def forgotten(self, child: Child) -> None:
        """The child is known no more."""
        climb = self._climbs.pop(child, None)
        if climb is not None and climb.timer is not None:
            climb.timer.cancel()

    def close(self) -> None:
        """The supervisor's life is over."""
        for child in tuple(self._climbs):
            self.forgotten(child)
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def _now(self) -> float:
        return self._shell.system.now()


def kind_of(reason: Reason) -> str | None:
    """The kind of evidence that an exit reason is, if it is any."""
    error = reason.exception if isinstance(reason, Crashed) else None
    if isinstance(error, MemoryError):
        return "memory"
    return error.cause if isinstance(error, ProcessDied) and error.cause in KINDS else None
