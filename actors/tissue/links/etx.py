"""How good a link is, as the transmissions that a message costs on it: ETX.

For a backend developer: a metric by which a path of two good links beats one bad one, measured on the traffic itself.

A message has arrived when it and its acknowledgement came through, with probability q = d_f d_r, so it takes
ETX = 1 / (d_f d_r) transmissions on average (De Couto, Aguayo, Bicket and Morris, MobiCom 2003).  Here q is an
average over the last transmissions: one whose message arrived counts 1, those before it that did not count 0.

It also says what silence means.  A link that loses a third of its packets is often silent three times in a row; one
that never loses any is dead when it is::

    silences that count as death = max(3, ln(doubt) / ln(1 - q))       doubt: 1 in 10,000

with q lower by its standard error, sqrt(q (1 - q) / 32), as it is only an estimate.
"""

from __future__ import annotations

import math

WEIGHT = 1 / 32
"""Of a transmission, once there were as many: the last 32 or so decide."""

LEAST = 0.05
"""No link is taken to be worse: ETX 20."""

MOST = 0.99

FEWEST_SILENCES = 3
"""So many waits in vain are no evidence against the best of links, m in RFC 6298's sense of a dead peer."""

MOST_SILENCES = 24
"""So many are evidence against the worst: at 44 % loss each way chance makes one such run in 10,000."""

_LN_DOUBT = math.log(1e-4)


class Quality:
    """What is known of one link.  At first the best is believed of it, and as firmly as after one success."""

    __slots__ = ("_delivered", "_seen")

    def __init__(self) -> None:
        self._delivered = 1.0
        self._seen = 1

    def __repr__(self) -> str:
        return f"Quality(etx={self.etx:.2f})"

    @property
    def delivered(self) -> float:
        """q: the share of transmissions that are acknowledged."""
        return self._delivered

    @property
    def etx(self) -> float:
        """Expected transmissions a message, from 1 to 20."""
        return 1 / max(LEAST, self._delivered)

    @property
    def fatal_silences(self) -> int:
        """How many waits in vain, one after the other, mean that the link is dead: from 3 to 24."""
        error = math.sqrt(max(0.0, self._delivered * (1 - self._delivered)) * WEIGHT)
        wanted = _LN_DOUBT / math.log1p(-min(MOST, max(LEAST, self._delivered - error)))
        return min(MOST_SILENCES, max(FEWEST_SILENCES, math.ceil(wanted)))

    def arrived(self, transmissions: int) -> None:
        """A message was acknowledged after so many transmissions.

        Those of messages that never are do not count: it is the link's quality while it lives that says how long a
        silence has to be.
        """
        for left in range(min(transmissions, MOST_SILENCES), 0, -1):
            self._seen += 1
            self._delivered += ((left == 1) - self._delivered) * max(WEIGHT, 1 / self._seen)
