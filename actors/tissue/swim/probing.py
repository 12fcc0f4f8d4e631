"""One probe of another cell, and the pings that this cell makes for the probes of others."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from .updates import Update


@dataclass(slots=True)
class Probe:
    """A probe of the life that ``target`` speaks of, which has until ``ends`` to answer.

    Stages: pinged; ``is_assisted``, once the helpers in ``asked`` were asked to ping it too; answered, or failed at the
    end of the period.
    """

    seq: int
    target: Update
    ends: float
    is_assisted: bool = False
    is_answered: bool = False
    asked: tuple[str, ...] = ()
    nacks: set[str] = field(default_factory=set)

    def nack(self, helper: str) -> None:
        """A helper lives, and heard nothing of the target either."""
        if helper in self.asked:
            self.nacks.add(helper)

    @property
    def blame(self) -> int:
        """How ill this failure shows the prober itself to be: the nacks that should have come and did not.

        Helpers that live send one even if the target does not, so silence from them means that this cell hears badly.
        """
        return len(self.asked) - len(self.nacks) if self.asked else 1


@dataclass(slots=True)
class Relay:
    """A ping made for the probe number ``seq`` of ``origin``; no nack is sent if it is answered before ``nack_at``."""

    origin: str
    seq: int
    nack_at: float
    ends: float


class Relays:
    """The pings made for others that wait for their answer, by their own number; at most ``limit``.

    All wait equally long, so the oldest is always the next to be nacked or dropped.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: dict[int, Relay] = {}
        self._quiet: dict[int, Relay] = {}

    @property
    def is_full(self) -> bool:
        """Whether no more are taken."""
        return len(self._waiting) + len(self._quiet) >= self._limit

    @property
    def due(self) -> float:
        """When the next nack is to be sent, or the next one dropped."""
        nack = next(iter(self._waiting.values())).nack_at if self._waiting else math.inf
        drop = next(iter(self._quiet.values())).ends if self._quiet else math.inf
        return min(nack, drop)

    def add(self, seq: int, relay: Relay) -> None:
        """Ping number ``seq`` was sent for somebody."""
        self._waiting[seq] = relay

    def answered(self, seq: int) -> Relay | None:
        """Ping number ``seq`` was answered: whom to tell."""
        return self._waiting.pop(seq, None) or self._quiet.pop(seq, None)

    def expired(self, now: float) -> list[Relay]:
        """To whom a nack is to be sent now; an answer that comes later is still passed on for a while."""
        nacks = []
        while self._waiting and (oldest := next(iter(self._waiting.items())))[1].nack_at <= now:
            self._quiet[oldest[0]] = self._waiting.pop(oldest[0])
            nacks.append(oldest[1])
        while self._quiet and (oldest := next(iter(self._quiet.items())))[1].ends <= now:
            del self._quiet[oldest[0]]
        return nacks
