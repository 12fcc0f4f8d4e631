"""This side of one link: what of here the other side may address, and who stands here for what is there.

A ref travels as a number of its owner's exports.  Coming home it is the ref it was; anywhere else it becomes an envoy,
one a link and place.  Who passes a ref of another one on exports the envoy: refs work wherever they get to, over
whoever passed them on.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from actors.blueprint import Blueprint, Mailbox
from actors.envelopes import Envelope, Signal
from actors.errors import ActorDied, CodecError
from actors.exits import NOCONNECTION, NOPROC, Crashed, Reason
from actors.lifecycle import LIVING, REFUSING, State
from actors.messages import Undelivered

from .calls import Calls
from .embassy import Embassy, embassy_of
from .envoy import Envoy, stand_in_for
from .export import Export
from .frames import Kind, Link
from .ledger import Ledger
from .outgoing import Outgoing
from .relations import Mark, Relations
from .road import Road
from .unreadable import unreadable

if TYPE_CHECKING:
    from actors.cell import Cell
    from actors.ref import Ref
    from actors.system import ActorSystem

OWN, YOURS = 0, 1
"""Whose number a ref travels as, seen from the sender."""

WHY = {
    "Unhandled": Undelivered.UNHANDLED,
    "MailboxFull": Undelivered.FULL,
    "ActorDied": Undelivered.DEAD,
    "DeadlineExceeded": Undelivered.EXPIRED,
    "Unreadable": Undelivered.UNSENDABLE,
}
"""What the dead letters say of an error, by its name."""


_SERIALS = itertools.count()


class Endpoint(Outgoing):
    """See the module's text.  ``link`` is set by whoever opens it, before the first frame."""

    def __init__(self, system: ActorSystem) -> None:
        super().__init__(system)
        self.exports: dict[int, Export] = {}
        self._numbers: dict[Ref[Any], int] = {}
        self._last_number = 0
        self._targets: dict[Ref[Any], int] = {}
        self._embassy: Embassy
        self._serial = next(_SERIALS)
        self._frames: dict[int, Callable[..., None]] = {
            Kind.MSG: self._message, Kind.DONE: self._done, Kind.ASIDE: self._aside, Kind.ANSWER: self._answer,
            Kind.ERROR: self._lost, Kind.WITHDRAW: self._withdraw, Kind.FORWARD: self._forward,
        }  # fmt: skip
        self._calls = Calls(self)
        self.call = self._calls.call
        self.relations = Relations(self)

    async def open(self, link: Link) -> None:
        """Take up the link."""
        self.link = link
        self._embassy = await embassy_of(self.system)

    def on_frame(self, frame: list[Any]) -> None:
        """A frame has come.  Raises ``CodecError`` for one that is none: then the link is to be closed."""
        handler = self._frames.get(frame[0])
        if handler is None:
            raise CodecError("a frame", f"is of kind {frame[0]!r}, which this version does not know")
        try:
            handler(*frame[1:])
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise CodecError("a frame", f"of kind {frame[0]} is ill-made: {type(error).__name__}: {error}") from error

    def on_unreadable(self, head: list[Any], error: CodecError) -> None:
        """A frame has come that holds what cannot be made here: whoever sent it is told, if there is somebody."""
        unreadable(self, head, error)

    def serve(self, kind: int, handler: Callable[..., None]) -> None:
        """Have frames of another kind handled too."""
        self._frames[kind] = handler

    def serve_all(self, handlers: dict[int, Callable[..., None]]) -> None:
        """The same for several kinds."""
        self._frames.update(handlers)

    # -- refs ----------------------------------------------------------------------------------------------------------

    def export(self, ref: Ref[Any]) -> list[Any]:
        """A ref as it travels."""
        target = self._targets.get(ref)
        if target is not None:
            return [YOURS, target]
        number = self._numbers.get(ref)
        if number is None:
            number = self._last_number = self._last_number + 1
            self.offer(number, ref)
        return [OWN, number, ref.name, ref._cell.incarnation]

    def mention(self, ref: Ref[Any]) -> list[Any]:
        """A ref as it travels to where perhaps nobody will make anything of it: it is forgotten with its place."""
        handle = self.export(ref)
        if handle[0] == OWN:
            self.exports[handle[1]].look_on()
        return handle

    def find(self, handle: list[Any]) -> Ref[Any] | None:
        """The ref that was mentioned, unless nobody lives there any more."""
        return None if handle[0] == YOURS and handle[1] not in self.exports else self.resolve(handle)

    def cell_of(self, handle: list[Any]) -> Cell:
        """The place that a handle stands for; of the other side's own, whoever stands for that life here.

        Raises ``CodecError``.
        """
        known = self.stand_ins.get(handle[1]) if handle[0] == OWN else None
        return known if known is not None else self.resolve(handle)._cell

    def offer(self, number: int, ref: Ref[Any], ledger: Ledger | None = None) -> Export:
        """Let the other side address ``ref`` by this number."""
        self._numbers[ref] = number
        export = self.exports[number] = Export(number, ref, self, ledger)
        return export

    def withdraw_offer(self, number: int) -> None:
        """The other side has no ref of this number any more."""
        export = self.exports.pop(number, None)
        if export is not None:
            export.unwatch()
            self._numbers.pop(export.ref, None)

    def resolve(self, handle: list[Any]) -> Ref[Any]:
        """The ref that a handle stands for.  Raises ``CodecError``."""
        match handle:
            case [1, int(number)]:
                export = self.exports.get(number)
                if export is None:
                    raise CodecError(f"ref {number}", "is of none of those that were passed on")
                return export.ref
            case [0, int(number), str(name), int(incarnation)]:
                known = self.stand_ins.get(number)
                return known.ref if known is not None else self._new_envoy(number, name, incarnation)
        raise CodecError("a ref", "is no handle of one")

    def stand_in(self, target: int, cell: Cell, road: Road) -> None:
        """The life in ``cell`` stands here for the other side's export ``target``."""
        self.stand_ins[target] = cell
        self._targets[cell.ref] = target
        self._roads[target] = road

    def _new_envoy(self, target: int, name: str, incarnation: int) -> Ref[Any]:
        road = Road(target)
        blueprint = Blueprint(stand_in_for(Envoy, Envoy), (self, road), mailbox=Mailbox(overflow="wait"))
        ref = self._embassy.lodge(self._key(target), name, blueprint, incarnation)
        if ref._cell.state in LIVING:  # else this system is being left
            self.stand_in(target, ref._cell, road)
            self.relations.watch(target)
        return ref

    def begin_envoy(self, cell: Cell, incarnation: int) -> None:
        """The next life has begun where ``cell`` stands for."""
        if not self.is_closed and not self._embassy.is_over:
            self._embassy.start_life(cell.ref, None, incarnation)

    def rest_envoy(self, cell: Cell) -> None:
        """Nobody is to live where ``cell`` stands for until word of a life comes."""
        if isinstance(cell.owner, Embassy) and cell.state is not State.RESTING:
            cell.owner.rest(cell.ref)

    def _key(self, target: int) -> str:
        """What the embassy knows an envoy by."""
        return f"{self._serial}/{target}"

    def let_go(self, target: int) -> None:
        """Nobody will live there any more: who holds a ref of it holds one of a closed place."""
        cell = self.stand_ins[target]
        if not isinstance(cell.owner, Embassy):
            return
        del self.stand_ins[target], self._targets[cell.ref]
        for item, _ in self._roads.pop(target).empty():
            if item.__class__ is Envelope and item.is_told:
                item.answer(None)
            elif item.__class__ is Envelope:
                item.fail(ActorDied(cell.ref, cell.reason or NOPROC))
            # what was told has got there, and is a dead letter there
        self._embassy.forget(self._key(target))
        self.send([Kind.RELEASE, [target]])

    # -- what the stand-ins ask for ------------------------------------------------------------------------------------

    def why_gone(self) -> ActorDied:
        """What to tell whoever waits for something from there, when the link is gone."""
        main = self.stand_ins.get(0)
        return ActorDied(main.ref if main is not None else None, self._reason)

    def forward(self, target: int, number: int, other: Ref[Any]) -> bool:
        """See :class:`~.export.Outlet`."""
        if other not in self._targets or other._cell.box or self.is_closed:
            return False
        self.flush()
        self.send([Kind.FORWARD, target, number, other])
        return True

    def is_over(self, target: int) -> bool:
        """Whether the life there is over, as far as is known here, or cannot be reached."""
        return self.is_closed or self.relations.is_over(target)

    def stop(self, target: int, reason: Reason) -> None:
        """Ask the life there to end; ``KILL`` kills it."""
        self.send_reason([Kind.STOP, target], reason)

    def signal(self, target: int, signal: Signal) -> None:
        """Pass an exit signal on."""
        sender = signal.sender.ref if signal.sender is not None else None
        mark, cell = 0, self.stand_ins[target]
        if signal.after is not None:
            mark = self.relations.promised(cell, signal.after)
        elif sender is not None:
            mark, _ = self.relations.marked({target: cell})
        self.send_reason([Kind.SIGNAL, target], signal.reason, sender, signal.linked, mark)

    def tie(self, target: int, other: Ref[Any], *, is_on: bool) -> None:
        """A life of here was linked to the one there, or is no more."""
        self.send([Kind.LINK if is_on else Kind.UNLINK, target, other])

    def mark(self, target: int, mark: Mark) -> None:
        """A mark has come to the head of a mailbox."""
        self.relations.send_mark(target, mark)

    def ended(self, cell: Cell, number: int, reason: Reason) -> None:
        """See :class:`~.export.Outlet`."""
        mark, targets = self.relations.marked(self.stand_ins)
        self.send_reason([Kind.ENDED, number, cell.incarnation], reason, mark, targets)

    # -- messages that come --------------------------------------------------------------------------------------------

    def _message(self, target: int, first: int, messages: list[Any], asked: list[Any]) -> None:
        export = self.exports.get(target)
        if export is not None:
            export.take(first, messages, asked)
        else:  # it was let go of when this was on its way
            for number in range(first, first + len(messages)):
                self.send([Kind.ERROR, target, number, ActorDied(None, NOPROC)])

    def _done(self, target: int, runs: list[list[int]]) -> None:
        road = self._roads.get(target)
        if road is None:
            return
        for first, last in runs:
            road.done(first, last)
        self._resume(target)

    def _aside(self, target: int, runs: list[list[int]]) -> None:
        road = self._roads.get(target)
        if road is None:
            return
        for first, last in runs:
            road.put_aside(first, last)
        self._resume(target)

    def _answer(self, target: int, number: int, value: Any) -> None:
        road = self._roads.get(target)
        for item in road.done(number, number) if road is not None else ():
            if item.__class__ is Envelope:
                item.answer(value)
        self._resume(target)

    def _lost(self, target: int, number: int, error: BaseException, why: Undelivered | None = None) -> None:
        road = self._roads.get(target)
        for item in road.done(number, number) if road is not None else ():
            self.fail(self.stand_ins[target], item, error, why)
        self._resume(target)

    def _forward(self, target: int, number: int, other: Ref[Any]) -> None:
        road = self._roads.get(target)
        for item in road.done(number, number) if road is not None else ():
            if other._cell.state in REFUSING:
                other._cell.refuse(item, other._cell.reason)
            else:
                other._take(item)
        self._resume(target)

    def _withdraw(self, target: int, number: int) -> None:
        export = self.exports.get(target)
        if export is not None:
            export.withdraw(number)

    def fail(self, cell: Cell, item: Any, error: BaseException, why: Undelivered | None = None) -> None:
        """Tell the asker, or the dead letters, that a message was not handled, and ``why``: by default what
        :data:`WHY` says.
        """
        why = why or WHY.get(type(error).__name__, Undelivered.FAILED)
        if item.__class__ is Envelope and item.future is not None and not item.is_told:
            item.fail(error)
            if why is Undelivered.UNHANDLED and not isinstance(cell.owner, Embassy):  # else it is one where it went
                cell.scheduler.system.dead_letters.add(item.message, cell.ref, why)
            return
        reason = getattr(error, "reason", None)
        if reason is None and why in (Undelivered.FAILED, Undelivered.UNSENDABLE):
            reason = Crashed(error)
        cell.refuse(item, reason, why)

    def _resume(self, target: int) -> None:
        cell = self.stand_ins.get(target)
        if cell is None or not cell.held or cell.actor is None:
            return
        road = self._roads[target]
        if road.has_room and (road.is_dirty or not self.is_full()):
            cell.actor.resume()

    # -- the end -------------------------------------------------------------------------------------------------------

    def lost(self, reason: Reason = NOCONNECTION) -> None:
        """The link is gone: nobody there can be reached, and nobody there holds anything of here any more."""
        if self.is_closed:
            return
        self.is_closed = True
        for export in self.exports.values():
            export.lost()
        self._reason = reason
        self._calls.lost()
        self.relations.lost()
        for target, cell in self.stand_ins.items():
            if not isinstance(cell.owner, Embassy):
                continue  # a deputy sees to itself
            for item, _ in self._roads[target].empty():
                self.fail(cell, item, ActorDied(cell.ref, reason))
            if cell.state in LIVING and cell.actor is not None:
                cell.actor.end_first(reason)
            self._embassy.forget(self._key(target))
