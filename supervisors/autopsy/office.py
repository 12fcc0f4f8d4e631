"""What a running tree keeps for those who will ask: coroner and clerk, and, if wanted, the journal file and the door.

The office works beside the tree, and what goes wrong in it is a warning, never the tree's end.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from actors import ActorSystem

from .chronicle import Chronicle
from .clerk import Clerk
from .coroner import Coroner
from .door import Door, NoDoor

if TYPE_CHECKING:
    from supervisors.running import Running

logger = logging.getLogger("planaria")


class Office:
    """Entered before the system of its tree and left after it: those who outlive their tree die in the very end."""

    def __init__(self) -> None:
        self.coroner = Coroner()
        self.door: Door | None = None
        self._ends: list[Callable[[], None]] = []

    def attend(self, system: ActorSystem, file: str | os.PathLike[str] | None = None) -> None:
        """Hear the events of ``system`` from now on; ``file``: where its journal goes, ``None`` for none."""
        loop = asyncio.get_running_loop()
        self._ends += [system.events.subscribe(self.coroner.note), Clerk(self.coroner, loop).close]
        if file is not None:
            chronicle = Chronicle(file, system.name, self.coroner, system.now, loop.call_soon)
            self._ends += [system.events.subscribe(chronicle.note), chronicle.close]

    async def open_door(self, running: Running) -> None:
        """Let this user's other processes ask; a warning where that cannot be."""
        door = Door(running)
        try:
            await door.open()
        except NoDoor as error:
            logger.warning("%s has no door, so `planaria why` cannot ask it: %s", running.name, error)
        else:
            self.door = door

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for end in self._ends:
            end()
        if self.door is not None:
            await self.door.close()
