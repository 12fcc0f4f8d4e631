"""What the tests of planned death share: patients that do as they are told, and a chart of all that happens to them."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from actors import Actor, ActorSystem, Reason, Ref, handle
from actors.evidence import Evidence, Harm
from actors.pulse import note
from supervisors import Apoptosis, ChildSpec, Supervisor, child
from supervisors.apoptosis.events import (
    Damaged,
    Degraded,
    Kept,
    Postponed,
    Recovered,
    Repairing,
    RepairSkipped,
    Replaced,
    Replacing,
    Retired,
    Undegraded,
)
from supervisors.events import SupervisionEvent
from supervisors.journal import Journal
from supervisors.running import Running
from supervisors.shell import shell_for
from supervisors.spec import Tree
from tests.supervisors.fixtures import Boom

Log = list[str]

PLANNED = (
    Damaged, Degraded, Kept, Postponed, Recovered, Repairing, RepairSkipped, Replaced, Replacing, Retired, Undegraded,
)  # fmt: skip
"""The events of planned death."""

JUDGED = Apoptosis()
"""A policy with nothing in it but the defaults."""

TOLERANT = Apoptosis(tolerate=(ValueError,))
"""The same for which a ``ValueError`` is evidence only."""


@dataclass(frozen=True, slots=True)
class Add:
    """Joins the items of the life that handles it, which answers with its number."""

    value: Any


@dataclass(frozen=True, slots=True)
class Urgent:
    """The same in the urgent lane."""

    value: Any


@dataclass(frozen=True, slots=True)
class Fail:
    """Raises a ``ValueError``."""

    text: str = "bad"


@dataclass(frozen=True, slots=True)
class Crash:
    """Raises a ``Boom``."""

    text: str = "boom"


@dataclass(frozen=True, slots=True)
class Hold:
    """Holds the handler for so many seconds, then joins the items."""

    seconds: float
    value: Any = "held"


@dataclass(frozen=True, slots=True)
class Do:
    """Runs a function in the actor's turn, with the actor; what it returns is awaited if it can be, and answers."""

    act: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Tick:
    """Comes from a timer."""

    text: str = "tick"


class Patient(Actor):
    """Keeps the items it was told; does in every hook what the chart has planned for this life.  All is ``def``."""

    def __init__(self, chart: Chart, id: str) -> None:
        self.chart = chart
        self.id = id
        self.items: list[Any] = []
        self.does("init")

    @property
    def mark(self) -> str:
        return f"{self.id}#{self.pid.incarnation}"

    def does(self, hook: str, *args: Any, default: Any = None) -> Any:
        """Write the call of a hook down and carry out its plan."""
        shown = "".join(f" {arg}" for arg in args)
        if hook not in self.chart.silent:
            self.chart.write(f"{self.mark} {hook}{shown}")
        plan = self.chart.plan_for(self.id, hook, self.pid.incarnation)
        return default if plan is None else plan(self, *args)

    def write(self, value: Any) -> int:
        self.chart.write(f"{self.mark}: {value}")
        self.items.append(value)
        return self.pid.incarnation

    def started(self) -> Any:
        return self.does("started")

    def stopping(self, reason: Reason) -> Any:
        return self.does("stopping", reason)

    def ready(self) -> Any:
        return self.does("ready", default=True)

    def bequeath(self) -> Any:
        return self.does("bequeath", default=self.items)

    def inherit(self, estate: Any) -> Any:
        result = self.does("inherit", estate)
        self.items = estate
        return result

    def repair(self, level: int) -> Any:
        return self.does("repair", level)

    def down(self, signal: Any) -> Any:
        self.chart.write(f"{self.mark} down {signal.pid} {signal.reason}")

    def exited(self, signal: Any) -> Any:
        self.chart.write(f"{self.mark} exited {signal.pid} {signal.reason}")

    @handle
    def add(self, message: Add) -> Any:
        return self.write(message.value)

    @handle(priority=True)
    def urgent(self, message: Urgent) -> Any:
        return self.write(message.value)

    @handle
    def fail(self, message: Fail) -> None:
        raise ValueError(message.text)

    @handle
    def crash(self, message: Crash) -> None:
        raise Boom(message.text)

    @handle
    def tick(self, message: Tick) -> None:
        self.write(message.text)

    @handle
    def do(self, message: Do) -> Any:
        return message.act(self)


class AsyncPatient(Patient):
    """A patient whose hooks and handlers may take their time."""

    async def started(self) -> None:
        await settled(self.does("started"))

    async def stopping(self, reason: Reason) -> None:
        await settled(self.does("stopping", reason))

    async def ready(self) -> Any:
        return await settled(self.does("ready", default=True))

    async def bequeath(self) -> Any:
        return await settled(self.does("bequeath", default=self.items))

    async def inherit(self, estate: Any) -> None:
        await settled(self.does("inherit", estate))
        self.items = estate

    async def repair(self, level: int) -> None:
        await settled(self.does("repair", level))

    @handle
    async def add(self, message: Add) -> int:
        return self.write(message.value)

    @handle(priority=True)
    async def urgent(self, message: Urgent) -> int:
        return self.write(message.value)

    @handle
    async def hold(self, message: Hold) -> int:
        self.chart.write(f"{self.mark} holds")
        await asyncio.sleep(message.seconds)
        return self.write(message.value)

    @handle
    async def do(self, message: Do) -> Any:
        return await settled(message.act(self))


