"""A life of no consequence, played through in zygote and spares before there is one in earnest.

What is run for the first time takes longest: every page of memory that it touches has to be copied from the zygote's,
and the interpreter has yet to learn what it runs.  So a spare starts an actor and has it answer while nobody waits.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from math import ceil
from typing import Any

from actors.actor import Actor
from actors.handlers import handle
from actors.system import ActorSystem
from actors.wire.codec import Wire
from actors.wire.link import Link

from .endpoint import OWN
from .frames import Kind
from .isolate import serve
from .ledger import Ledger

TURNS = 20
"""Questions, and as many messages that are told: enough for the interpreter to have seen what they run through."""

PATIENCE = 2.0
"""Seconds after which it is given up; it takes some milliseconds."""


class Extra(Actor):
    """Who is started."""

    @handle
    def answer(self, message: int) -> int:
        return message


async def rehearse() -> bool:
    """Do it; whether all went well.  If not, nothing is lost: the real life is just slower.

    Should it never end, the alarm ends this process, and there is another spare.
    """
    signal.alarm(ceil(2 * PATIENCE))
    try:
        await _play()
    except Exception:
        return False
    finally:
        signal.alarm(0)
        gc.collect()
    return True


async def _live(sock: socket.socket) -> None:
    async with ActorSystem("", watchdog=None) as system:
        await serve(system, sock, {"system": "rehearsal", "main": None}, Ledger())


async def _play() -> None:
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    for each in ours, theirs:
        each.setblocking(False)
    answered: asyncio.Future[None] = loop.create_future()

    def hear(frame: list[Any]) -> None:
        match frame:
            case [Kind.STARTED, None, _]:
                for number in range(1, 2 * TURNS, 2):
                    link.send([Kind.MSG, 0, number, [number, number], [[0, PATIENCE]]])
                    link.flush()
            case [Kind.ANSWER, 0, number, _] if number == 2 * TURNS - 1:
                answered.set_result(None)

    wire = Wire(lambda ref: [OWN, 1, ref.name, 1], lambda handle: handle, is_trusting=True)
    link = Link(wire, on_frame=hear, on_lost=lambda _: None, is_caller=True)
    async with ActorSystem("", watchdog=None) as system:  # a fork has no use for a watchdog's thread
        parent = await system.spawn(Extra)
        life = loop.create_task(_live(theirs))
        try:
            async with asyncio.timeout(PATIENCE):
                await loop.connect_accepted_socket(lambda: link, ours)
                link.send([Kind.START, Extra.__module__, Extra.__qualname__, [], {}, "extra", 1, None, parent, None])
                await answered
                link.close()
                await life
        finally:
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)
            link.abort("it is over")
            theirs.close()
