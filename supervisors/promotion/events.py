"""What is decided about places, as events of the same stream as all others."""

from __future__ import annotations

from dataclasses import dataclass

from supervisors.events import SupervisionEvent, counted, seconds

from .ladder import Rung


@dataclass(frozen=True, slots=True)
class Promoted(SupervisionEvent):
    """The next life is to be further out, at the rung ``to``; ``life`` is the one that speaks for that.

    ``kind``: of the last of ``count`` pieces of evidence; ``calm``: seconds without any after which it comes
    back in.
    """

    life: int
    was: Rung
    to: Rung
    kind: str
    count: int
    calm: float

    def describe(self) -> str:
        return f"{self.path} is to live {self.to.phrase}: {because(self.kind, self.count, self.was)}"


@dataclass(frozen=True, slots=True)
class Demoted(SupervisionEvent):
    """The next life is to be further in, at the rung ``to``, after ``calm`` seconds without evidence; or it did not
    start where it had been sent, and ``why``.
    """

    was: Rung
    to: Rung
    calm: float
    why: str = ""

    def describe(self) -> str:
        if self.why:
            return f"{self.path} is to live {self.to.phrase} again: it did not start {self.was.phrase} ({self.why})"
        return f"{self.path} is to live {self.to.phrase} again: nothing was wrong for {seconds(self.calm)}"


SAID = {
    ("blocked", Rung.LOOP): "it held the loop",
    ("blocked", Rung.THREAD): "it was killed and did not end",
    ("blocked", None): "it gave no sign of life",
    ("memory", None): "it took too much memory",
    ("signal", None): "a signal ended it",
}
"""What a piece of evidence is, in words, by its kind and the rung that it was found at."""


def because(kind: str, count: int, was: Rung) -> str:
    """Why it goes out, in words."""
    said = SAID.get((kind, was)) or SAID[kind, None]
    return said if count == 1 else f"{counted(count, 'piece', 'pieces')} of evidence, the last one: {said}"
