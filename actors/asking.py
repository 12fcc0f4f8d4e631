"""What most questions do not need: deadlines that are inherited, waiting for room, being taken back.

The path of a question that needs none of it is ``Ref._ask``; this is for those that leave it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from .cell import Accepted, Waiting
from .deadlines import check_timeout
from .envelopes import NEVER, Envelope, held
from .errors import AskSelf, AskTimeout, DeadlineExceeded

if TYPE_CHECKING:
    from .ref import Ref

Entries: TypeAlias = "dict[Envelope, Ref[Any]]"

SEARCHED = 256
"""Messages that a withdrawn question is looked for among."""


async def ask_by(
    ref: Ref[Any],
    deliver: Callable[[Envelope], Accepted | Waiting],
    message: Any,
    timeout: float | None,
    due: float,
) -> Any:
    """As ``Ref._ask``, for refs that ``deliver`` in a way of their own."""
    scheduler = ref._cell.scheduler
    if scheduler.acting is ref._cell:
        raise AskSelf(ref, message)
    future: asyncio.Future[Any] = scheduler.loop.create_future()
    envelope = Envelope(message, future)
    entries: Entries | None = None
    if due is not NEVER:
        entries, timeout = cap(ref, envelope, timeout, due)
    elif timeout is not None:
        entries = scheduler.deadlines.add(envelope, ref, timeout)
    try:
        await wait_for_room(ref, deliver(envelope), envelope, timeout)
        return await future
    except asyncio.CancelledError:
        withdraw(ref, envelope)
        raise
    finally:
        if entries is not None:
            entries.pop(envelope, None)


def cap(ref: Ref[Any], envelope: Envelope, timeout: float | None, due: float) -> tuple[Entries, float | None]:
    """Note the deadline of a question: its own, or ``due``, that of the message for whose sake it is asked.

    With the latter the timeout returned is ``None``.  Raises ``DeadlineExceeded`` if nothing is left of it, and
    ``ValueError`` for what is no timeout.
    """
    check_timeout(timeout)
    scheduler = ref._cell.scheduler
    now = scheduler.loop.time()
    if due <= now:
        raise DeadlineExceeded(ref, envelope.message, 0.0)
    if timeout is None or due < now + timeout:
        return scheduler.deadlines.inherit(envelope, ref, due), None
    return scheduler.deadlines.add(envelope, ref, timeout), timeout


async def wait_for_room(ref: Ref[Any], space: Accepted | Waiting, envelope: Envelope, timeout: float | None) -> None:
    """Wait until a full mailbox takes a question, if its policy is to wait, up to the question's deadline."""
    if not isinstance(space, Waiting):
        return
    left = None if envelope.deadline is NEVER else max(0.0, envelope.deadline - ref._cell.scheduler.loop.time())
    try:
        async with asyncio.timeout(left):
            await space
    except TimeoutError:
        future = envelope.future
        if future is not None and not future.cancel():
            future.exception()  # the deadline was first; nobody else will look at it
        if timeout is None:
            raise DeadlineExceeded(ref, envelope.message, 0.0) from None
        raise AskTimeout(ref, envelope.message, timeout) from None


def withdraw(ref: Ref[Any], envelope: Envelope) -> None:
    """The asker was cancelled: take its question back if nobody has begun with it.

    In a long mailbox it stays, to be skipped in its turn: to look for thousands of them would cost n each.
    """
    envelope.message = None
    cell = ref._cell
    for queue in (cell.box, cell.lane):
        if not queue:
            continue
        if len(queue) > SEARCHED:
            cell.more().withdrawn += 1
            continue
        for index, item in enumerate(queue):
            if held(item) is envelope:
                del queue[index]
                if cell.senders:
                    cell.admit()
                return
    if cell.actor is not None and cell.actor.is_stand_in:
        cell.actor.withdrawn(envelope)
