"""A tree that runs: started with ``async with tree.running() as running``, managed and looked at through the handle."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
    nullcontext,
)
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from actors import (
    SHUTDOWN,
    ActorDied,
    ActorSystem,
    Reason,
    Ref,
    StopTimeout,
    Watchdog,
)
from actors.keeper import places_of, vacate
from actors.watchdog import WATCHDOG

from . import dynamic, pool, supervisor  # noqa: F401 - makes their kinds of spec known to the shell
from .autopsy.coroner import Coroner
from .autopsy.office import Office
from .autopsy.record import Autopsy
from .errors import TreeEnded, TreeGaveUp
from .events import GaveUp
from .handle import Handle
from .introspect import Snapshot, snapshot_of
from .journal import Journal
from .log import log_events
from .shell import shell_for
from .spec import Tree
from .stream import EventStream

if TYPE_CHECKING:
    from actors.cluster.values import Membership


class Running(Handle):
    """The whole tree, by its root.  ``system`` is the actor system it runs in, ``journal`` the record of its events,
    ``coroner`` that of its deaths.
    """

    def __init__(
        self,
        tree: Tree,
        system: ActorSystem,
        ref: Ref[Any],
        journal: Journal,
        coroner: Coroner | None = None,
        gave_up: Sequence[GaveUp] = (),
    ) -> None:
        super().__init__(ref)
        self.tree = tree
        self.system = system
        self.journal = journal
        self.coroner = coroner or Coroner()
        self._gave_up = gave_up

    @property
    def gave_up(self) -> GaveUp | None:
        """The event with which the root gave up, if it did."""
        return self._gave_up[0] if self._gave_up else None

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

    def why(self, path: str, last: int | None = None) -> list[Autopsy]:
        """Why the lives at ``path`` have died: an autopsy for each death that is remembered, the newest first.

        At most ``last`` of them.  The last thousand deaths of the tree are remembered, and the last five of each of ten
        thousand places; places that are no more have theirs too.  The root's own path is its name.  Raises
        ``NoSuchPath``.
        """
        return self.coroner.why(self.full_path(path), last)

    def full_path(self, path: str) -> str:
        """``path`` with the root's name before it, of a place that is there or whose deaths are remembered.

        Raises ``NoSuchPath``.
        """
        keys = [key for key in path.split("/") if key]
        below = "/".join([self.name, *keys])
        for full in (below, "/".join(keys)):  # a path that begins with the root's own name is understood too
            if self.coroner.count(full):
                return full
        return self.ref(path).name

    def blocking(self) -> list[str]:
        """The paths of those who hold the loop for long, or did of late: see ``Watchdog``."""
        return self.system.blocking()

    @property
    def is_ready(self) -> bool:
        """Whether work is welcome: the tree runs, nobody in it is missing, and nobody holds the loop or did of late."""
        return self.is_alive and not self.missing() and not self.blocking()

    def events(self) -> EventStream:
        """Supervision events from now on, as they happen, until the tree has ended: ``async for event in ...``.

        A reader that falls ten thousand behind loses the oldest, counted in ``missed``; ``journal`` and
        ``system.events`` are the other ways.
        """
        return EventStream(self.system.events, self._ref)

    def _note_end(self, ended: asyncio.Future[Reason]) -> None:
        """The root has no supervisor that would announce its death."""
        if not ended.cancelled():
            self.coroner.root_ended(self.name, self._ref.pid.incarnation, ended.result(), self.system.now())

    def __repr__(self) -> str:
        return f"<Running {self.name!r} {'alive' if self.is_alive else 'ended'}>"


@asynccontextmanager
async def running(
    tree: Tree,
    *,
    seed: int | None = None,
    log: bool = True,
    watchdog: Watchdog | None = WATCHDOG,
    door: bool = False,
    journal: str | os.PathLike[str] | None = None,
    system: ActorSystem | None = None,
    cluster: Membership | None = None,
) -> AsyncIterator[Running]:
    """Start ``tree`` in a system of its own, and stop it in reverse order when the block is left.

    ``system``: one that runs already, to start it there instead; it goes on when the tree has ended.  Several that
    share a transport are the hosts on which one tree can run several times; its pools of size ``Desired`` are then one.
    ``seed`` and ``watchdog`` are that system's own.

    ``seed`` makes everything random in it repeatable; ``log=False`` keeps its events out of ``logging``; ``watchdog``
    looks for handlers that hold the loop, ``None``: nobody does.  ``door=True`` lets ``planaria why`` of the same user
    ask it, over a local socket, from when it begins to start; ``cluster``: how this process is a host among others
    while the tree runs, for children at ``place=Host(...)``; ``None``: it is none; ``journal``: a file that every event
    and autopsy is appended to, a JSON object a line.

    Raises ``StartFailed`` naming the child that did not start.  If the tree gives up meanwhile, the block goes on (see
    ``wait_ended``) and ``TreeGaveUp`` is raised when it is left without another error; ``TreeEnded`` if its root was
    killed or crashed.
    """
    if watchdog is not None and not log:
        watchdog = replace(watchdog, log=False)
    home = ActorSystem(tree.name, seed=seed, watchdog=watchdog) if system is None else nullcontext(system)
    with ExitStack() as ends:
        async with Office() as office, home as system, AsyncExitStack() as hosts:
            office.attend(system, journal)
            if log:
                ends.callback(log_events(system.events))
            await hosts.enter_async_context(_host(system, cluster))
            handle = await _start(tree, system, office, door, ends)
            ended = _awaited(handle)
            try:
                yield handle
            finally:
                await asyncio.sleep(0)  # let the end of a tree that has ended be known
                if ended.cancelled():  # with all other tasks: whoever did so meant no tree
                    ended = _awaited(handle)
                    await asyncio.sleep(0)
                reason = ended.result() if ended.done() else SHUTDOWN
                try:
                    await handle.stop()
                    await ended
                    await asyncio.sleep(0)  # let it be known
                finally:
                    ended.cancel()
                    vacate(handle._ref)
            if handle.gave_up is not None:
                raise TreeGaveUp(tree.name, handle.gave_up)
            if not reason.is_clean:
                raise TreeEnded(tree.name, reason)


def _awaited(handle: Running) -> asyncio.Future[Reason]:
    ended = asyncio.ensure_future(handle.wait_ended())
    ended.add_done_callback(handle._note_end)
    return ended


def _host(system: ActorSystem, membership: Membership | None) -> AbstractAsyncContextManager[object]:
    if membership is None:
        return nullcontext()
    from actors.cluster.cluster import Cluster  # loaded where there are several hosts

    return Cluster(system, membership)


async def _start(tree: Tree, system: ActorSystem, office: Office, door: bool, ends: ExitStack) -> Running:
    """Start the tree, with all that listens to it, until ``ends``.

    If that is cancelled, what has started is stopped as ever, and if it is once more, killed.
    """
    record = Journal(system.events)
    ends.callback(record.close)
    gave_up: list[GaveUp] = []

    def watch(event: object) -> None:
        if isinstance(event, GaveUp) and event.path == tree.name:
            gave_up.append(event)

    ends.callback(system.events.subscribe(watch))  # before it starts: it may give up as soon as it has
    namesake = system.whereis(tree.name)
    starting = asyncio.ensure_future(system.spawn(shell_for(tree), tree, name=tree.name))
    try:
        await asyncio.sleep(0)  # it begins, and then there is somebody to ask about
        root = system.whereis(tree.name)
        if root is None or root is namesake:
            root = await starting
        handle = Running(tree, system, root, record, office.coroner, gave_up)
        if door:
            await office.open_door(handle)
        await asyncio.shield(starting)
        return handle
    except asyncio.CancelledError:
        root = system.whereis(tree.name)
        if root is None or root is namesake:
            starting.cancel()  # it had not begun
            await asyncio.gather(starting, return_exceptions=True)
        else:
            await asyncio.gather(starting, root.stop(SHUTDOWN), return_exceptions=True)
        raise


def _all_places(ref: Ref[Any]) -> list[Ref[Any]]:
    places = [ref]
    for below in places:
        places.extend(places_of(below).values())
    return places
