"""A tree that several hosts could run and one does: adopted by the next when that one dies, the root included."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, suppress
from typing import Any, Self

from actors import Actor, ActorSystem, Ref
from actors.errors import ActorError
from actors.keeper import life_at
from actors.messages import Pid
from actors.tissue.crdt.lww import LWWMap
from actors.tissue.repair.leases import Fence, LeaseConfig, Leases
from supervisors.backoff import Backoff
from supervisors.errors import SpecError
from supervisors.events import SupervisionEvent
from supervisors.fields import check_id, check_seconds
from supervisors.running import Running
from supervisors.spec import Tree

from .events import Dropped, Taken
from .mandate import Mandate

__all__ = ["Fence", "Standby"]

logger = logging.getLogger("planaria")

STEPS = 25
"""How often in the length of a lease a standby looks."""

ORDERLY, AT_LATEST = 0.4, 0.15
"""What is left of a lease, as a share of its length, when a tree is asked to stop, and when it is killed."""

WITNESSES = 64
"""Hosts of one group that know each other."""

AGAIN = Backoff(0.1, 30.0)
"""The pauses of a host that is alone and whose tree ends again and again."""


class Candidate(Actor):
    """Where a standby lives in the tissue."""


class Standby:
    """Runs ``tree`` if no other host does; enter it on each of them::

        async with ActorSystem("east", transport=wires) as system:
            async with Standby(tree, hosts=["east", "west", "north"], system=system) as standby:
                ...

    One of the hosts runs the tree; its supervisor is whoever holds the lease ``supervise(<group>)``.  If that host
    dies, leaves or is cut off, or its tree ends (gives up, is killed), the next by rendezvous hashing adopts it.

    - ``tree``: the tree, or a function that makes it of the *token*: a number that is higher for every adoption.  Give
      it to children that write to what others read, and have the reader ask a ``Fence``: ``fence.admit(token)`` is
      false for whoever was replaced.
    - ``hosts``: the names of the systems that vote; 3 survive the loss of 1, 5 of 2.  A host runs the tree only while a
      majority has confirmed that, and stops it before that ends, so there are never two, however the network is cut;
      and none without a majority.  Empty: nobody votes; whoever is left runs it, and so do both sides of a partition.
    - ``system``: where to run it; ``None``: in one of its own, which is alone.
    - ``group``: its name; that of the tree, unless that is a function.
    - ``lease``: seconds after which a host that is not heard of has lost it, 5.0.  As long takes the first adoption
      after a start: who has just been started does not know what it had promised.
    - ``keep``: groups whose contact state each standby keeps, so that children find it warm where they are adopted: the
      path of their supervisor, or a group they join.  The standbys are members of these groups then.

    Raises ``SpecError`` naming the field.
    """

    def __init__(
        self,
        tree: Tree | Callable[[int], Tree],
        *,
        hosts: Iterable[str] = (),
        system: ActorSystem | None = None,
        group: str | None = None,
        lease: float = 5.0,
        keep: Iterable[str] = (),
        log: bool = True,
    ) -> None:
        self._make, self.group = _made(tree, group)
        check_seconds("lease", lease)
        self.hosts = tuple(dict.fromkeys(hosts))
        if system is not None and self.hosts and system.name not in self.hosts:
            raise SpecError("hosts", self.hosts, f"must name this system too, {system.name!r}")
        if system is None and set(self.hosts) - {self.group}:
            raise SpecError("system", None, "a standby among several hosts needs one that shares their transport")
        self.lease = float(lease)
        self._system = system
        self._keep = tuple(keep)
        self._log = log
        self._running: Running | None = None
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._tree: asyncio.Task[None] | None = None
        self._stack = AsyncExitStack()
        self._token = 0
        self._failures = 0
        self._rest_until = 0.0
        self._why = ""
        self._is_leaving = False
        self._stopping: asyncio.Future[None] | None = None
        self._end_by = float("inf")
        self._others: dict[str, Pid] = {}
        self._name = f"supervise({self.group})"
        self._cell: Ref[Any]
        self._leases: Leases
        self._mandate: Mandate

    # -- what it shows -------------------------------------------------------------------------------------------------

    @property
    def running(self) -> Running | None:
        """The tree, if it runs here and has started."""
        return self._running

    @property
    def token(self) -> int | None:
        """The token of this adoption; ``None`` if the tree does not run here."""
        return self._token if self._running is not None else None

    @property
    def holder(self) -> str | None:
        """The host that is in charge, as far as is known here."""
        pid = self._leases.holder(self._name)
        return pid.name.rpartition("@")[2] if pid is not None else None

    @property
    def system(self) -> ActorSystem:
        """Where it runs."""
        assert self._system is not None
        return self._system

    async def wait_running(self) -> Running:
        """Wait until the tree runs here."""
        while self._running is None:
            self._changed.clear()
            await self._changed.wait()
        return self._running

    def __repr__(self) -> str:
        return f"<Standby {self.group!r} {'runs it' if self._running is not None else 'stands by'}>"

    # -- entering and leaving ------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        if self._system is None:
            self._system = await self._stack.enter_async_context(ActorSystem(self.group))
        await self._join()
        self._task = asyncio.get_running_loop().create_task(self._run())
        self._task.add_done_callback(self._unwatched)
        return self

    async def _join(self) -> None:
        """Be a candidate."""
        system = self.system
        self._cell = await system.spawn(Candidate, name=self._name)
        contact = self._contact = life_at(self._cell).contact.join(self._name, close=WITNESSES - 3, random=3)
        for kept in self._keep:
            contact.of(kept).act("contact", lambda state, now: [])
        now = self._began = system.now()
        rng = random.Random(system.rng.getrandbits(64))
        config = LeaseConfig(duration=self.lease, delta=min(1.0, self.lease / 5))
        self._leases = Leases(contact.pid, rng, now, contact.share("leases", LWWMap), config)
        asks, votes = contact.share("asks", LWWMap), contact.share("votes", LWWMap)
        self._mandate = Mandate(system.name, contact.pid.incarnation, self.hosts, asks, votes, self.lease, now)
        self._others = {}

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._is_leaving = True
        try:
            if self._tree is not None:  # it is watched meanwhile: the lease holds until it has ended
                self._ask_to_end("its standby is left")
                await asyncio.wait([self._tree])
        finally:
            self._task.cancel()
            if self._tree is None:  # else the others have to wait until the lease has ended
                self._give_up(self.system.now())
            with suppress(ActorError):
                await self._cell.stop()
            await self._stack.aclose()

    # -- the course ----------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            if not self._cell.is_alive and self._tree is None and not self._is_leaving:
                await self._join()
            now = self.system.now()
            if self._cell.is_alive:
                self._look(now)
                self._decide(now)
            else:
                self._kill("its candidate is dead")
            await asyncio.sleep(self.lease / STEPS)

    def _unwatched(self, task: asyncio.Task[None]) -> None:
        """Nobody watches the lease any more: a tree that still runs must not."""
        if not task.cancelled() and task.exception() is not None:
            logger.error("the standby of %s has failed", self.group, exc_info=task.exception())
        self._kill("nobody watches its lease")

    def _look(self, now: float) -> None:
        """Who is there, and who has the lease."""
        others = {each.pid.name: each.pid for each in self._contact.neighbours(WITNESSES)}
        for name, pid in self._others.items():
            if others.get(name) != pid:
                self._leases.died(pid, now)
        if others != self._others:
            self._leases.witnesses(dict.fromkeys((self._contact.pid, *others.values()), 1.0), now)
        self._others = others
        if self._is_settled(now):
            if now >= self._rest_until:
                self._leases.seek(self._name, now)
            self._leases.changed(now)
            self._leases.tick(now)
        if self.hosts:
            self._mandate.tick(now)

    def _is_settled(self, now: float) -> bool:
        """Whether it is known who else is there: nobody adopts anything before."""
        others = [host for host in self.system.site.transport.hosts() if host != self.system.name]
        return not others or bool(self._others and self._contact.is_warm) or now >= self._began + self.lease

    def _decide(self, now: float) -> None:
        """Start the tree, or stop it in time."""
        is_held = self._leases.token(self._name, now) is not None
        left = self._mandate.until - now if self.hosts else self.lease if is_held else 0.0
        if self._tree is None:
            if not is_held:
                self._mandate.resign(now)
            elif now >= self._rest_until and not self._is_leaving:
                self._mandate.stand(now)
                if not self.hosts or left > ORDERLY * self.lease:
                    self._start(now)
        elif left <= AT_LATEST * self.lease and (self.hosts or now >= self._end_by):
            self._kill("no majority has confirmed it in time")
        elif not is_held:
            self._ask_to_end("another host has the lease")
        elif left <= ORDERLY * self.lease:
            self._ask_to_end("no majority has confirmed it in time")

    # -- the tree ------------------------------------------------------------------------------------------------------

    def _start(self, now: float) -> None:
        self._why, self._end_by = "", float("inf")
        self._token = self._mandate.token
        self._publish(Taken(now, self.group, self.system.name, self._token))
        self._tree = asyncio.get_running_loop().create_task(self._serve(now))
        self._tree.add_done_callback(self._ended)

    async def _serve(self, began: float) -> None:
        """Run the tree to its end, whatever that is."""
        try:
            async with self._make(self._token).running(log=self._log, system=self.system) as running:
                self._running = running
                self._changed.set()
                reason = await running.wait_ended()
                self._why = self._why or f"it has ended: {reason}"
        finally:
            self._running = None
            self._changed.set()
            if self.system.now() - began >= self.lease:
                self._failures = 0

    def _ended(self, task: asyncio.Task[None]) -> None:
        """The tree is over, here: others may have it; whoever is alone tries again."""
        self._tree = None
        now = self.system.now()
        error = None if task.cancelled() else task.exception()
        why = self._why or (f"it did not start: {error}" if error is not None else "it was stopped")
        self._publish(Dropped(now, self.group, self.system.name, self._token, why))
        self._failures += 1
        if self._others:
            self._give_up(now)
            self._rest_until = now + self.lease
        else:
            self._resign(now)
            self._rest_until = now + AGAIN.delay(self._failures - 1, self.system.rng)

    def _give_up(self, now: float) -> None:
        """Let others have it at once."""
        self._leases.release(self._name, now)
        self._resign(now)

    def _resign(self, now: float) -> None:
        """Stand no more; a candidate whose life is over does not anyway."""
        if self._cell.is_alive:
            self._mandate.resign(now)

    def _ask_to_end(self, why: str) -> None:
        """Stop the tree in order."""
        if self._why:
            return
        self._why = why
        self._end_by = self.system.now() + (ORDERLY - AT_LATEST) * self.lease
        if self._running is None:
            self._kill(why)
        else:
            self._stopping = asyncio.ensure_future(self._running.stop())

    def _kill(self, why: str) -> None:
        """End the tree at once."""
        self._why = self._why or why
        if self._running is not None:
            self._running.kill()
        elif self._tree is not None:
            self._tree.cancel()

    def _publish(self, event: SupervisionEvent) -> None:
        self.system.events.publish(event)
        if self._log:
            logger.info("%s", event.describe(), extra={"event": event})


def _made(tree: Tree | Callable[[int], Tree], group: str | None) -> tuple[Callable[[int], Tree], str]:
    """What makes the tree, and the group's name.  Raises ``SpecError``."""
    if isinstance(tree, Tree):
        name = tree.name if group is None else group
        check_id("group", name)
        return (lambda token: tree), name
    if not callable(tree):
        raise SpecError("tree", tree, "must be a supervisor, or a function that makes one of a token")
    check_id("group", group)
    return tree, str(group)
