"""What the tests of supervision share: workers that do as they are told, and a recorder of what they do."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from actors import KILLED, NORMAL, SHUTDOWN, Actor, ActorSystem, Ignore, Reason, Ref, Shutdown, handle
from supervisors import ChildSpec, Supervisor, child
from supervisors.events import Died, Stopped, SupervisionEvent
from supervisors.handle import Handle
from supervisors.journal import Journal
from supervisors.running import Running
from supervisors.shell import shell_for
from supervisors.spec import Tree

Log = list[str]
Plan = Literal["ok", "fail", "ignore", "hang"] | float
"""How a start goes; a number is one that takes so many seconds."""


class Boom(Exception):
    """What a worker raises when it is told to."""


@dataclass(frozen=True, slots=True)
class End:
    """Ends by itself for ``reason``."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Crash:
    """Crashes its handler."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Is written down."""

    text: str


@dataclass(frozen=True, slots=True)
class Do:
    """Runs a function in the actor's turn, with the actor; what it returns is the answer."""

    act: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Sleep:
    """Holds the handler for so many seconds; with ``deaf``, whatever happens."""

    seconds: float
    deaf: bool = False


class Worker(Actor):
    """Writes down its starts, ends and notes; its start is over at once."""

    def __init__(self, recorder: Recorder, id: str, linger: float = 0.0) -> None:
        self.recorder = recorder
        self.id = id
        self.linger = linger

    def started(self) -> Any:
        self.recorder.begin(self.id, self.recorder.plan(self.id))

    def stopping(self, reason: Reason) -> Any:
        self.recorder.write(f"-{self.id} {reason}")

    @handle
    def end(self, message: End) -> None:
        self.stop(message.reason)

    @handle
    def crash(self, message: Crash) -> None:
        raise Boom(message.text) if message.text else Boom

    @handle
    def note(self, message: Note) -> str:
        self.recorder.write(f"{self.id} {message.text}")
        return f"{message.text} by life {self.pid.incarnation}"

    @handle
    def do(self, message: Do) -> Any:
        return message.act(self)


class AsyncWorker(Worker):
    """A worker whose start, handlers and end may take their time."""

    async def started(self) -> None:
        plan = self.recorder.plan(self.id)
        await asyncio.sleep(0)
        if plan == "hang":
            self.recorder.write(f"{self.id} hangs")
            await asyncio.Event().wait()
        if isinstance(plan, float):
            await asyncio.sleep(plan)
            plan = "ok"
        self.recorder.begin(self.id, plan)

    async def stopping(self, reason: Reason) -> None:
        self.recorder.write(f"-{self.id} {reason}")
        if self.linger:
            await asyncio.sleep(self.linger)
            self.recorder.write(f"{self.id} lingered")

    @handle
    async def sleep(self, message: Sleep) -> None:
        self.recorder.write(f"{self.id} sleeps")
        while True:
            try:
                await asyncio.sleep(message.seconds)
                return
            except asyncio.CancelledError:
                if not message.deaf:
                    raise


class Trapper(AsyncWorker):
    """An asynchronous worker that traps exits."""

    trap_exits = True


