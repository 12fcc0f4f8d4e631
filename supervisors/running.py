"""A tree that runs: started with ``async with tree.running() as running``, managed and looked at through the handle."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from actors import SHUTDOWN, ActorDied, ActorSystem, Events, Reason, Ref, Request, StopTimeout
from actors.keeper import place_at, places_of

from . import dynamic, pool, supervisor  # noqa: F401 - makes their kinds of spec known to the shell
from .errors import NoSuchPath, SpecError, TreeEnded, TreeGaveUp
from .events import GaveUp, SupervisionEvent
from .introspect import Snapshot, snapshot_of
from .journal import Journal
from .log import log_events
from .messages import (
    ChildCount,
    ChildInfo,
    CountChildren,
    DeleteChild,
    GetChildSpec,
    Resize,
    RestartChild,
    StartChild,
    TerminateChild,
    WhichChild,
    WhichChildren,
)
from .shell import shell_for
from .spec import ChildSpec, DynamicSupervisor, Pool, Spec, Supervisor, Tree

T = TypeVar("T")

EVENTS_KEPT = 10_000
"""Events an ``events()`` reader may be behind; the oldest are dropped, and counted in its ``missed``."""


class Handle:
    """One supervisor of a running tree: its management calls, as OTP's ``supervisor`` module has them.

    Every call raises ``ActorDied`` with the reason if the supervisor is not there (any more).
    """

    def __init__(self, ref: Ref[Any]) -> None:
        self._ref = ref

    @property
    def name(self) -> str:
        """The path of this supervisor."""
        return self._ref.name

    def ref(self, path: str) -> Ref[Any]:
        """The ref of the place at ``path`` below here, such as ``"orders/worker"``.  Raises ``NoSuchPath``."""
        keys = [key for key in path.split("/") if key]
        found, missing = _walk(self._ref, keys)
        if missing and keys[:1] == [self._ref.name]:  # a path that begins with the root's own name is understood too
            found, missing = _walk(self._ref, keys[1:])
        if missing:
            below = "" if found is self._ref else f"{found.name.removeprefix(self._ref.name + '/')}/"
            raise NoSuchPath(path, [f"{below}{known}" for known in places_of(found)])
        return found

    def at(self, path: str) -> Handle:
        """The handle of the supervisor at ``path``.  Raises ``NoSuchPath``."""
        return Handle(self.ref(path))

    async def start_child(self, spec: Spec) -> Ref[Any] | None:
        """Add a child and start it, after all others; ``None`` if it raised ``Ignore``.

        Raises ``ChildStarted`` (the id runs already), ``ChildPresent`` (it is known but does not run), ``ChildFailed``
        (then the spec is forgotten again), ``MaxChildren``.
        """
        if not isinstance(spec, ChildSpec | Supervisor | DynamicSupervisor | Pool):
            raise SpecError("spec", spec, "must be a child(...) or a supervisor")
        return await self._manage(StartChild(spec))

    async def terminate_child(self, id: str) -> None:
        """End a child, or call its restart off.  Its spec stays unless it is temporary or dynamic.

        Raises ``ChildNotFound``.
        """
        await self._manage(TerminateChild(id))

    async def restart_child(self, id: str) -> Ref[Any] | None:
        """Start a child that does not run; one that waits for its backoff starts now.

        Raises ``ChildRunning``, ``ChildRestarting``, ``ChildNotFound``, ``ChildFailed`` (then it is not retried).
        """
        return await self._manage(RestartChild(id))

    async def delete_child(self, id: str) -> None:
        """Forget a child that does not run.  Raises ``ChildRunning``, ``ChildRestarting``, ``ChildNotFound``."""
        await self._manage(DeleteChild(id))

    async def which_children(self) -> list[ChildInfo]:
        """All children, the most recently added first."""
        return await self._manage(WhichChildren())

    async def which_child(self, id: str) -> ChildInfo:
        """One child.  Raises ``ChildNotFound``."""
        return await self._manage(WhichChild(id))

    async def count_children(self) -> ChildCount:
        """The children, counted."""
        return await self._manage(CountChildren())

    async def get_childspec(self, id: str) -> Spec:
        """The spec of a child with all defaults.  Raises ``ChildNotFound``."""
        return await self._manage(GetChildSpec(id))

    async def resize(self, size: int) -> int:
        """Change the number of workers of a pool; returns the previous one.  Only for pools."""
        if type(size) is not int or size < 1:
            raise SpecError("size", size, "must be a whole number, at least 1")
        return await self._manage(Resize(size))

    async def _manage(self, request: Request[T]) -> T:
        return await self._ref.ask(request, timeout=None)


class Running(Handle):
    """The whole tree, by its root.  ``system`` is the actor system it runs in, ``journal`` the record of its events.

    ``gave_up``: the event with which the root gave up, if it did.
    """

    def __init__(self, tree: Tree, system: ActorSystem, ref: Ref[Any], journal: Journal) -> None:
        super().__init__(ref)
        self.tree = tree
        self.system = system
        self.journal = journal
        self.gave_up: GaveUp | None = None

    @property
    def is_alive(self) -> bool:
        """Whether the root runs."""
        return self._ref.is_alive

    async def wait_ended(self) -> Reason:
        """Wait until the tree has ended, by itself or by :meth:`stop`; returns the root's exit reason."""
        return await self._ref.wait_ended()

    async def stop(self, reason: Reason = SHUTDOWN, timeout: float | None = None) -> None:
        """Stop the tree in reverse order, each child within its ``shutdown``; nothing happens if it has ended.

        Raises ``StopTimeout`` after ``timeout`` seconds (default: no limit of its own), and then it goes on stopping.
        """
        try:
            await self._ref.stop(reason, timeout)
        except StopTimeout:
            raise
        except ActorDied:
            return

    def kill(self) -> None:
        """End the tree at once: no ``stopping`` runs anywhere."""
        for ref in _all_places(self._ref):  # supervisors before their children, so that nobody restarts anything
            ref.kill()

    def snapshot(self) -> Snapshot:
        """The whole tree at this moment, as values."""
        return snapshot_of(self._ref)

    def missing(self) -> list[str]:
        """The paths of children that should run and do not: starting, restarting or waiting for their backoff."""
        return [node.path for node in self.snapshot().walk() if node.is_missing]

    def events(self) -> EventStream:
        """Supervision events from now on, as they happen, until the tree has ended: ``async for event in ...``.

        A reader that falls ten thousand behind loses the oldest, counted in ``missed``; ``journal`` and
        ``system.events`` are the other ways.
        """
        return EventStream(self.system.events, self._ref)

    def __repr__(self) -> str:
        return f"<Running {self.name!r} {'alive' if self.is_alive else 'ended'}>"


