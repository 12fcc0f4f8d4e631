"""Contact messages: what an actor tells or asks another one over the tissue, as bytes in a packet that may be lost.

A letter is its word, a number by which the answer is known, and the message as the transport keeps it.  What happens to
it on the way is :mod:`~actors.tissue.links`'s business: it arrives once, or its writer is told that it did not.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import msgpack

from actors.cell import ACCEPTED, Cell, Waiting
from actors.deadlines import check_timeout, deadline_of
from actors.errors import ActorError, AskTimeout, DeadlineExceeded, MailboxFull
from actors.exits import spell
from actors.messages import Pid, Undelivered
from actors.tissue.plain import read_bytes, read_list, read_number
from actors.tissue.transport import FrameError

if TYPE_CHECKING:
    from actors.ref import Ref

    from .site import Site

NOBODY = Pid("?", 1)
"""For whom it is done that somebody waits for room who was told and not asked."""

SERIAL_BITS = 60
"""Questions are numbered from anywhere below 2 to this."""

QUESTIONS_LIMIT = 65_536
"""Questions of one actor that may wait for answers, and questions of others to it that may."""


class Word(IntEnum):
    """What a letter is."""

    TELL = 0
    ASK = 1
    ANSWER = 2
    FAILURE = 3


class Letter(NamedTuple):
    """``number``: of the question that is asked or answered; ``kept``: the message, or why there is no answer;
    ``within``: seconds that whoever asks waits; ``inf``: until there is an answer.
    """

    word: Word
    number: int
    kept: bytes
    within: float = 0.0

    def pack(self) -> bytes:
        """As bytes."""
        packed: bytes = msgpack.packb([int(self.word), self.number, self.kept, self.within])
        return packed


def read_letter(raw: bytes) -> Letter:
    """What :meth:`Letter.pack` made.  Raises ``TypeError`` or ``ValueError`` for anything else."""
    try:
        unpacked = msgpack.unpackb(raw)
    except Exception as error:  # msgpack raises half a dozen kinds
        raise ValueError("no letter") from error
    word, number, kept, within = read_list(unpacked, 4, 4)
    if type(within) is not float or not within >= 0:
        raise ValueError("no time to answer in")
    return Letter(Word(word), read_number(number), read_bytes(kept), within)


class Unanswered(ActorError):
    """A question over the tissue has no answer: ``why`` in words; whoever was asked may have handled it all the same.

    ``has_answered``: it has, but by an error; ``is_dead``: it died with the question.
    """

    def __init__(self, to: str, why: str, *, has_answered: bool = False, is_dead: bool = False) -> None:
        self.is_dead = is_dead
        self.to = to
        self.why = why
        self.has_answered = has_answered
        super().__init__(f"no answer from {to}: {why}")


Post = Callable[[str, bytes, Any], None]
"""``post(to, letter, tag)``: have a letter delivered; ``tag`` comes back when it has arrived or was given up."""


class Desk:
    """Who writes and reads the letters of one actor.

    ``ref``: the actor; ``post``: what delivers; ``refuse``: told of a letter that makes no sense.
    """

    def __init__(self, ref: Ref[Any], site: Site, post: Post, refuse: Callable[[Pid, str], None]) -> None:
        self._ref = ref
        self._letterbox = site.letterbox
        self._post = post
        self._refuse = refuse
        self._asking = site.asking
        self._questions: dict[int, tuple[str, asyncio.Future[Any]]] = {}
        # An answer to an earlier life's question, which comes to the same address, must not fit one of this life's.
        self._serial = site.chance().getrandbits(SERIAL_BITS)
        self._is_over = False
        self._told: dict[bytes, str] = {}
        self._answering: dict[asyncio.Task[None], Pid] = {}

    # -- writing -------------------------------------------------------------------------------------------------------

    def tell(self, to: str, message: object, post: Post | None = None) -> None:
        """Send and go on."""
        kept = self._letterbox.keep(message)
        if self._is_over:
            self.undeliverable(to, kept, "")
            return
        self._told[kept] = to
        try:
            (post or self._post)(to, Letter(Word.TELL, 0, kept).pack(), kept)
        except BaseException:  # whoever tells is told: it must not become a dead letter besides
            self.settled(kept)
            raise

    async def ask(self, to: str, message: object, timeout: float | None, post: Post | None = None) -> Any:
        """Send and wait for the answer, up to ``timeout`` seconds or the deadline of the message in hand.

        Whoever is asked keeps the question for as long.  Raises ``AskTimeout``, or ``DeadlineExceeded`` for the latter,
        or ``Unanswered``; ``ValueError`` for what is no timeout.
        """
        timeout = check_timeout(timeout)
        if self._is_over:
            raise Unanswered(to, "the asker's life is over")
        left = time_left(self._ref._cell)
        late = DeadlineExceeded if timeout is None or left < timeout else AskTimeout
        limit = left if timeout is None else min(timeout, left)
        if len(self._questions) >= QUESTIONS_LIMIT:
            raise Unanswered(to, f"{QUESTIONS_LIMIT} questions wait already")
        self._serial += 1
        number = self._serial
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._questions[number] = to, future
        self._asking[self] = None
        try:
            kept = self._letterbox.keep(message)
            try:
                (post or self._post)(to, Letter(Word.ASK, number, kept, float(limit)).pack(), (kept, number))
            except (TypeError, ValueError):
                self.settled(kept)
                raise
            async with asyncio.timeout(limit if limit < math.inf else None):
                return await future
        except TimeoutError:
            raise late(to, message, timeout or 0.0) from None
        finally:
            self._questions.pop(number, None)
            self._rest()

    def _rest(self) -> None:
        """It need not hear of deaths while it neither waits for anybody nor lets anybody wait."""
        if not self._questions and not self._answering:
            self._asking.pop(self, None)

    def settled(self, tag: Any) -> None:
        """The letter of that tag has arrived."""
        kept = tag[0] if isinstance(tag, tuple) else tag
        if kept is not None:
            self._told.pop(kept, None)
            self._letterbox.drop(kept)

    def reached(self, tag: Any, provider: str) -> None:
        """The letter of that tag has arrived: at ``provider``."""
        if isinstance(tag, tuple) and tag[1] in self._questions:
            self._questions[tag[1]] = provider, self._questions[tag[1]][1]
        self.settled(tag)

    def undeliverable(self, to: str, tag: Any, why: str) -> None:
        """The letter of that tag was given up."""
        number = tag[1] if isinstance(tag, tuple) else 0
        kept = tag[0] if isinstance(tag, tuple) else tag
        _, future = self._questions.get(number, ("", None))
        if future is not None and not future.done():
            future.set_exception(Unanswered(to, why))
        elif kept is not None and not number:
            self._lose(kept)
        self.settled(tag)

    def _lose(self, kept: bytes) -> None:
        try:
            message = self._letterbox.fetch(kept)
        except FrameError:
            return
        self._ref._cell.scheduler.system.dead_letters.add(message, self._ref, Undelivered.EXPIRED)

    # -- reading -------------------------------------------------------------------------------------------------------

    def read(self, origin: Pid, payload: bytes, reply: Post | None = None) -> None:
        """A letter has come: hand it to the actor, or the answer in it to who waits for it."""
        try:
            letter = read_letter(payload)
            message = self._letterbox.fetch(letter.kept) if letter.word is not Word.FAILURE else letter.kept.decode()
        except (TypeError, ValueError) as error:
            self._refuse(origin, str(error))
            return
        if letter.word is Word.TELL:
            self.hand_over(self._ref, message)
        elif letter.word is Word.ASK:
            if len(self._answering) >= QUESTIONS_LIMIT:
                why = f"{QUESTIONS_LIMIT} questions wait there already"
                self._reply(origin.name, Letter(Word.FAILURE, letter.number, why.encode()), None, reply)
            else:
                self._work(self._answer(origin.name, letter, message, reply), origin)
        else:
            self._close(origin, letter, message)

    def hand_over(self, ref: Ref[Any], message: object) -> None:
        """Tell an actor of this system; nobody waits for it, nor hears of it but by a dead letter, if it is full."""
        try:
            taken = ref.tell(message)
        except MailboxFull:
            ref._cell.scheduler.system.dead_letters.add(message, ref, Undelivered.FULL)
            return
        if taken is not ACCEPTED and isinstance(taken, Waiting):
            self._work(_wait(taken), NOBODY)

    def _work(self, work: Coroutine[Any, Any, None], origin: Pid) -> None:
        """Do that for somebody, for as long as he lives."""
        task = asyncio.get_running_loop().create_task(work)
        self._answering[task] = origin
        self._asking[self] = None
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._answering.pop(task, None)
        self._rest()

    async def _answer(self, to: str, question: Letter, message: object, reply: Post | None) -> None:
        number = question.number
        try:
            answer = await self._ref.ask(message, question.within if question.within < math.inf else None)
            kept = self._letterbox.keep(answer)
            letter = Letter(Word.ANSWER, number, kept)
        except Exception as error:  # whatever the handler, or the codec, has raised is the asker's
            kept, letter = None, Letter(Word.FAILURE, number, spell(error)[:80].encode(errors="replace"))
        self._reply(to, letter, kept, reply)

    def _reply(self, to: str, letter: Letter, kept: bytes | None, reply: Post | None) -> None:
        if self._is_over:  # nobody is there any more to see that it arrives; whoever asked is told of the death
            self.settled(kept)
            return
        (reply or self._post)(to, letter.pack(), kept)

    def died(self, pid: Pid) -> None:
        """A life is over: it answers no more, and waits for no answer."""
        for to, future in self._questions.values():
            if to == pid.name and not future.done():
                future.set_exception(Unanswered(to, "its life is over", is_dead=True))
        for task, origin in tuple(self._answering.items()):
            if origin == pid:
                task.cancel()

    def _close(self, origin: Pid, letter: Letter, message: object) -> None:
        _, future = self._questions.get(letter.number, ("", None))
        if future is None or future.done():
            return
        if letter.word is Word.ANSWER:
            future.set_result(message)
        else:
            future.set_exception(Unanswered(origin.name, str(message), has_answered=True))

    def renumbered(self) -> None:
        """Others take the life for another one: what they would answer does not come here."""
        for to, future in self._questions.values():
            if not future.done():
                future.set_exception(Unanswered(to, "the asker goes on under another number; ask again"))

    def close(self) -> None:
        """The actor's life is over: nobody waits any more, and what it told and is not known to have arrived is a dead
        letter.
        """
        self._is_over = True
        for kept, to in tuple(self._told.items()):
            self.undeliverable(to, kept, "")
        for _, future in self._questions.values():
            if not future.done():
                future.set_exception(Unanswered(self._ref.name, "the asker's life is over"))
                future.exception()


def time_left(cell: Cell) -> float:
    """Seconds until the deadline of the message that an actor has in hand; ``inf`` if it has none."""
    return max(0.0, deadline_of(cell.hand) - cell.scheduler.loop.time())


async def _wait(taken: Waiting) -> None:
    try:
        await taken
    except ActorError:
        pass