class Recorder:
    """The log of one tree: ``+a`` a start, ``-a reason`` an end, ``a fails`` and ``a ignores`` starts that are none.

    Starts and ends are written by the workers themselves; only a kill, which runs no hook, by the supervisor's events.
    """

    def __init__(self) -> None:
        self.log: Log = []
        self.events: list[SupervisionEvent] = []
        self.plans: dict[str, deque[Plan]] = defaultdict(deque)
        self.always: dict[str, Plan] = {}
        self.starts: dict[str, int] = defaultdict(int)

    # -- what workers and the system tell ------------------------------------------------------------------------------

    def write(self, text: str) -> None:
        self.log.append(text)

    def plan(self, id: str) -> Plan:
        """How the start that goes on is to go."""
        self.starts[id] += 1
        return self.plans[id].popleft() if self.plans[id] else self.always.get(id, "ok")

    def begin(self, id: str, plan: Plan) -> None:
        """Carry the plan out."""
        if plan == "fail":
            self.write(f"{id} fails")
            raise Boom(f"{id} fails")
        if plan == "ignore":
            self.write(f"{id} ignores")
            raise Ignore
        self.write(f"+{id}")

    def note(self, event: object) -> None:
        if not isinstance(event, SupervisionEvent):
            return
        self.events.append(event)
        if isinstance(event, Died | Stopped) and event.reason == KILLED:
            text = f"-{event.path.rpartition('/')[2]} killed"
            if text not in self.log[-1:]:
                self.write(text)

    # -- what tests ask ------------------------------------------------------------------------------------------------

    def take(self) -> Log:
        """What was written since the last time."""
        log, self.log = self.log, []
        return log

    def of(self, *kinds: type[SupervisionEvent]) -> list[Any]:
        """The events of these types so far."""
        return [event for event in self.events if isinstance(event, kinds)]

    # -- trees ---------------------------------------------------------------------------------------------------------

    def child(self, id: str, cls: type[Worker] = Worker, *, linger: float = 0.0, **options: Any) -> ChildSpec:
        """The spec of a worker that writes here."""
        return child(cls, self, id, linger, id=id, **options)

    def children(self, ids: str, cls: type[Worker] = Worker, **options: Any) -> list[ChildSpec]:
        """Several alike, such as ``"a b c"``."""
        return [self.child(id, cls, **options) for id in ids.split()]

    @asynccontextmanager
    async def run(self, tree: Tree, seed: int | None = None) -> AsyncIterator[Running]:
        """Run ``tree`` and write down what happens from its first start on; a tree that gave up is no error."""
        async with ActorSystem(tree.name, seed=seed) as system:
            system.events.subscribe(self.note)
            journal = Journal(system.events)
            yield Running(tree, system, await system.spawn(shell_for(tree), tree, name=tree.name), journal)

    @asynccontextmanager
    async def top(self, ids: str, cls: type[Worker] = Worker, **options: Any) -> AsyncIterator[Running]:
        """Run a supervisor ``top`` of equal permanent workers, their starts taken from the log."""
        async with self.run(Supervisor("top", self.children(ids, cls), **options)) as tree:
            self.take()
            yield tree


ENDS: dict[str, Reason] = {"normal": NORMAL, "shutdown": SHUTDOWN, "shutdown-detail": Shutdown("done")}
"""Clean ends by name."""

TOLD = {
    "normal": "normal",
    "shutdown": "shutdown",
    "shutdown-detail": "shutdown(done)",
    "abnormal": "crashed(Boom)",
    "killed": "killed",
}
"""Every way to end, and the reason that is written down for it."""


def end(ref: Ref[Any], how: str = "abnormal") -> None:
    """Have a worker end by itself, one of the ways of ``TOLD``."""
    if how == "killed":
        ref.kill()
    else:
        ref.tell(Crash() if how == "abnormal" else End(ENDS[how]))


async def states(tree: Handle) -> dict[str, str]:
    """The status of each child, in start order."""
    return {info.id: info.status for info in reversed(await tree.which_children())}


async def counts(tree: Handle) -> list[int]:
    """``[specs, active, supervisors, workers]``."""
    count = await tree.count_children()
    return [count.specs, count.active, count.supervisors, count.workers]


async def fails(awaitable: Awaitable[Any], kind: type[BaseException] = Exception) -> Any:
    """The error that ``awaitable`` ends with; typed ``Any`` so that its attributes can be read."""
    try:
        result = await awaitable
    except kind as error:
        return error
    raise AssertionError(f"expected {kind.__name__}, got the result {result!r}")


def letters(tree: Running) -> Log:
    """The dead letters, a short line each: what it was and why nobody got it."""
    return [f"{getattr(letter.message, 'text', letter.message)}: {letter.why}" for letter in tree.system.dead_letters]


def product_ids(*axes: tuple[str, ...]) -> list[str]:
    """Readable ids for the full grid of ``axes``."""
    return ["-".join(point) for point in itertools.product(*axes)]
