"""What others elsewhere hold a ref of: takes their messages, and tells them what became of each and who lives there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from actors.cell import Cell, Waiting
from actors.deadlines import is_begun
from actors.envelopes import Ending, Envelope
from actors.errors import ActorDied, ActorError, CodecError, DeadlineExceeded
from actors.exits import NOPROC, Crashed, Reason
from actors.lifecycle import LIVING, State
from actors.messages import Undelivered
from actors.receipts import Receipt

from .frames import Kind
from .ledger import Fate, Ledger
from .limits import Limits

if TYPE_CHECKING:
    from actors.ref import Ref

SLACK = 0.05
"""Seconds after its deadline at which a question is given up here too; its asker, who counts, has given up by then."""


class Outlet(Protocol):
    """Where an export's frames go."""

    def send(self, frame: list[Any], refused: Callable[[CodecError], None] | None = None) -> None:
        """Send a frame; ``refused`` is told if it cannot travel."""

    def dirty(self, which: Export) -> None:
        """Have :meth:`Export.flush` called at the end of this loop turn."""

    def flush_with(self, export: Export) -> None:
        """Call it now, behind all that has gathered."""

    def ended(self, cell: Cell, number: int, reason: Reason) -> None:
        """Tell that the life in ``cell``, export ``number``, is over."""

    def forward(self, target: int, number: int, other: Ref[Any]) -> bool:
        """Have the other side hand message ``number`` of export ``target`` on; false if ``other`` is not for it."""

    def withdraw_offer(self, number: int) -> None:
        """Forget export ``number``."""


def _ignore(number: int) -> None:
    """Nobody keeps a ledger."""


