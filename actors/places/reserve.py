"""What a process with a bound of memory keeps back, so that a life that has run into it can still say so.

Where memory has run out to the last byte, nothing works any more: not the frame that tells of it, not a log.  So the
bound is a soft limit some megabytes below a hard one.  A ``MemoryError`` that leaves a handler lifts it, and the life
ends in order; one that comes up anywhere else ends the process at once with a code that tells.
"""

from __future__ import annotations

import asyncio
import functools
import os
import resource
from collections.abc import Coroutine
from types import CoroutineType
from typing import Any

from actors.engines.thespian.isolation import leave
from actors.engines.thespian.status import OUT_OF_MEMORY
from actors.handlers import Handler, Routes

from .leaving import report


def is_bounded() -> bool:
    """Whether this process has a bound of memory."""
    return resource.getrlimit(resource.RLIMIT_DATA)[0] != resource.RLIM_INFINITY


def make_room() -> None:
    """Give the reserve out."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def leave_when_out_of_memory(loop: asyncio.AbstractEventLoop) -> None:
    """Have the process end if the loop itself, or the engine on it, gets no memory.

    Also if what reads from a transport exits, a constructor or an import: uvloop closes the transport, and goes on.
    """
    loop.set_exception_handler(_judge)


def _judge(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    if isinstance(error, MemoryError):
        os._exit(OUT_OF_MEMORY)
    if isinstance(error, SystemExit | KeyboardInterrupt) and "transport" in context:
        leave(error)
    report(loop, context)


def with_reserve(routes: Routes) -> None:
    """Let the handlers of ``routes`` have the reserve when they have run out of memory."""
    for level in routes.levels:
        level.update({kind: _guarded(handler) for kind, handler in level.items()})


def _guarded(handler: Handler) -> Handler:
    @functools.wraps(handler)
    def guard(actor: Any, message: Any) -> Any:
        try:
            result = handler(actor, message)
        except MemoryError:
            make_room()
            raise
        return _awaited(result) if result.__class__ is CoroutineType else result

    return guard


async def _awaited(work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await work
    except MemoryError:
        make_room()
        raise