class EventStream:
    """The events of a running tree for one reader; ``missed`` counts those it was too slow for."""

    def __init__(self, events: Events, root: Ref[Any]) -> None:
        self.missed = 0
        self._waiting: deque[SupervisionEvent] = deque()
        self._arrival = asyncio.Event()
        self._unsubscribe = events.subscribe(self._take)
        self._ended = asyncio.ensure_future(root.wait_ended())
        self._ended.add_done_callback(lambda _: self._arrival.set())

    def _take(self, event: object) -> None:
        if not isinstance(event, SupervisionEvent):
            return
        if len(self._waiting) >= EVENTS_KEPT:
            self._waiting.popleft()
            self.missed += 1
        self._waiting.append(event)
        self._arrival.set()

    def close(self) -> None:
        """Read no further; done by itself when the tree has ended."""
        self._unsubscribe()
        self._ended.cancel()

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> SupervisionEvent:
        while not self._waiting:
            if self._ended.done():
                self.close()
                raise StopAsyncIteration
            self._arrival.clear()
            await self._arrival.wait()
        return self._waiting.popleft()


@asynccontextmanager
async def running(tree: Tree, *, seed: int | None = None, log: bool = True) -> AsyncIterator[Running]:
    """Start ``tree`` in a system of its own, and stop it in reverse order when the block is left.

    ``seed`` makes everything random in it repeatable; ``log=False`` keeps its events out of ``logging``.  Raises
    ``StartFailed`` naming the child that did not start.  If the tree gives up meanwhile, the block goes on (see
    ``wait_ended``) and ``TreeGaveUp`` is raised when it is left without another error; ``TreeEnded`` if its root was
    killed or crashed.
    """
    async with ActorSystem(tree.name, seed=seed) as system:
        journal = Journal(system.events)
        if log:
            log_events(system.events)
        handle = Running(tree, system, await system.spawn(shell_for(tree), tree, name=tree.name), journal)

        def watch(event: object) -> None:
            if isinstance(event, GaveUp) and event.path == tree.name:
                handle.gave_up = event

        system.events.subscribe(watch)
        ended = asyncio.ensure_future(handle.wait_ended())
        try:
            yield handle
        finally:
            await asyncio.sleep(0)  # let the end of a tree that has ended be known
            reason = ended.result() if ended.done() else SHUTDOWN
            ended.cancel()
            await handle.stop()
        if handle.gave_up is not None:
            raise TreeGaveUp(tree.name, handle.gave_up)
        if not reason.is_clean:
            raise TreeEnded(tree.name, reason)


def _all_places(ref: Ref[Any]) -> list[Ref[Any]]:
    places = [ref]
    for below in places:
        places.extend(places_of(below).values())
    return places


def _walk(ref: Ref[Any], keys: list[str]) -> tuple[Ref[Any], list[str]]:
    """The place that ``keys`` lead to, as far as they lead anywhere, and what is left of them."""
    for index, key in enumerate(keys):
        below = place_at(ref, key)
        if below is None:
            return ref, keys[index:]
        ref = below
    return ref, []
