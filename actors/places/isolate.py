"""What runs in a process that was forked for one life: a loop, a system, an endpoint, and that life."""

from __future__ import annotations

import asyncio
import math
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from actors.system import ActorSystem

from .beat import beat, link_of
from .embassy import embassy_of
from .endpoint import Endpoint
from .ledger import DistantLedger, Ledger
from .program import load_main
from .reserve import is_bounded, leave_when_out_of_memory, with_reserve
from .resident import Resident
from .usage import usage_of

FOREVER = 1e9
"""Seconds of silence that are put up with: if the node is gone, so is the socket; if its loop is held, that passes."""

SLICE = 0.0005
"""Seconds until those elsewhere hear of what was handled, and send more, while the rest of a window is worked on."""

LINGER = 5.0
"""Seconds after the last word in which the other end should hang up."""

UNNAMED = "spare"
"""The system's name in a process that waits for its assignment."""

CUT_OFF = 75
"""Exit code of a life that has heard nothing from the host of its place for the seconds of its lease."""


async def main(sock: socket.socket, assignment: Callable[[], Awaitable[dict[str, Any]]]) -> None:
    """Serve one life over ``sock`` until it is over, or the link is; a spare waits for its ``assignment``."""
    async with ActorSystem(UNNAMED, watchdog=None) as system:  # to compute is what a process is for
        await embassy_of(system)
        settings = await assignment()
        await serve(system, sock, settings, _ledger_of(settings))


async def serve(system: ActorSystem, sock: socket.socket, settings: dict[str, Any], ledger: Ledger) -> None:
    """Serve it in ``system``; the fates of messages are noted in ``ledger``."""
    system.name = settings["system"]
    load_main(settings["main"])
    loop = asyncio.get_running_loop()
    leave_when_out_of_memory(loop)
    over = loop.create_future()

    def lost(why: str) -> None:
        if "lease" in settings and why.startswith("silent"):
            os._exit(CUT_OFF)  # its place is on another host, and has a successor: not one more message is handled
        if not over.done():
            over.set_result(why)

    system.scheduler.slice = SLICE
    system.scheduler.blocked_after = settings.get("blocked_after", math.inf)
    endpoint = Endpoint(system)
    # Whoever asks over a lease is on another host, and cannot look at this process itself.
    vitals = usage_of if "lease" in settings else None
    patience = settings.get("lease", FOREVER)
    link = link_of(endpoint, lost, is_caller=False, patience=patience, vitals=vitals, ledger=ledger)
    await endpoint.open(link)

    def say_no_more() -> None:
        # The other end hangs up when it has read the last word.  A socket that were closed here while that one writes
        # to it would be an error there, before all is read.
        loop.call_later(LINGER, link.close)

    await system.spawn(Resident, endpoint, ledger, say_no_more, with_reserve if is_bounded() else None)
    await loop.connect_accepted_socket(lambda: link, sock)
    beat(link)
    system.guard.doors.append(lambda: [sock.fileno()])
    await over
    endpoint.lost()


def _ledger_of(settings: dict[str, Any]) -> Ledger:
    """What this process and its node note the fates of messages in; nobody else is to find it."""
    path = Path(settings["ledger"])
    ledger = (DistantLedger if "lease" in settings else Ledger).open(path)
    path.unlink()
    return ledger
