"""Actors that stand in for a tree's own: they start, serve and stop, and fail when the script says so.

The tree is otherwise as it was written: ids, restarts, budgets, backoffs, shutdowns, lifetimes, disruption budgets.
What cannot be had without the user's code is left out: a policy's ``memory``, which is the whole process's, and a
pool's ``scale``, as stand-ins have no load to follow.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

from actors import SHUTDOWN, Actor, Apoptosis, Blueprint, Crashed, Reason, Ref, handle
from supervisors.checks.evidence import overrides
from supervisors.spec import ChildSpec, DynamicSupervisor, Pool, Spec, Supervisor, Tree

from .faults import Fault, Kind

T = TypeVar("T", bound=Tree)


class Down(Exception):
    """What a stand-in dies of while its fault lasts."""


class Crash(Exception):
    """What a stand-in dies of when it is crashed."""


@dataclasses.dataclass(frozen=True, slots=True)
class SimulatedFault:
    """What is to happen to the life that handles it."""

    fault: Fault


class Script:
    """What is the matter with whom at the moment.  ``clock`` gives the virtual time, ``attach`` is called with the
    first life that starts, before anything else.
    """

    def __init__(self, clock: Callable[[], float], attach: Callable[[Actor], None]) -> None:
        self.clock = clock
        self._attach: Callable[[Actor], None] | None = attach
        self._refs: dict[str, Ref[Any]] = {}
        self._down: dict[str, float] = {}
        self._slow: dict[str, tuple[float, float]] = {}
        self._stuck: dict[str, int] = {}
        self._deaf: set[str] = set()

    def strike(self, fault: Fault, path: str) -> bool:
        """Let ``fault`` happen to the worker at ``path`` now; false if nobody is there whom it could happen to."""
        now = self.clock()
        match fault.kind:
            case Kind.DOWN:
                self._down[path] = max(self._down.get(path, 0.0), now + fault.length)
                self._crash(Down(), path)
                return True
            case Kind.SLOW:
                self._slow[path] = (fault.length, now + fault.lasts)
                return True
            case Kind.STUCK:
                self._stuck[path] = self._stuck.get(path, 0) + (fault.times or 1)
                self._crash(Crash(), path)
                return True
            case Kind.CRASH:
                return self._crash(Crash(), path)
            case Kind.HANG:
                if not self._tell(fault, path):
                    self._deaf.add(path)
                return True
            case Kind.DAMAGE:
                return self._tell(fault, path)

    def _crash(self, exception: Exception, path: str) -> bool:
        ref = self._serving(path)
        if ref is not None:
            ref.exit(Crashed(exception))
        return ref is not None

    def _tell(self, fault: Fault, path: str) -> bool:
        ref = self._serving(path)
        if ref is not None:
            ref.tell(SimulatedFault(fault))
        return ref is not None

    def _serving(self, path: str) -> Ref[Any] | None:
        ref = self._refs.get(path)
        return ref if ref is not None and ref.is_alive else None

    async def begin(self, life: Actor) -> bool:
        """A life starts at its place, as well as it can.  Returns whether it will be deaf to a request to stop."""
        if self._attach is not None:
            attach, self._attach = self._attach, None
            attach(life)
        path = life.ref.name
        self._refs[path] = life.ref
        self._check_down(path)
        if self._stuck.get(path, 0) > 0:
            self._stuck[path] -= 1
            await asyncio.Event().wait()
        seconds, until = self._slow.get(path, (0.0, 0.0))
        if self.clock() < until:
            await asyncio.sleep(seconds)
            self._check_down(path)
        is_deaf = path in self._deaf
        self._deaf.discard(path)
        return is_deaf

    def is_down(self, path: str) -> bool:
        """Whether it could not start now."""
        return self.clock() < self._down.get(path, 0.0)

    def _check_down(self, path: str) -> None:
        if self.is_down(path):
            raise Down("it cannot start")


class StandIn(Actor):
    """Serves for ever, and does nothing."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.is_deaf = False

    async def started(self) -> None:
        """Start, or fail to."""
        self.is_deaf = await self.script.begin(self)

    async def stopping(self, reason: Reason) -> None:
        """Stop when asked to, unless it is deaf."""
        if self.is_deaf and (reason == SHUTDOWN or isinstance(reason, Apoptosis)):
            await asyncio.Event().wait()

    @handle(priority=True)
    def struck(self, message: SimulatedFault) -> None:
        """Do what the script says."""
        if message.fault.kind is Kind.HANG:
            self.is_deaf = True
        else:
            self.damage(message.fault.weight, "as the fault says")


class Mending(StandIn):
    """Stands in for an actor that can be repaired; here it does not help."""

    def repair(self, level: int) -> None:
        """Do nothing: the script goes on."""


def with_stand_ins(tree: T, script: Script) -> T:
    """The same tree with every worker's class replaced by a stand-in; these all live on the loop."""
    policy = dataclasses.replace(tree.apoptosis, memory=None) if tree.apoptosis is not None else None
    tree = dataclasses.replace(tree, apoptosis=policy, promote=None)
    if isinstance(tree, Supervisor):
        return dataclasses.replace(tree, children=tuple(_stand_in(spec, script) for spec in tree.children))
    if isinstance(tree, Pool):
        size = tree.size if isinstance(tree.size, int) else dataclasses.replace(tree.size, scale=None)
        return dataclasses.replace(tree, worker=_worker(tree.worker, script), size=size)
    assert isinstance(tree, DynamicSupervisor)
    return tree


def _stand_in(spec: Spec, script: Script) -> Spec:
    return _worker(spec, script) if isinstance(spec, ChildSpec) else with_stand_ins(spec, script)


def _worker(spec: ChildSpec, script: Script) -> ChildSpec:
    cls = Mending if overrides(spec.blueprint.cls, "repair") else StandIn
    policy = dataclasses.replace(spec.apoptosis, memory=None) if spec.apoptosis is not None else None
    blueprint = Blueprint(cls, (script,), mailbox=spec.blueprint.mailbox)
    return dataclasses.replace(spec, blueprint=blueprint, apoptosis=policy, promote=None)
