"""What all cores of the tissue have in common: they are told the time and what arrived, and say what is to be sent.

A core never sends, sleeps or reads a clock.  Its owner calls :meth:`Core.tick` when it is due and :meth:`Core.receive`
for every packet, and carries the effects out: a :class:`Send` goes to the transport, an event to whoever listens.  What
is sent may be lost, doubled, late or out of order; a core that needs more says so itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from actors.messages import Pid


@dataclass(frozen=True, slots=True)
class Send:
    """Have ``body`` sent to the cell called ``to``.

    ``kind``: the core's name and its own word, as ``"swim.ping"``.  ``body``: plain values that msgpack takes
    (``None``, bool, int, float, str, bytes, lists, dicts with such keys); a receiver may see tuples as lists.
    """

    to: str
    kind: str
    body: Any


@dataclass(frozen=True, slots=True)
class TissueEvent:
    """Base of what a core reports."""


@dataclass(frozen=True, slots=True)
class Refused(TissueEvent):
    """A packet from ``sender`` made no sense and changed nothing: ``why`` in words."""

    sender: Pid
    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class PartFailed(TissueEvent):
    """A part of this cell, named in words by ``part``, raised ``error``; the others go on.

    Of a block that fails round after round this is said once, until it has worked again.
    """

    part: str
    error: Exception


Effect = Send | TissueEvent


class Core(Protocol):
    """See the module's text.  ``due``: the moment at which :meth:`tick` wants to be called next; ``inf``: never."""

    @property
    def due(self) -> float: ...

    def tick(self, now: float) -> list[Effect]:
        """It is ``now``; do what is due."""

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A packet has arrived.  One that makes no sense is ``Refused``, never an exception."""


STUMBLES = TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError
"""What is raised where a body from the network makes no sense."""


def read(sender: Pid, kind: str, body: Any, how: Callable[[Any], list[Effect]]) -> list[Effect]:
    """Let ``how`` read a body from the network; whatever it trips over is ``Refused``."""
    try:
        return how(body)
    except STUMBLES as error:
        return [Refused(sender, kind, f"{type(error).__name__}: {error}")]