class Export:
    """Number ``number`` of what a link's other side may address: the place of ``ref``.

    ``ledger``: where the fate of each message is noted, if its sender reads that.
    """

    __slots__ = (
        "_aside", "_done", "_envelopes", "_is_alive", "_is_watched", "_limits", "_outlet", "_words", "begun",
        "is_sender_told", "ledger", "number", "ref",
    )  # fmt: skip

    def __init__(self, number: int, ref: Ref[Any], outlet: Outlet, ledger: Ledger | None = None) -> None:
        self.number = number
        self.ref = ref
        self.ledger = ledger
        self.begun: Callable[[int], object] = ledger.begin if ledger is not None else _ignore
        self.is_sender_told = ledger is not None
        self._envelopes: dict[int, Envelope] = {}
        self._limits: Limits | None = None
        self._is_alive = self._is_watched = False
        self._outlet = outlet
        self._done: list[list[int]] = []
        self._aside: list[list[int]] = []
        self._words: list[tuple[list[Any], Callable[[CodecError], None]]] = []

    # -- messages ------------------------------------------------------------------------------------------------------

    def take(self, first: int, messages: list[Any], asked: list[Any]) -> None:
        """Messages have come, the first of them number ``first``; ``asked``: see :class:`~.frames.Kind`."""
        ref = self.ref
        post = self._post if self.ledger is None else ref._take  # its mailbox is where the sender is
        if self.ledger is not None:
            self.ledger.arrived(first, len(messages))
        if not asked:
            envelopes = [
                Envelope(message, Receipt(self, number))  # type: ignore[arg-type]
                for number, message in enumerate(messages, first)
            ]
            if self.ledger is not None:
                ref._cell.put_all(envelopes)
            else:
                for envelope in envelopes:
                    post(envelope)
            return
        notes = {index if index >= 0 else ~index: (index >= 0, left) for index, left in asked}
        for index, message in enumerate(messages):
            receipt = Receipt(self, first + index)
            envelope = Envelope(message, receipt)  # type: ignore[arg-type]
            if index in notes:
                receipt.is_question, left = notes[index]
                self._envelopes[first + index] = envelope
                if left is not None:
                    self._limit(envelope, receipt, left)
            post(envelope)

    def _limit(self, envelope: Envelope, receipt: Receipt, left: float) -> None:
        """Give a message up ``left`` seconds from now: a question in any case, else if nobody has begun with it."""
        loop = self.ref._cell.scheduler.loop
        envelope.deadline = due = loop.time() + left
        if self._limits is None:
            self._limits = Limits(loop, self._late)
        self._limits.add(receipt.number, due + SLACK if receipt.is_question else due)

    def _late(self, number: int) -> None:
        envelope = self._envelopes.get(number)
        if envelope is None or envelope.is_stale:
            return
        if envelope.future.is_question or not is_begun(self.ref._cell, envelope):
            envelope.fail(DeadlineExceeded(self.ref, None, 0.0))

    def _post(self, envelope: Envelope) -> None:
        try:
            space = self.ref._post(envelope)
        except ActorError as error:
            if envelope.is_told:
                self.ref._cell.refuse(envelope, None, Undelivered.FULL)
            else:
                envelope.fail(error)
            return
        if isinstance(space, Waiting):
            space.queue()

    def withdraw(self, number: int) -> None:
        """Nobody waits for the answer to question ``number`` any more: it is handled only if it was begun."""
        envelope = self._envelopes.get(number)
        if envelope is not None and not is_begun(self.ref._cell, envelope):
            envelope.fail(DeadlineExceeded(self.ref, None, 0.0))

    def recall(self) -> list[int]:
        """Take the messages that nobody has begun out of the mailbox and the stash; returns their numbers."""
        cell = self.ref._cell
        box = cell.box or ()
        numbers = []
        keep = [item for item in box if not self._is_own(item)]
        for item in (*(cell.extras.stash if cell.extras is not None else ()), *box):
            if self._is_own(item) and not item.future.done():
                numbers.append(item.future.number)
                self._forget(item.future.number)
        if box:
            cell.box.clear()
            cell.box.extend(keep)
        if cell.extras is not None:
            cell.extras.stash = [item for item in cell.extras.stash if not self._is_own(item)]
        return numbers

    def _is_own(self, item: Any) -> bool:
        return item.__class__ is Envelope and item.future.__class__ is Receipt and item.future.book is self

    # -- receipts ------------------------------------------------------------------------------------------------------

    def put_aside(self, number: int, *, is_stashed: bool) -> None:
        """Message ``number`` was stashed, or its answer is owed."""
        if self.ledger is not None:
            self.ledger.write(number, Fate.STASHED if is_stashed else Fate.OWED)
        self._note(self._aside, number)

    def forward(self, number: int, other: Ref[Any]) -> bool:
        """Message ``number`` is for ``other``: who sent it has it still, and its asker, and hands both on."""
        if self.ledger is None or not self._outlet.forward(self.number, number, other):
            return False
        self.ledger.write(number, Fate.OWED)
        self._forget(number)
        return True

    def settled(self, number: int, value: Any, error: BaseException | None) -> None:
        """Message ``number`` was handled, or will not be."""
        ledger = self.ledger
        if ledger is not None:
            if error is not None and isinstance(error, ActorDied) and error.ref is self.ref:
                return  # the sender decides what becomes of it: it has the mailbox
            ledger.write(number, 2 if error is None else 4)  # Fate.DONE; of an error the sender is yet to hear: OWED
        envelope = self._forget(number) if self._envelopes else None
        if error is not None and (envelope is not None or ledger is not None):
            self._say([Kind.ERROR, self.number, number, error], lambda why: self._tell_why(number, error, why))
        elif error is None and envelope is not None and envelope.future.is_question:
            self._say(
                [Kind.ANSWER, self.number, number, value], lambda why: self._answer_refused(number, envelope, why)
            )
        else:
            done = self._done
            if done and done[-1][1] == number - 1:
                done[-1][1] = number
            else:
                self._note(done, number)

    def _forget(self, number: int) -> Envelope | None:
        """Nobody waits for word of message ``number`` any more; its envelope, if anybody did."""
        if self._limits is not None:
            self._limits.discard(number)
        return self._envelopes.pop(number, None)

    def _note(self, runs: list[list[int]], number: int) -> None:
        if not self._done and not self._aside and not self._words:
            self._outlet.dirty(self)
        runs.append([number, number])

    def _say(self, word: list[Any], refused: Callable[[CodecError], None]) -> None:
        """Answer at the end of this loop turn, behind what the life that answers has told others until then; at once
        where nobody is about to pass anything on, and there is nothing more to be answered.
        """
        is_clean, cell = not self._done and not self._aside and not self._words, self.ref._cell
        self._words.append((word, refused))
        if is_clean and (cell.box or cell.scheduler.ready):
            self._outlet.dirty(self)
        elif is_clean:
            self._outlet.flush_with(self)

    def _tell_why(self, number: int, error: BaseException, why: CodecError) -> None:
        """An error that cannot travel is told as why it cannot."""
        self._outlet.send([Kind.ERROR, self.number, number, why])

    def _answer_refused(self, number: int, question: Envelope, refused: CodecError) -> None:
        """What was answered cannot travel: of a life elsewhere that is a crash, for its handler is to know; an actor
        of here does not die of being asked from elsewhere.
        """
        cell = self.ref._cell
        error: BaseException = refused.with_traceback(None)  # it came up where answers are packed
        if self.ledger is not None and cell.state in LIVING:
            cause = refused.__cause__
            reason = Crashed(cause if isinstance(cause, MemoryError) else refused)
            error = ActorDied(self.ref, reason, cell.pid)
            cell.push(Ending(reason, question))  # which is settled: it says whose answer it was
        self._outlet.send([Kind.ERROR, self.number, number, error])

    @property
    def has_words(self) -> bool:
        """Whether there are answers, or errors, to be told."""
        return bool(self._words)

    def flush(self) -> None:
        """Tell what has been done since the last time."""
        aside, self._aside = self._aside, []
        done, self._done = self._done, []
        if aside:
            self._outlet.send([Kind.ASIDE, self.number, aside])
        if done:
            self._outlet.send([Kind.DONE, self.number, done])
        if self._words:
            words, self._words = self._words, []
            for word, refused in words:
                self._outlet.send(word, refused)

    # -- who lives there -----------------------------------------------------------------------------------------------

    def look_on(self) -> None:
        """Be there until the place is closed, even if nobody watches it."""
        self.ref._cell.more().onlookers[self] = None

    def watch(self) -> None:
        """Tell who lives there, and every change, from now on."""
        cell = self.ref._cell
        self._is_watched = True
        if cell.state is State.CLOSED:
            self.place_closed(cell)
            return
        if cell.state in LIVING:
            self.life_began(cell)
        else:
            self.life_ended(cell, cell.reason or NOPROC)
            if cell.state is State.RESTING:
                self.place_rested(cell)
        cell.more().onlookers[self] = None

    def lost(self) -> None:
        """The link is gone: nobody asks any more; what was told is handled."""
        self.unwatch()
        if self.ledger is not None:
            return  # who asks has the mailbox, and decides
        for number, envelope in tuple(self._envelopes.items()):
            if envelope.future is not None and envelope.future.is_question:
                self.withdraw(number)

    def unwatch(self) -> None:
        """Nobody wants to know any more."""
        self._is_watched = False
        extras = self.ref._cell.extras
        if extras is not None:
            extras.onlookers.pop(self, None)

    def life_began(self, cell: Cell) -> None:
        """See :class:`~actors.onlooker.Onlooker`."""
        if self._is_watched:
            self._is_alive = True
            self._outlet.send([Kind.BEGAN, self.number, cell.incarnation])

    def life_ended(self, cell: Cell, reason: Reason) -> None:
        """See :class:`~actors.onlooker.Onlooker`."""
        if self._is_watched:
            self._is_alive = False
            self._outlet.ended(cell, self.number, reason)
            if cell.state is State.CLOSED:
                self.place_closed(cell)

    def place_rested(self, cell: Cell) -> None:
        """See :class:`~actors.onlooker.Onlooker`."""
        if self._is_watched:
            self._outlet.send([Kind.RESTED, self.number])

    def place_closed(self, cell: Cell) -> None:
        """See :class:`~actors.onlooker.Onlooker`."""
        if self._is_watched and not self._is_alive:  # else word of its end is yet to come
            self._outlet.send([Kind.CLOSED, self.number])
        elif not self._is_watched:
            self._outlet.withdraw_offer(self.number)
