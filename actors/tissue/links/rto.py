"""How long to wait for an acknowledgement before sending again: TCP's timer, for links between cells.

For a backend developer: a timeout that nobody has to set.  It follows each link's own round trip, so one setting fits a
process next door and a host across an ocean, and a retry comes after milliseconds where that is right.

Of each round trip R that was measured::

    first:  SRTT = R                         RTTVAR = R / 2
    later:  RTTVAR += (|SRTT - R| - RTTVAR) / 4      SRTT += (R - SRTT) / 8
    RTO = SRTT + max(G, 4 RTTVAR), from ``least`` to ``most``; doubled after each loss, until the next measurement

What was sent more than once measures nothing, because nobody knows which of the copies was answered (Karn's rule).

Source: RFC 6298 (Paxson, Allman, Chu and Sargent 2011); Karn and Partridge, SIGCOMM 1987.  TCP's floor of 1 s is for
hosts that delay their acknowledgements; here nobody does, and it is 20 ms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RtoConfig:
    """Bounds of a retransmission timer, in seconds.  Raises ``ValueError`` naming the field.

    - ``initial``: RTO before anything was measured, 1.0.
    - ``least``: 0.02; below what a loop needs to get round, answers that are merely late are asked for again.
    - ``most``: 10.0; nothing waits longer, however often it was lost.
    - ``granularity``: G, 0.01: how late a loop looks, where RFC 6298 speaks of the clock.  A link whose round trips are
      all alike would else be asked again whenever somebody was a moment late.
    - ``doublings``: losses in a row after which it is doubled no more, 5, that is to 32 times: so that the wait after a
      pause is not as long as the pause.
    """

    initial: float = 1.0
    least: float = 0.02
    most: float = 10.0
    granularity: float = 0.01
    doublings: int = 5

    def __post_init__(self) -> None:
        for name in ("initial", "least", "most", "granularity"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise ValueError(f"RtoConfig.{name} must be seconds above 0 and finite; got {value!r}")
        if not self.least <= self.initial <= self.most:
            raise ValueError(f"RtoConfig.initial must be from least to most; got {self.initial!r}")
        if not 0 <= self.doublings <= 32:
            raise ValueError(f"RtoConfig.doublings must be from 0 to 32; got {self.doublings!r}")


class RetransmitTimer:
    """The wait for one link; see the module's text.

    ``srtt`` and ``rttvar``: the smoothed round trip and its deviation, seconds; ``None`` and 0 before the first sample.
    """

    __slots__ = ("_base", "_config", "_doubled", "rttvar", "srtt")

    def __init__(self, config: RtoConfig | None = None) -> None:
        self._config = config or RtoConfig()
        self.srtt: float | None = None
        self.rttvar = 0.0
        self._base = self._config.initial
        self._doubled = 0

    def __repr__(self) -> str:
        return f"RetransmitTimer(rto={self.rto:.3g}, srtt={self.srtt if self.srtt is None else round(self.srtt, 6)})"

    @property
    def rto(self) -> float:
        """The wait now, in seconds, with what recent losses have added."""
        return min(self._config.most, self._base * (1 << self._doubled))

    @property
    def overtaking(self) -> float:
        """Seconds after which an answer that others have overtaken is late even for packets that overtake each other.

        SRTT + max(SRTT / 4, 2 RTTVAR): a quarter of a round trip as in RFC 8985, or what this link's differ by.
        """
        return self.rto if self.srtt is None else self.srtt + max(self.srtt / 4, 2 * self.rttvar)

    def sample(self, rtt: float, *, retransmitted: bool = False) -> None:
        """An answer took ``rtt`` seconds.  What was ``retransmitted`` says nothing."""
        if retransmitted or not 0 <= rtt < math.inf:
            return
        if self.srtt is None:
            self.srtt, self.rttvar = rtt, rtt / 2
        else:
            self.rttvar += (abs(self.srtt - rtt) - self.rttvar) / 4
            self.srtt += (rtt - self.srtt) / 8
        config = self._config
        base = self.srtt + max(config.granularity, 4 * self.rttvar)
        self._base = min(config.most, max(config.least, base))
        self._doubled = 0

    def back_off(self) -> None:
        """Something was lost: wait twice as long, until the next sample."""
        self._doubled = min(self._config.doublings, self._doubled + 1)

    def recover(self) -> None:
        """The other side was heard again: forget what losses have added, though nothing was measured."""
        self._doubled = 0