class Probed(Patient):
    """A patient with a check-up of its own."""

    def vitals(self) -> Any:
        return self.does("vitals")


class AsyncProbed(AsyncPatient):
    """A patient with a check-up of its own that may take its time."""

    async def vitals(self) -> Any:
        return await settled(self.does("vitals"))


class Childless(Actor):
    """Overrides no hook of planned death at all."""

    def __init__(self, chart: Chart, id: str) -> None:
        self.chart = chart
        self.id = id
        self.items: list[Any] = []

    def stopping(self, reason: Reason) -> None:
        self.chart.write(f"{self.id}#{self.pid.incarnation} stopping {reason}")

    @handle
    def add(self, message: Add) -> int:
        self.items.append(message.value)
        return self.pid.incarnation

    @handle
    def do(self, message: Do) -> Any:
        return message.act(self)


async def settled(result: Any) -> Any:
    """What comes of ``result``, if it has to be awaited."""
    return await result if inspect.isawaitable(result) else result


Act = Callable[..., Any]


class Chart:
    """The log of one tree: what its patients' hooks were called with, what they handled, and the supervisors' events.

    ``plan("ready", act, life=2)`` has life 2 do ``act(patient, *args)`` in that hook; without ``life`` all lives do.
    ``silent``: hooks whose calls are not written down.
    """

    def __init__(self, *silent: str) -> None:
        self.log: Log = []
        self.events: list[SupervisionEvent] = []
        self.silent = {"init", "vitals", *silent}
        self.plans: dict[tuple[str, str, int], Act] = {}
        self.system: ActorSystem

    def plan(self, hook: str, act: Act, life: int = 0, id: str = "") -> None:
        """What to do in a hook; ``life`` 0: in every life; no ``id``: in every patient."""
        self.plans[id, hook, life] = act

    def plan_for(self, id: str, hook: str, life: int) -> Act | None:
        keys = ((id, hook, life), ("", hook, life), (id, hook, 0), ("", hook, 0))
        return next((self.plans[key] for key in keys if key in self.plans), None)

    def write(self, text: str) -> None:
        self.log.append(text)

    def note(self, event: object) -> None:
        if isinstance(event, SupervisionEvent):
            self.events.append(event)
            self.write(f"{event.at:g} {event.describe()}")

    def take(self) -> Log:
        """What was written since the last time."""
        log, self.log = self.log, []
        return log

    def of(self, *kinds: type[SupervisionEvent]) -> list[Any]:
        """The events of these types so far."""
        return [event for event in self.events if isinstance(event, kinds)]

    def planned(self) -> Log:
        """The events of planned death so far, each with its time."""
        return [f"{event.at:g} {event.describe()}" for event in self.of(*PLANNED)]

    # -- trees ---------------------------------------------------------------------------------------------------------

    def child(self, id: str = "w", cls: Callable[..., Actor] = Patient, **options: Any) -> ChildSpec:
        """The spec of a patient that writes here."""
        return child(cls, self, id, id=id, **options)

    def children(self, ids: str, cls: Callable[..., Actor] = Patient, **options: Any) -> list[ChildSpec]:
        """Several alike, such as ``"a b c"``."""
        return [self.child(id, cls, **options) for id in ids.split()]

    @asynccontextmanager
    async def run(self, tree: Tree, seed: int | None = None) -> AsyncIterator[Running]:
        """Run ``tree``; its start is not in the log.  A tree that gave up is no error."""
        async with ActorSystem(tree.name, seed=seed) as system:
            self.system = system
            system.events.subscribe(self.note)
            journal = Journal(system.events)
            running = Running(tree, system, await system.spawn(shell_for(tree), tree, name=tree.name), journal)
            self.take()
            yield running

    @asynccontextmanager
    async def top(self, ids: str = "w", cls: Callable[..., Actor] = Patient, **options: Any) -> AsyncIterator[Running]:
        """Run a supervisor ``top`` of equal permanent patients; ``apoptosis`` is the supervisor's."""
        of_child = {key: options.pop(key) for key in ("mailbox", "shutdown", "restart", "backoff") if key in options}
        async with self.run(Supervisor("top", self.children(ids, cls, **of_child), **options)) as tree:
            yield tree


async def items(ref: Ref[Any]) -> list[Any]:
    """The items of the life that serves."""
    return list(await ref.ask(Do(lambda actor: list(actor.items))))


def damaging(weight: float = 3.0, what: str = "checksum") -> Do:
    """A message whose handler finds its own state wrong."""
    return Do(lambda actor: actor.damage(weight, what))


def strike(refs: Iterable[Ref[Any]], weight: float = 3.0, what: str = "shared") -> None:
    """Damage all of these lives at the same moment."""
    for ref in refs:
        note(ref._cell, Evidence(Harm.INVARIANT, weight, what))


def sleeping(seconds: float, result: Any = None) -> Act:
    """A plan: take so many seconds."""

    async def sleep(actor: Any, *args: Any) -> Any:
        await asyncio.sleep(seconds)
        return result

    return sleep


def raising(error: Exception) -> Act:
    """A plan: fail."""

    def fail(actor: Any, *args: Any) -> Any:
        raise error

    return fail


def answering(value: Any) -> Act:
    """A plan: return ``value``."""
    return lambda actor, *args: value


async def hang(actor: Any, *args: Any) -> None:
    """A plan: never return."""
    await asyncio.Event().wait()
