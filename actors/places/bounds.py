"""Who keeps a process within its bounds: control groups where they may be made, else the limits of the process itself.

A group bounds what is really used, by the life and all that it starts, and is told of by the kernel when it had to kill
for it.  The process's own limit (``RLIMIT_DATA``) bounds what is asked for, which is refused as a ``MemoryError``.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import TYPE_CHECKING

from actors.engines.thespian.groups import Group, Groups, find_homes, remove_all
from actors.engines.thespian.status import Limits

if TYPE_CHECKING:
    from actors.engines.thespian.isolate import Isolate
    from actors.engines.thespian.status import ExitStatus

    from .place import Process

# Seconds until it is tried again to remove groups in which something still ends, and how often: it takes milliseconds.
AGAIN, TIMES = 0.05, 40

logger = logging.getLogger("planaria")


class Bounds:
    """Those of the processes of one node.  Nothing is looked for before a process with a bound is wanted."""

    def __init__(self) -> None:
        self._groups: Groups | None = None
        self._left: list[Group] = []
        self._task: asyncio.Task[None] | None = None

    def of(self, place: Process) -> tuple[Limits, Group | None]:
        """What a process at ``place`` is to be limited to by itself, and the group that it is to be put in."""
        group = self._make(place) if place.memory is not None or place.cores is not None else None
        memory = None if group is not None and group.bounds_memory else place.memory
        return Limits(memory=memory, cpu=place.cpu), group

    def _make(self, place: Process) -> Group | None:
        try:
            if self._groups is None:
                homes, why = find_homes()
                self._groups = Groups(homes)
                if why:
                    logger.debug("bounds of processes are their own limits, for no control group may be made: %s", why)
                if "cpu" not in homes and place.cores is not None:
                    logger.warning("Process(cores=%g) bounds nothing here: %s", place.cores, why)
                self._groups.sweep()
            return self._groups.make(place.memory, place.cores)
        except OSError as error:
            self._give_up(error)
            return None

    def hold(self, group: Group, isolate: Isolate) -> bool:
        """Put a process in its group; whether that went well.  It has done nothing yet."""
        try:
            group.add(isolate.pid)
        except OSError as error:
            if isolate.is_alive and not isolate.has_ended():
                self._give_up(error)
            return False
        return True

    def _give_up(self, error: OSError) -> None:
        logger.debug("bounds of processes are their own limits from now on, for control groups failed: %s", error)
        self._groups = Groups({})

    def discard(self, group: Group) -> None:
        """The process in it has ended: remove it, as soon as all has ended that that one has started."""
        self._left = remove_all([*self._left, group])
        if self._left and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._remove())

    async def _remove(self) -> None:
        for _ in range(TIMES):
            await asyncio.sleep(AGAIN)
            self._left = remove_all(self._left)
            if not self._left:
                return

    async def close(self) -> None:
        """Remove what is left; all processes have ended."""
        if self._task is not None:
            await self._task
        self._left = remove_all(self._left)


def told(status: ExitStatus, group: Group | None) -> str:
    """How a process ended, in words."""
    if group is not None and status.signal == signal.SIGKILL and group.has_run_out():
        return f"{status} (out of memory)"
    return str(status)
