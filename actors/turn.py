"""The message path: what a fiber's driver does with one ready actor after another.

The driver is a generator that lives as long as its fiber.  It is sent a cell, inside that actor's own
``contextvars.Context``, handles a bounded number of its messages and yields ``DONE``.  A handler that never suspends is
run to its end by one ``yield from``, without a task, a future or a ``StopIteration``.  When one does suspend, what it
waits for comes out of the driver instead of ``DONE``, and the fiber carries it from there.

This is the hottest code of the package: a tell allocates nothing but the handler's coroutine, and every line in the
inner loop was measured.  Rejected: driving each handler by ``send`` (0.25 µs more for the ``StopIteration``), an
object a step.
"""

from __future__ import annotations

from collections.abc import Generator
from types import CoroutineType, coroutine
from typing import TYPE_CHECKING, Any

from .deadlines import RESOLUTION, deadline_of
from .envelopes import (
    LIFE_ITEMS,
    NOTHING,
    Begin,
    Call,
    ChildEnded,
    Ending,
    Envelope,
    ForLife,
    Hook,
    Manage,
    Resume,
    Signal,
    Stop,
    Ticket,
    bare,
)
from .errors import DeadlineExceeded, Unhandled
from .evidence import Evidence, Harm
from .exits import Crashed, spell
from .life import begin, crash_of, end, leave_copy
from .lifecycle import LIVING, State
from .messages import Down, Impulse, Undelivered
from .overload.admission import admit
from .pulse import note, pulse_of
from .timers import Timer

if TYPE_CHECKING:
    from .cell import Cell
    from .scheduler import Scheduler

DONE: Any = object()
"""What the driver yields when it is through with a cell."""


@coroutine
def drive(scheduler: Scheduler, in_task: bool) -> Generator[Any, Cell, None]:
    """Is sent ready cells, yields ``DONE`` or what a handler waits for; coroutines are only run ``in_task``."""
    clock, boxes, batch = scheduler.clock, scheduler.boxes, scheduler.batch
    cell: Cell = yield DONE
    while True:
        box, quota, actor, table = cell.box, batch, cell.actor, cell.routes.table
        while box is not None and cell.fiber is None:  # else it was queued twice: idle again, or in another fiber
            if cell.lane:
                if cell.state not in LIVING:
                    break
                if not quota or scheduler.now >= scheduler.deadline:
                    scheduler.enqueue(cell)
                    break
                quota -= 1
                message = cell.lane[0]
                if (yield from _attend_lane(cell)):
                    return
                actor = cell.actor
            elif cell.held:
                break
            elif not box:  # idle
                cell.box, cell.hand = None, NOTHING
                boxes.append(box)
                break
            elif not quota or scheduler.now >= scheduler.deadline:
                scheduler.enqueue(cell)
                break
            else:
                quota -= 1
                cell.handled += 1
                cell.hand = message = box.popleft()
                if cell.senders:
                    cell.admit()
                payload = message.message if message.__class__ is Envelope else message
                if payload is not message and message.is_stale:
                    continue
                handler, answer, failure = table.get(payload.__class__), None, None
                try:
                    answer = handler(actor, payload) if handler is not None else dispatch(cell, message)
                    if answer.__class__ is CoroutineType:
                        if not in_task:
                            _move(cell, answer)
                            break
                        answer = yield from answer  # type: ignore[misc]
                except BaseException as error:
                    failure = crash_of(error)
                if cell.actor is not actor:
                    return  # it was abandoned, and has ended at last
                if failure is not None or cell.doom is not None:
                    settle(cell, answer, failure, message)
                elif message is not payload and cell.hand is message:  # else it was stashed, deferred or forwarded
                    future = message.future
                    if future is not None and not future.done():
                        future.set_result(answer)
            then, scheduler.now = scheduler.now, (now := clock())
            if now - then > cell.patience:
                scheduler.overran(cell, message, now - then)
        box = actor = message = payload = answer = failure = future = None  # an idle fiber keeps nothing alive
        cell = yield DONE


@coroutine
def _attend_lane(cell: Cell) -> Generator[Any, Any, bool]:
    """Attend to the next item of the urgent lane; true if the cell has a later life by now: this one was abandoned."""
    life, item = cell.incarnation, cell.lane[0]  # type: ignore[index]
    cell.hand = NOTHING
    try:
        answer = yield from attend(cell)
    except BaseException as error:
        crash_of(error)
        if cell.incarnation != life or cell.actor is None:
            return True
        settle(cell, None, error, _handled(item))
    else:
        if cell.incarnation != life:
            return True
        if cell.hand.__class__ is Envelope or cell.doom is not None:
            settle(cell, answer)
    return False


