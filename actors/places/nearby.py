"""Lodgings on the same loop: for simulated runs, in which there are no processes and no threads.

Messages are bytes on their way, as over any link; a life that is killed ends at once, without a hook.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from actors.exits import KILL
from actors.links import send_exit
from actors.signs import Signs
from actors.system import ActorSystem

from .endpoint import Endpoint
from .ledger import Ledger
from .pipe import Pipe, Post
from .resident import Resident

if TYPE_CHECKING:
    from .deputy import Lodger

DELAY = 0.0001
"""Seconds that a frame takes."""


class Room:
    """One lodging: see :class:`~.deputy.Lodging`."""

    def __init__(self, system: ActorSystem) -> None:
        self.ledger = Ledger()
        self.process: int | None = None
        self.host: str | None = None
        self._system = system
        self._pipe: Pipe | None = None
        self._inner: ActorSystem | None = None
        self._end: asyncio.Task[None] | None = None
        self._is_killed = False
        self.seen = Signs()

    async def open(self, endpoint: Endpoint, lost: Callable[[str], None]) -> Pipe:
        """See :class:`~.deputy.Lodging`."""
        inner = ActorSystem(self._system.name, seed=self._system.rng.getrandbits(32))
        await inner.__aenter__()
        self._inner = inner
        far = Endpoint(inner)

        def gone(how: str) -> None:
            far.lost()
            self._end = asyncio.get_running_loop().create_task(inner.close(0.0))

        near, there = Pipe(endpoint, in_order(), lost), Pipe(far, in_order(), gone)
        Pipe.pair(near, there)
        self._pipe = near
        await far.open(there)
        await inner.spawn(Resident, far, self.ledger, there.close)
        if self._is_killed:
            self._cut()
        return near

    def begun(self) -> None:
        """See :class:`~.deputy.Lodging`: nobody hangs in virtual time."""

    def kill(self) -> None:
        """See :class:`~.deputy.Lodging`."""
        self._is_killed = True
        if self._pipe is not None:
            self._cut()

    def signs(self) -> Signs:
        """See :class:`~.deputy.Lodging`: what the test says."""
        return self.seen

    def end(self, how: str) -> None:
        """Have it end as a process might, by a signal or a bound: for tests."""
        self._cut(how)

    def _cut(self, how: str = "signal 9") -> None:
        """All that lives there ends at once, without a hook, and nothing that it still says is heard."""
        if self._pipe is None or self._pipe.is_over or self._inner is None:
            return
        self._pipe.cut(how)
        cells = list(self._inner._roots)
        for cell in cells:
            cells.extend(cell.extras.places.values() if cell.extras is not None else ())
        for cell in cells:
            send_exit(cell, KILL)
            cell.scheduler.drop(cell)


def in_order() -> Post:
    """Calls on this loop, :data:`DELAY` later; timers that are due together have no order by themselves."""
    loop = asyncio.get_running_loop()
    waiting: deque[Callable[[], None]] = deque()

    def arrive() -> None:
        waiting.popleft()()

    def post(call: Callable[[], None]) -> None:
        waiting.append(call)
        loop.call_later(DELAY, arrive)

    return post


class Nearby:
    """See the module's text."""

    def __init__(self, system: ActorSystem) -> None:
        self._system = system

    async def take(self, place: Any, lodger: Lodger | None = None) -> Room:
        """See :class:`~.deputy.Lodgings`."""
        return Room(self._system)

    async def close(self) -> None:
        """See :class:`~.deputy.Lodgings`: nothing is left to be closed."""
