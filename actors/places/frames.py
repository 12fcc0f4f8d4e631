"""What two systems say to each other over a link: one msgpack array a frame, whose first value is one of these.

Numbers below 16 are the link's own.  ``target`` is a number: of the receiver's exports.  The messages to one target are
numbered from 1, consecutively in a frame.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from actors.errors import CodecError
from actors.exits import Reason, Shutdown


class Kind:
    """See the module's text.  What follows each in its frame:

    - ``MSG``: target, number of the first, the messages, of the questions among them ``[index, seconds left or None]``;
      an index below 0 is ``~index`` of one that is told with a deadline;
    - ``DONE``: target, runs ``[first, last]`` of messages that were handled; ``ASIDE``: the same of those that were
      stashed, deferred or forwarded, and so keep no others waiting;
    - ``ANSWER``, ``ERROR``: target, number, value or error; ``ERROR`` of a tell: nobody handled it, and why;
    - ``FORWARD``: target, number, ref: the message is for that one, who is not of the receiver's side;
    - ``WITHDRAW``: target, number of a question that nobody waits for any more;
    - ``WATCH``, ``UNWATCH``: target; then, at once and whenever it changes, ``BEGAN``: target, incarnation;
      ``ENDED``: target, incarnation, reason, mark, targets; ``RESTED``: target, no successor is planned;
      ``CLOSED``: target, nobody will live there any more;
    - ``MARK``: target, mark: what that target was told before an end is there, and word of it may follow;
    - ``LINK``, ``UNLINK``: target, ref; ``SIGNAL``: target, reason, ref or None, whether it came over a link, mark;
    - ``STOP``: target, reason; ``RELEASE``: targets of which no ref is left there;
    - ``MANAGE``: target, number, verb, value; its result is ``TOLD``;
    - ``TISSUE``: a word of :class:`actors.contact.words.Word` and what belongs to it;
    - ``NAMES``: all names with handles, all groups with the handles of their members; ``NAME``, ``UNNAME``: a name and
      a handle; ``TAKEN``: a name that another one has, and a handle of that; ``JOIN``, ``LEAVE``: a group and a handle;
    - ``START``, ``STARTED``, ``OVER``, ``HOOK``, ``TOLD``, ``RECALL``, ``RECALLED``, ``PARENT``, ``RETIRE``, ``HARM``,
      ``LETTER``, ``EVENT``: between a deputy and the life it stands for.
    """

    MSG = 16
    DONE = 17
    ANSWER = 18
    ERROR = 19
    WATCH = 20
    UNWATCH = 21
    BEGAN = 22
    ENDED = 23
    CLOSED = 24
    LINK = 25
    UNLINK = 26
    SIGNAL = 27
    STOP = 28
    RELEASE = 29
    START = 30
    STARTED = 31
    OVER = 32
    HOOK = 33
    TOLD = 34
    ASIDE = 35
    WITHDRAW = 36
    MARK = 37
    MANAGE = 38
    RECALL = 39
    RECALLED = 40
    RETIRE = 41
    HARM = 42
    LETTER = 43
    EVENT = 44
    PARENT = 45
    NAMES = 50
    NAME = 51
    UNNAME = 52
    TAKEN = 53
    JOIN = 54
    LEAVE = 55
    FORWARD = 56
    RESTED = 57
    TISSUE = 60


def plain(reason: Reason) -> Reason:
    """A reason of which everything travels; what a shutdown holds that does not is told as text, and it stays one."""
    return Shutdown(repr(reason.detail)[:1000]) if isinstance(reason, Shutdown) else reason


class Link(Protocol):
    """What carries frames; see :mod:`actors.wire`."""

    @property
    def is_full(self) -> bool:
        """Whether a sender should wait."""

    def send(self, frame: list[Any], refused: Callable[[CodecError], None] | None = None) -> object:
        """Send a frame at the end of this loop turn; ``refused`` is told if it cannot travel."""

    def cork(self) -> None:
        """Leave what is sent from now on to :meth:`flush`, which follows."""

    def flush(self) -> int:
        """Send now what was to be sent at the end of the turn; the bytes that it came to, 0 if it has to wait."""

    def on_writable(self, callback: Callable[[], object]) -> None:
        """Call it once when the link is not full (any more)."""

    def close(self, reason: str = "closed") -> None:
        """Send what waits, and hang up."""

    def abort(self, reason: str) -> None:
        """Hang up at once."""


class Unopened:
    """In the place of a link, before there is one: whoever is at its other end has not heard of anything yet."""

    is_full = True

    def send(self, frame: list[Any], refused: Callable[[CodecError], None] | None = None) -> object:
        """See :class:`Link`: there is nobody to be told."""

    def cork(self) -> None:
        """See :class:`Link`."""

    def flush(self) -> int:
        """See :class:`Link`."""
        return 0

    def on_writable(self, callback: Callable[[], object]) -> None:
        """See :class:`Link`: whoever opens the link begins anew."""

    def close(self, reason: str = "closed") -> None:
        """See :class:`Link`."""

    def abort(self, reason: str) -> None:
        """See :class:`Link`."""
