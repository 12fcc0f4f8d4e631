"""Lodgings that are processes: forked by the nursery, reached over a unix socket in its private folder."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.engines.thespian.nursery import Nursery
from actors.signs import Signs

from .beat import beat, link_of, too_long
from .bounds import Bounds, told
from .endpoint import Endpoint
from .forking import to_load
from .ledger import Ledger
from .place import Process
from .program import main_module
from .usage import is_ending, usage_of

if TYPE_CHECKING:
    from actors.engines.thespian.groups import Group
    from actors.engines.thespian.isolate import Isolate
    from actors.engines.thespian.status import ExitStatus
    from actors.system import ActorSystem
    from actors.wire.link import Link

    from .deputy import Lodger

ENTRY = "actors.places.isolate:main"

REHEARSAL = "actors.places.rehearsal:rehearse"

MODULES = ("actors.places.isolate", "actors.places.rehearsal")
"""What the two are in."""

LOADER = "actors.places.program:load_main"

CLOSED, OVER, SILENT = "the connection was closed", "exit 0", "silent"
"""How a link ends that the other side has closed, one whose life is over, and one on which nothing was heard."""

FROM_INSIDE = "its link was closed from inside"
"""Why a process had to be killed that lived on when its link did not: no kernel closes one and not the other."""

WORTH_TELLING = 0.5
"""The share of its patience for which a handler may hold its process before that is reported: it is half killed."""

GRACE = 0.1
"""Seconds from the end of its link in which a process may end by itself: what it takes to close a loop and to leave."""

MAIN = 0
"""The number of the life among its side's exports."""


class Cabin:
    """One process: see :class:`~.deputy.Lodging`."""

    def __init__(
        self,
        isolate: Isolate,
        ledger: Ledger,
        patience: float,
        familiarise: Callable[[str], None],
        group: Group | None = None,
    ) -> None:
        self.ledger = ledger
        self._group = group
        self._familiarise = familiarise
        self._isolate = isolate
        self._patience = patience
        self._why = ""
        self._is_cut = True
        self._link: Link | None = None
        self._grace: asyncio.TimerHandle | None = None
        self._lost: Callable[[str], None]
        self.process = isolate.pid
        self.host: str | None = None

    async def open(self, endpoint: Endpoint, lost: Callable[[str], None]) -> Link:
        """See :class:`~.deputy.Lodging`."""
        self._lost = lost
        self._isolate.on_exit(self._on_exit)
        link = self._link = link_of(endpoint, self._on_cut, is_caller=True, patience=math.inf)
        await self._isolate.open(lambda: link)
        self._is_cut = link.is_over
        beat(link)
        main = endpoint.stand_ins.get(MAIN)
        if main is not None and main.blueprint.cls.__module__ != "__main__":
            self._familiarise(main.blueprint.cls.__module__)  # the next life is likely to need it too
        return link

    def begun(self) -> None:
        """See :class:`~.deputy.Lodging`."""
        if self._link is not None:
            self._link.expect(self._patience)

    def _on_cut(self, why: str) -> None:
        """The link is gone: so is the process, or it is of no use any more."""
        self._is_cut = True
        if not why.startswith((CLOSED, OVER)):
            self._why = too_long(self._patience) if why.startswith(SILENT) else why
        if self._isolate.status is not None:
            self._gone(self._isolate.status)
        elif why.startswith(CLOSED) and not is_ending(self.process):
            # It may be about to end, and say by its exit code why: its loop closes the link first.
            self._grace = asyncio.get_running_loop().call_later(GRACE, self._end_grace)
        else:
            self._isolate.kill()

    def _end_grace(self) -> None:
        if not is_ending(self.process):
            self._why = FROM_INSIDE
        self._isolate.kill()

    def _on_exit(self, status: ExitStatus) -> None:
        if self._is_cut:
            self._gone(status)

    def _gone(self, status: ExitStatus) -> None:
        if self._grace is not None:
            self._grace.cancel()
        lost, self._lost = self._lost, _nobody
        how = told(status, self._group)
        lost(f"{how}: {self._why}" if self._why else how)

    def kill(self) -> None:
        """See :class:`~.deputy.Lodging`."""
        self._isolate.kill()

    def signs(self) -> Signs:
        """See :class:`~.deputy.Lodging`.  Read from the kernel, so a process that is stuck is seen too."""
        if not self._isolate.is_alive:
            return Signs()
        memory, cpu, can_run = usage_of(self.process) or (None, None, None)
        silence = self._link.silence if self._link is not None and self._link.is_ready else None
        return Signs(memory, cpu, silence, can_run)


def _nobody(how: str) -> None:
    """The end was told already."""


class Processes:
    """The processes of one system.  Nothing is started before the first is wanted."""

    def __init__(self, system: ActorSystem) -> None:
        self._system = system
        self._numbers = itertools.count(1)
        self._nursery: Nursery | None = None
        self._opening: asyncio.Task[Nursery] | None = None
        self._bounds = Bounds()
        system.guard.doors.append(lambda: self._nursery.descriptors() if self._nursery is not None else ())

    async def take(self, place: Any, lodger: Lodger | None = None) -> Cabin:
        """See :class:`~.deputy.Lodgings`."""
        process = place if isinstance(place, Process) else Process()
        nursery = await self._opened()
        while (cabin := await self._try(nursery, process)) is None:
            pass
        return cabin

    async def _try(self, nursery: Nursery, place: Process) -> Cabin | None:
        """A cabin within the bounds of ``place``; ``None`` if its group could not hold it, and will not be tried again.

        What the process had of that attempt, its ledger too, may be gone already.
        """
        path = Path(nursery.folder) / f"ledger-{next(self._numbers)}"
        ledger = Ledger.create(path)
        main = main_module()
        settings = {
            "system": self._system.name, "ledger": str(path), "main": main, "blocked_after": self._blocked_after(place),
        }  # fmt: skip
        limits, group = self._bounds.of(place)
        try:
            isolate = await nursery.fork(limits, settings=settings)
        except BaseException:
            ledger.close()
            path.unlink()
            if group is not None:
                self._bounds.discard(group)
            raise
        if main is not None and main[-1]:
            nursery.familiarise(LOADER, main)
        if group is not None:
            isolate.on_exit(lambda _: self._bounds.discard(group))
            if not self._bounds.hold(group, isolate):
                isolate.kill()
                ledger.close()
                path.unlink(missing_ok=True)
                return None
        return Cabin(isolate, ledger, place.patience, nursery.familiarise, group)

    def _blocked_after(self, place: Process) -> float:
        """Seconds after which it is reported that a handler holds its process; infinite where nobody wants to know."""
        watchdog = self._system.watchdog
        return max(watchdog.bound, WORTH_TELLING * place.patience) if watchdog is not None else math.inf

    async def _opened(self) -> Nursery:
        opening = self._opening
        if opening is None or (opening.done() and (opening.cancelled() or opening.exception() is not None)):
            opening = self._opening = asyncio.get_running_loop().create_task(self._open())
        return await asyncio.shield(opening)

    async def _open(self) -> Nursery:
        self._nursery = Nursery(entry=ENTRY, rehearsal=REHEARSAL, modules=to_load(*MODULES))
        return await self._nursery.__aenter__()

    async def close(self) -> None:
        """See :class:`~.deputy.Lodgings`."""
        if self._opening is not None:
            await asyncio.gather(self._opening, return_exceptions=True)
        if self._nursery is not None:
            await self._nursery.close()
        await self._bounds.close()
