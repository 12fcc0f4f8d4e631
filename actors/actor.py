"""The base class of actors: what a life can do, and the hooks the engine calls in it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVarTuple

from . import links
from .blueprint import Blueprint, Mailbox
from .deadlines import deadline_of
from .envelopes import NEVER, NOTHING, ChildEnded, Envelope, ForLife, Stop
from .errors import NotRunning, StashFull
from .events import Harmed
from .evidence import Evidence, Harm
from .exits import NORMAL, Reason
from .handlers import Routes, define, routes_of
from .lifecycle import REFUSING
from .messages import Down, Exit, Pid
from .pulse import note
from .receipts import Receipt
from .reply import Reply
from .timers import Timer
from .turn import describe

if TYPE_CHECKING:
    from .cell import Cell
    from .contact.contact import Contact
    from .contact.toward import Toward
    from .envelopes import Signal
    from .ref import Ref
    from .system import ActorSystem


Ts = TypeVarTuple("Ts")


def _wanted(items: list[Any]) -> list[Any]:
    """Without the questions whose askers have gone."""
    return [item for item in items if not (item.__class__ is Envelope and item.is_stale)]


def _is_weight(weight: object) -> bool:
    return isinstance(weight, (int, float)) and not isinstance(weight, bool) and 0 < weight <= sys.float_info.max


class Actor:
    """Subclass it, mark methods with ``@handle``, and let it crash.

    One life goes like this: the constructor, then ``started()``; messages one at a time, each to the handler its type
    is routed to, what the handler returns being the answer to an ask; and at the end ``stopping(reason)``.  An
    exception in a handler ends the life with ``Crashed(exception)``; what was queued waits for the successor, if a
    supervisor provides one.

    All hooks run in the actor's turn, one at a time with its handlers, inside its own context, and may be ``def`` or
    ``async def``.  The constructor may not wait; ``self.ref`` and the rest work in it already.
    """

    __slots__ = ("_cell",)

    _cell: Cell
    _routes: ClassVar[Routes | None] = None

    ref_class: ClassVar[type[Ref[Any]] | None] = None
    """The class of this place's ref, for those that route; for the engine."""

    is_stand_in: ClassVar[bool] = False
    is_counted: ClassVar[bool] = True
    """Whether the life is elsewhere and this one stands for it; whether it is one of its system's.  For the engine."""

    trap_exits: bool = False
    """Exit signals of linked actors arrive at :meth:`exited` instead of ending this life, and a stop waits for the
    message in hand.  Set it on the class or, in a life, on the instance."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        define(cls, depth=2)

    # -- hooks ---------------------------------------------------------------------------------------------------------

    def started(self) -> Any:
        """The life begins.  Raise ``Ignore`` to say that it is not needed; any other exception fails the start."""

    def stopping(self, reason: Reason) -> Any:
        """The life ends for ``reason``: clean up.  Runs at every end but a kill.  An exception becomes the reason.

        Its time is what the supervisor's ``shutdown`` leaves; without a supervisor, 5 s.
        """

    def exited(self, signal: Exit) -> Any:
        """A linked actor died, or somebody sent an exit signal; only if ``trap_exits``.  An exception ends the life."""

    def down(self, signal: Down) -> Any:
        """A monitored actor died.  An exception ends the life."""

    def unhandled(self, message: Any) -> Any:
        """A message of a type without a handler; what it returns answers an ask.

        Unless overridden such a message is a dead letter, and its asker gets ``Unhandled``.
        """

    def receive(self, message: Any) -> Any:
        """Override it whole to receive every message in one place instead of by ``@handle``."""

    # -- hooks of planned death; see docs/apoptosis.md -----------------------------------------------------------------

    def ready(self) -> Any:
        """Whether this life is warm enough to serve.  Asked of a successor after ``started()``, until it is true."""
        return True

    def bequeath(self) -> Any:
        """What the successor is to have.  It is handed over as it is: do not touch it afterwards."""

    def inherit(self, estate: Any) -> Any:
        """Take over what the predecessor left; after ``started()``, before the first message."""

    def vitals(self) -> Any:
        """One's own check-up: ``None``, true or 0 is fine; false, or a number above 0, is damage (of that weight)."""

    def repair(self, level: int) -> Any:
        """Evidence has added up: 1, drop caches and reconnect; 2, rebuild the state.  It helped if no more comes."""

    # -- engine's side, for supervisors --------------------------------------------------------------------------------

    def child_ended(self, notice: ChildEnded) -> None:
        """A life that this supervisor started is over.  For the engine; a plain actor owns no children."""

    def child_orphaned(self, notice: ChildEnded) -> None:
        """The same, but the supervisor's own life was over before: nothing can be decided.  For the engine."""

    def end_later(self, reason: Reason, *, brutal: bool = False) -> bool:
        """Whether this actor takes it on itself to end for ``reason`` when it is ready; ``brutal``: it was killed.
        For the engine.
        """
        return False

    def signalled(self, signal: Signal) -> None:
        """An exit signal for the life that this one stands for.  For the engine."""

    def linked(self, other: Cell) -> None:
        """A life was linked to the one that this one stands for.  For the engine."""

    def unlinked(self, other: Cell) -> None:
        """A link to the life that this one stands for was undone.  For the engine."""

    def withdrawn(self, envelope: Envelope) -> None:
        """Nobody waits any more for the answer to a question to the life that this one stands for.  For the engine."""

    def underway(self) -> int:
        """Messages on their way to the life that this one stands for, or in hand there.  For the engine."""
        return 0

    def recall(self, done: Callable[[], None]) -> None:
        """Take back what the life that this one stands for has not begun, then call ``done``.  For the engine."""

    async def manage(self, verb: str, value: Any) -> Any:
        """A management call for the life that this one stands for.  For the engine."""

    def asked_to_replace(self, ref: Ref[Any], cause: str, estate: str | None) -> None:
        """A life that this supervisor keeps asks to be replaced.  For the engine."""

    # -- who and where -------------------------------------------------------------------------------------------------

    @property
    def ref(self) -> Ref[Any]:
        """The reference of this place."""
        return self._cell.ref

    @property
    def pid(self) -> Pid:
        """This life: name and incarnation."""
        return self._cell.pid

    @property
    def system(self) -> ActorSystem:
        """The system this actor runs in."""
        return self._cell.scheduler.system

    @property
    def parent(self) -> Ref[Any] | None:
        """The supervisor, or the actor that spawned this one."""
        return self._cell.ref.parent

    @property
    def contact(self) -> Contact:
        """This life among those that are close to it: what they tell each other, share, sense and do together."""
        from .contact.contact import contact_of  # the tissue is built on actors, and loaded when it is wanted

        return contact_of(self._live())

    def toward(self, field: str) -> Toward:
        """The nearest source of a field, to tell or ask: ``await self.toward("gpu").ask(message)``."""
        return self.contact.toward(field)

    def _live(self) -> Cell:
        """The cell, if this object is the life in it: one that was abandoned or replaced may not act in its name."""
        try:
            cell = self._cell
        except AttributeError:
            cls = type(self).__name__
            raise NotRunning(f"{cls}(), which was made and not spawned (await system.spawn({cls}, ...)),") from None
        if cell.actor is not self:
            raise NotRunning(f"this life of {cell.name}")
        return cell

    # -- others --------------------------------------------------------------------------------------------------------

    def link(self, other: Ref[Any]) -> None:
        """When either of the two dies, the other gets an exit signal.  ``noproc`` comes back if it is dead already."""
        links.link(self._live(), other._cell)

    def unlink(self, other: Ref[Any]) -> None:
        """Undo :meth:`link`; no signal of it arrives after this."""
        links.unlink(self._live(), other._cell)

    def monitor(self, other: Ref[Any]) -> links.Monitor:
        """Have ``down()`` called when the present life of ``other`` ends; each call is a monitor of its own."""
        return links.monitor(self._live(), other._cell)

    def demonitor(self, monitor: links.Monitor) -> bool:
        """End a monitor, and drop its ``Down`` if one is queued already; false if it was over."""
        return links.demonitor(self._live(), monitor)

    async def spawn(
        self,
        cls: Callable[[*Ts], Actor],
        *args: *Ts,
        name: str | None = None,
        mailbox: Mailbox | None = None,
        timeout: float | None = None,
    ) -> Ref[Any]:
        """Start an actor that lives on its own; see ``ActorSystem.spawn``."""
        return await self.system.spawn(cls, *args, name=name, mailbox=mailbox, timeout=timeout, _parent=self._live())

    async def spawn_link(
        self,
        cls: Callable[[*Ts], Actor],
        *args: *Ts,
        name: str | None = None,
        mailbox: Mailbox | None = None,
        timeout: float | None = None,
    ) -> Ref[Any]:
        """Start an actor that is linked to this one from its first moment; a failed start sends no signal."""
        return await self.system.spawn(
            cls, *args, name=name, mailbox=mailbox, timeout=timeout, _parent=self._live(), _link=True
        )

    def join(self, group: str) -> None:
        """Become a member of ``group`` until this life ends."""
        self.system.registry.join(group, self._live())

    def leave(self, group: str) -> None:
        """End a membership."""
        self.system.registry.leave(group, self._live())

    # -- time ----------------------------------------------------------------------------------------------------------

    def after(self, seconds: float, message: object) -> Timer:
        """Send ``message`` to oneself in ``seconds``.  Ends with this life."""
        return Timer(self._live(), seconds, message)

    def every(self, seconds: float, message: object) -> Timer:
        """Send ``message`` to oneself every ``seconds``, without drift; of ticks that were missed, one is delivered."""
        return Timer(self._live(), seconds, message, seconds)

    def cancel(self, timer: Timer) -> float | None:
        """End a timer; the seconds that were left, or ``None`` if it had fired."""
        return timer.cancel()

    # -- the message in hand, and oneself ------------------------------------------------------------------------------

    def stop(self, reason: Reason = NORMAL) -> None:
        """End this life when the handler in hand is done."""
        self._live().push(Stop(reason))

    def damage(self, weight: float | None = None, what: str = "invariant failed") -> None:
        """Report that one's own state is wrong; enough of it, and this life is repaired or replaced.

        ``weight``: against a threshold that is 3 by default; ``None``: what the policy says, by default 2.  Without a
        policy that judges it, it is only an event.  Raises ``ValueError`` for a weight that is not above 0 and finite.
        """
        if weight is not None and not _is_weight(weight):
            raise ValueError(f"damage needs a weight above 0; got {weight!r}")
        cell = self._live()
        message, handler = describe(cell, cell.hand)
        if not note(cell, Evidence(Harm.INVARIANT, weight, what, message, handler)):
            self.system.events.publish(Harmed(self.system.now(), cell.pid, weight, what))

    def retire(self, cause: str, estate: str | None = None) -> None:
        """Ask to be replaced as soon as the disruption budget allows; this life serves until its successor does.

        ``estate``: what the successor inherits: ``all``, ``last good`` or ``nothing``; ``None``: all, unless something
        speaks against the state.  Raises ``NotRunning`` without a supervisor.
        """
        cell = self._live()
        if estate not in (None, "all", "last good", "nothing"):
            raise ValueError(f"estate must be 'all', 'last good', 'nothing' or None; got {estate!r}")
        if cell.owner is None and cell.ref._cell is not cell:  # it does not serve yet, or not any more
            cell.more().retiring = (cause, estate)
            return
        if cell.owner is None:
            raise NotRunning(f"a supervisor that could replace {cell.name}")
        cell.owner.asked_to_replace(cell.ref, cause, estate)

    def continue_with(self, message: object) -> None:
        """Handle ``message`` next, before all that wait; several are handled in the order they were given."""
        cell = self._live()
        cell.push(ForLife(message, cell.incarnation))

    def stash(self) -> None:
        """Put the message in hand aside until :meth:`unstash`; its asker goes on waiting.

        Raises ``StashFull`` at the mailbox's limit, ``NotRunning`` if there is no message in hand.
        """
        cell = self._live()
        hand, cell.hand = cell.hand, NOTHING
        if hand is NOTHING:
            raise NotRunning("a message in hand")
        extras = cell.more()
        if len(extras.stash) >= cell.limit:
            extras.stash = _wanted(extras.stash)
        if len(extras.stash) >= cell.limit:
            cell.hand = hand
            raise StashFull(cell.ref, cell.limit)
        extras.stash.append(ForLife(hand.message, hand.incarnation) if hand.__class__ is ForLife else hand)
        if hand.__class__ is Envelope and hand.future.__class__ is Receipt:
            hand.future.put_aside(is_stashed=True)

    def unstash(self) -> int:
        """Put all stashed messages back at the head of the mailbox, in their order; returns how many."""
        cell = self._live()
        extras = cell.more()
        stashed, extras.stash = _wanted(extras.stash), []
        if stashed:
            cell.put_first(stashed)
        return len(stashed)

    def forward(self, other: Ref[Any]) -> None:
        """Hand the message in hand, with its asker if it has one, on to another actor; what the handler returns is
        ignored.

        Its mailbox takes it whatever its limit.  Raises ``NotRunning`` if there is no message in hand.
        """
        cell = self._live()
        hand, cell.hand = cell.hand, NOTHING
        if hand is NOTHING:
            raise NotRunning("a message in hand")
        if hand.__class__ is ForLife:
            hand = hand.message
        elif hand.__class__ is Envelope and hand.future.__class__ is Receipt and hand.future.forward(other):
            return
        if other._cell.state in REFUSING:
            other._cell.refuse(hand, other._cell.reason)
        else:
            other._take(hand)

    def remaining(self) -> float | None:
        """Seconds that are left for the message in hand, 0 if it is late already; ``None`` if it has no deadline.

        After ``defer``, ``forward`` or ``stash`` there is no message in hand.
        """
        cell = self._live()
        deadline = deadline_of(cell.hand)
        return None if deadline is NEVER else max(0.0, deadline - cell.scheduler.loop.time())

    @property
    def level(self) -> int:
        """The level at which this message is handled: 0 in full, above that more cheaply (see ``Brownout``)."""
        cell = self._live()
        control = cell.extras.control if cell.extras is not None else None
        return control.level_of(cell.handled) if control is not None else 0

    def defer(self) -> Reply | None:
        """Answer the question in hand later: what the handler returns is ignored.  ``None`` if nobody asked."""
        cell = self._live()
        hand = cell.hand
        if hand.__class__ is not Envelope or hand.future is None:
            return None
        if hand.future.__class__ is Receipt:
            if not hand.future.is_question:
                return None
            hand.future.put_aside(is_stashed=False)
        cell.hand = NOTHING
        return Reply(cell, hand)

    def __repr__(self) -> str:
        cell = getattr(self, "_cell", None)
        return f"<{type(self).__name__} {cell.pid}>" if cell is not None else f"<{type(self).__name__}>"


def blueprint_of(cls: Callable[..., Actor], args: tuple[Any, ...], mailbox: Mailbox | None) -> Blueprint:
    """The blueprint of an actor, its routes checked.  Raises ``TypeError`` or ``HandlerError`` for a class that cannot
    work.
    """
    blueprint = Blueprint.of(cls, args, mailbox)
    if not issubclass(blueprint.cls, Actor):
        raise TypeError(f"{blueprint.cls.__name__} is not an Actor; inherit from actors.Actor")
    routes_of(blueprint.cls)
    return blueprint