def _move(cell: Cell, work: Any) -> None:
    """A handler that is not declared ``async`` returned a coroutine outside a task: have a fiber go on with it."""
    cell.routes.needs_task = True
    cell.push_first(Resume(work, cell.hand))
    cell.scheduler.enqueue(cell)


def _handled(item: Any) -> Any:
    """The message that an item of the urgent lane has a handler at work on; ``NOTHING`` if it is the engine's."""
    if item.__class__ is Resume:
        return item.hand
    return NOTHING if item.__class__ in LIFE_ITEMS and item.__class__ is not ForLife else item


def settle(cell: Cell, value: Any, error: BaseException | None = None, message: Any = NOTHING) -> None:
    """A handler is done: answer its asker, or see that the life ends (what it held goes with it).

    ``message``: what was handled, also if it is not in hand any more.
    """
    leave_copy(cell, error)
    hand, cell.hand = cell.hand, NOTHING
    if error is not None and (cell.doom is not None or not _is_spared(cell, hand, message, error)):
        cell.push_first(Ending(cell.doom or Crashed(error), hand, cell.brutal))
        return
    if error is None and hand.__class__ is Envelope:
        hand.answer(value)
    if cell.doom is not None and cell.state in LIVING:
        cell.push_first(Ending(cell.doom, NOTHING, cell.brutal))


def _is_spared(cell: Cell, hand: Any, message: Any, error: BaseException) -> bool:
    """Whether ``error`` does not end the life; then the asker, or the dead letters, have been told."""
    return _is_late(cell, hand, error) or _is_tolerated(cell, hand, message, error)


def _is_late(cell: Cell, hand: Any, error: BaseException) -> bool:
    """Whether all that is wrong is that the deadline of the message in hand is over: then the message ends with it.

    Else an asker in a hurry could end any life, and overload would end all of them.
    """
    scheduler = cell.scheduler
    if not isinstance(error, DeadlineExceeded) or deadline_of(hand) > scheduler.loop.time() + RESOLUTION:
        return False
    hand.fail(error)
    if hand.future is None or hand.is_told:
        scheduler.system.dead_letters.add(hand.message, cell.ref, Undelivered.EXPIRED)
    return True


def _is_tolerated(cell: Cell, hand: Any, message: Any, error: BaseException) -> bool:
    """Whether the child's policy takes ``error`` for evidence instead of a crash; then its asker has it by now.

    Unless the message was deferred, stashed or forwarded: whoever has it then accounts for it.
    """
    pulse = pulse_of(cell)
    if pulse is None or message is NOTHING or not isinstance(error, pulse.tolerate) or isinstance(error, StopIteration):
        return False
    message, handler = describe(cell, message)
    is_asked = hand.__class__ is Envelope and hand.future is not None
    if is_asked:
        hand.fail(error)
    if hand is not NOTHING and (not is_asked or hand.is_told):
        cell.scheduler.system.dead_letters.add(bare(hand), cell.ref, Undelivered.FAILED, Crashed(error))
    note(cell, Evidence(Harm.EXCEPTION, None, spell(error), message, handler))
    return True


def dispatch(cell: Cell, item: Any) -> Any:
    """Route what has no exact entry in the table: envelopes, signals, subclasses of a routed type, strangers."""
    message = item
    if item.__class__ is Envelope:
        if item.is_stale:
            cell.hand = NOTHING
            return None
        message = item.message
    elif item.__class__ is ForLife:
        message = item.message
        if item.incarnation != cell.incarnation or not _still_wanted(cell, item):
            cell.hand = NOTHING
            return None
    elif item.__class__ is Ticket:
        return _begin(cell, item)
    return _route(cell, item, message)


def _begin(cell: Cell, ticket: Ticket) -> Any:
    """Begin with a message that came with a ticket, unless it is shed or late, and see that its asker is answered."""
    cell.hand = hand = admit(cell, ticket)
    if hand is NOTHING:
        return None
    control = cell.extras.control if cell.extras is not None else None
    level = control.begin(cell.handled) if control is not None else 0
    if hand.__class__ is not Envelope:
        return _route(cell, hand, hand, level)
    answer = _route(cell, hand, hand.message, level)
    if answer.__class__ is CoroutineType:
        return _answered(cell, hand, answer)
    if cell.hand is hand:
        hand.answer(answer)
    return answer


