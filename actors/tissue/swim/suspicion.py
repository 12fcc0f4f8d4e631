"""How long a member stays suspect before it is given up: the more cells accuse it independently, the shorter.

One accuser may itself be the sick one, so it has to wait long; a member that is dead does not answer anybody, so
accusations come in quickly and the wait shrinks to its least (Lifeguard's "LHA-Suspicion", Dadgar, Phillips and
Currey, DSN-W 2018)::

    T = max(Tmin, Tmax - (Tmax - Tmin) ln(C + 1) / ln(K + 1))
    Tmin = alpha max(1, log10 n) P        Tmax = beta Tmin        K = alpha - 2, and 0 where n - 2 < K

C: confirmations, that is accusers beyond the first; P: the probe period.  It is log10, not ln, in Tmin; ports that
took ln are 2.3 times as slow.  With Tmin 2 s, Tmax 30 s, K 3 the waits are 30, 16, 7.81 and 2 s for C = 0, 1, 2, 3.
"""

from __future__ import annotations

import math


def least_suspicion(alpha: float, n: int, period: float) -> float:
    """Tmin in seconds for ``n`` members; ``alpha`` is SuspicionMult: higher is slower and surer."""
    return alpha * max(1.0, math.log10(max(1, n))) * period


def confirmations_wanted(alpha: int, n: int) -> int:
    """K, the confirmations that bring the wait down to its least; 0 where there are too few others to give them."""
    wanted = max(0, alpha - 2)
    return 0 if n - 2 < wanted else wanted


def suspicion_timeout(confirmations: int, wanted: int, least: float, most: float) -> float:
    """T in seconds after ``confirmations`` of the ``wanted``; ``least`` where none are wanted."""
    if wanted < 1:
        return least
    share = math.log(confirmations + 1) / math.log(wanted + 1)
    return max(least, most - (most - least) * share)


class Suspicion:
    """One open suspicion: who accuses, since when, and until when the accused may still refute.

    Of accusers no more are kept than make a difference: the first, the ``wanted`` others that shorten the wait, and one
    more, so that it is known of a wait which nothing shortens whether the first stands alone.
    """

    __slots__ = ("_least", "_most", "_wanted", "accusers", "began", "deadline")

    def __init__(self, accuser: str, now: float, *, wanted: int, least: float, most: float) -> None:
        self.began = now
        self.accusers = {accuser}
        self._wanted = wanted
        self._least = least
        self._most = most
        self.deadline = now + suspicion_timeout(0, wanted, least, most)

    @property
    def confirmations(self) -> int:
        """C: accusers beyond the first."""
        return len(self.accusers) - 1

    def confirm(self, accuser: str) -> bool:
        """Count one more accuser and bring the deadline forward; whether it was one that the wait depends on."""
        if accuser in self.accusers or self.confirmations > self._wanted:
            return False
        self.accusers.add(accuser)
        if self.confirmations > self._wanted:
            return False
        timeout = suspicion_timeout(self.confirmations, self._wanted, self._least, self._most)
        self.deadline = min(self.deadline, self.began + timeout)
        return True

    def is_only(self, accuser: str) -> bool:
        """Whether nobody but ``accuser`` accuses."""
        return self.accusers == {accuser}

    def postpone(self, until: float) -> None:
        """Let the accused refute until then at least."""
        self.deadline = max(self.deadline, until)
