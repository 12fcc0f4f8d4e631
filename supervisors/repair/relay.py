"""Messages to a pool that has no worker here: they go to a host that has one, or wait until there is one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from actors.errors import ActorError, StashFull
from supervisors.errors import SupervisionError

if TYPE_CHECKING:
    from actors import Reply
    from actors.contact.contact import Contact
    from actors.contact.neighbour import Neighbour
    from supervisors.pool import PoolActor

ANSWER = 30.0
"""Seconds after which a question that was relayed is given up; its asker has mostly gone by then."""


class Relay:
    """See the module's text."""

    def __init__(self, pool: PoolActor, contact: Contact) -> None:
        self._pool = pool
        self._contact = contact
        self._asking: set[asyncio.Task[None]] = set()
        self._is_waiting = False

    def take(self, message: Any, hosts: set[str]) -> None:
        """The message in hand is the pool's, which has no worker; ``hosts``: the pools that have."""
        there = [each for each in self._contact.neighbours(64) if each.pid.name in hosts]
        if not there:
            self._wait(message)
            return
        chosen = self._pool.system.rng.choice(there)
        reply = self._pool.defer()
        if reply is None:
            chosen.tell(message)
            return
        task = asyncio.get_running_loop().create_task(_ask(chosen, message, reply))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    def _wait(self, message: Any) -> None:
        try:
            self._pool.stash()
        except StashFull:
            self._pool.refuse(message, SupervisionError(f"{self._pool.ref.name} has no worker"))
        else:
            self._is_waiting = True

    def wake(self) -> None:
        """There may be a worker now."""
        if self._is_waiting:
            self._is_waiting = False
            self._pool.unstash()


async def _ask(chosen: Neighbour, message: Any, reply: Reply) -> None:
    try:
        reply.send(await chosen.ask(message, ANSWER))
    except ActorError as error:
        reply.fail(error)