async def _answered(cell: Cell, hand: Envelope, work: Any) -> Any:
    """The driver answers what it took from the mailbox itself; this came out of a ticket."""
    life = cell.actor
    answer = await work
    if cell.actor is life and cell.hand is hand:  # else it was abandoned, or stashed, deferred, forwarded
        hand.answer(answer)
    return answer


def _route(cell: Cell, item: Any, message: Any, level: int = 0) -> Any:
    """Call the handler of a message's type, or of its nearest base."""
    routes = cell.routes
    handler = routes.levels[level].get(message.__class__) or routes.resolve(message.__class__, level)
    if handler is not None:
        return handler(cell.actor, message)
    if "unhandled" in routes.overridden:
        return cell.actor.unhandled(message)
    cell.hand = NOTHING
    if item.__class__ is Envelope:
        item.fail(Unhandled(cell.ref, message))
    cell.scheduler.system.dead_letters.add(message, cell.ref, Undelivered.UNHANDLED)
    return None


def _still_wanted(cell: Cell, item: ForLife) -> bool:
    """A DOWN after ``demonitor`` and a tick after ``cancel`` are not delivered, even if they were queued already."""
    extras = cell.extras
    if item.token is None or extras is None:
        return True
    if item.message.__class__ is Down:
        return extras.monitors.pop(item.token, None) is not None
    return item.token.delivered() if isinstance(item.token, Timer) else True


def _as_work(result: Any) -> Any:
    return result


@coroutine
def attend(cell: Cell) -> Generator[Any, Any, Any]:
    """Take one item from the urgent lane and do what it says."""
    assert cell.lane is not None
    item = cell.lane.popleft()
    match item:
        case Signal():
            reason, brutal = cell.receive_signal(item)
            if reason is not None and not cell.actor.end_later(reason, brutal=brutal):
                yield from end(cell, reason, hooks=not brutal)
        case ChildEnded():
            cell.actor.child_ended(item)
        case Ending():
            if not cell.actor.end_later(item.reason, brutal=item.brutal):
                yield from end(cell, item.reason, item.hand, hooks=not item.brutal)
        case Stop():
            if not cell.actor.end_later(item.reason):
                yield from end(cell, item.reason)
        case Begin():
            yield from begin(cell)
        case Manage() if cell.extras is not None and cell.extras.paused:
            cell.extras.parked.append(item)
        case Call():
            item.function(cell.actor)
        case Hook():
            yield from _call_hook(cell, item)
        case Resume():
            cell.hand = item.hand
            return (yield from item.coroutine)
        case _:
            if cell.extras is not None and cell.extras.paused:
                cell.extras.parked.append(item)
                return None
            cell.hand = item
            cell.handled += 1
            handler = cell.routes.table.get(item.__class__)
            result: Any = handler(cell.actor, item) if handler is not None else dispatch(cell, item)
            return (yield from _as_work(result)) if result.__class__ is CoroutineType else result
    return None


@coroutine
def _call_hook(cell: Cell, hook: Hook) -> Generator[Any, Any, None]:
    """Call a hook on behalf of a check-up or a replacement; how it went is told, and harms nobody."""
    life = cell.actor
    result: Any = None
    error: BaseException | None = None
    if hook.begun is not None:
        hook.begun()
    try:
        result = getattr(life, hook.name)(*hook.args)
        if result.__class__ is CoroutineType:
            result = yield from _as_work(result)
    except BaseException as raised:
        error = crash_of(raised)
    leave_copy(cell, error)
    if cell.actor is life and cell.doom is None:  # else it has ended, or does so now: word of that says more
        hook.done(result, error)


def describe(cell: Cell, item: Any) -> tuple[str, str]:
    """The type of the message in ``item`` and the qualified name of its handler, for reports."""
    message = bare(item)
    if message is NOTHING or item.__class__ in LIFE_ITEMS - {ForLife}:
        hook = {State.STARTING: "started", State.STOPPING: "stopping"}.get(cell.state, "")
        return "", f"{cell.blueprint.cls.__qualname__}.{hook}".rstrip(".")
    if message.__class__ is Impulse:
        return message.name, message.method.__qualname__
    handler = cell.routes.table.get(message.__class__)
    return type(message).__name__, getattr(handler, "__qualname__", f"{cell.blueprint.cls.__qualname__}.unhandled")
