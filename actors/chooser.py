"""Choosing between strategies by what they have brought: discounted Thompson sampling with a change alarm.

Each arm has a Beta distribution of its worth, Beta(1, 1) at first.  To choose, one draw is taken from each and the
largest wins (Thompson 1933); with probability ``explore`` any arm does.  A reward r in 0..1 for an arm moves what is
known of it, and fades what was known:

    a <- discount · a + r        b <- discount · b + (1 - r)        worth ~ Beta(1 + a, 1 + b)

so that an arm is known by its last 1 / (1 - discount) rewards.  Arms without a reward keep what is known of them: to
fade them too (Raj and Kalyani 2017) was tried, and pays for following changes with endless trials of what is bad.  That
the best arm has become worse is seen by a Page-Hinkley test (Page 1954) on all rewards, which resets every arm.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from random import Random

A = TypeVar("A", bound=Hashable)


class PageHinkley:
    """Notices that the mean of a stream has fallen.

        m <- m + mean - value - delta        alarm when m - min(m) > threshold

    ``delta``: how far a value may lie below the mean for nothing, 0.005; ``threshold``: 50.0.  Larger: fewer false
    alarms, and later true ones: a fall by d is noticed after about threshold / d values.  Raises ``ValueError`` for a
    value out of range.
    """

    __slots__ = ("_count", "_least", "_mean", "_sum", "delta", "threshold")

    def __init__(self, delta: float = 0.005, threshold: float = 50.0) -> None:
        if not 0 <= delta < math.inf:
            raise ValueError(f"PageHinkley.delta must be at least 0 and finite; got {delta!r}")
        if not 0 < threshold < math.inf:
            raise ValueError(f"PageHinkley.threshold must be above 0 and finite; got {threshold!r}")
        self.delta = delta
        self.threshold = threshold
        self.reset()

    def reset(self) -> None:
        """Forget the stream."""
        self._count = 0
        self._mean = self._sum = self._least = 0.0

    def add(self, value: float) -> bool:
        """Take the next value in; whether the mean has fallen.  After an alarm the stream is forgotten."""
        self._count += 1
        self._mean += (value - self._mean) / self._count
        self._sum += self._mean - value - self.delta
        self._least = min(self._least, self._sum)
        if self._sum - self._least <= self.threshold:
            return False
        self.reset()
        return True


class Chooser(Generic[A]):
    """Picks one of ``arms``, more and more often the one that is worth most, and goes on looking.

    ::

        self.chooser = Chooser(["primary", "replica"], rng=self.system.rng)
        arm = self.chooser.pick()
        ...
        self.chooser.reward(arm, 1.0 if answered else 0.0)

    - ``arms``: anything hashable, at least one, each once.
    - ``discount``: of what is known at each reward, 0.98: an arm is known by its last 50.  Smaller: follows changes
      faster, and errs more often while nothing changes.  1: never forgets.
    - ``explore``: share of picks that go to any arm, 0.02.  At 0 an arm that has become better may never be seen again.
    - ``rng``: chance; ``system.rng`` makes it repeat.
    - ``alarm``: what notices that all has become worse, ``PageHinkley()``.

    ``alarms`` counts how often all was forgotten.  It lives in one actor; hand it, or its ``table()``, on in
    ``bequeath()``.  Raises ``ValueError`` naming the field for a value out of range.
    """

    __slots__ = ("_alarm", "_worth", "alarms", "discount", "explore", "rng")

    def __init__(
        self,
        arms: Iterable[A],
        *,
        discount: float = 0.98,
        explore: float = 0.02,
        rng: Random,
        alarm: PageHinkley | None = None,
    ) -> None:
        given = list(arms)
        self._worth: dict[A, tuple[float, float]] = dict.fromkeys(given, (0.0, 0.0))
        if not given or len(self._worth) != len(given):
            raise ValueError(f"Chooser.arms must be at least one, and each once; got {given!r}")
        if not 0 < discount <= 1:
            raise ValueError(f"Chooser.discount must be above 0, at most 1; got {discount!r}")
        if not 0 <= explore <= 1:
            raise ValueError(f"Chooser.explore must be from 0 to 1; got {explore!r}")
        self.discount = discount
        self.explore = explore
        self.rng = rng
        self.alarms = 0
        self._alarm = alarm if alarm is not None else PageHinkley()

    @property
    def arms(self) -> tuple[A, ...]:
        """What there is to choose from, in the order it was given."""
        return tuple(self._worth)

    def pick(self) -> A:
        """Choose an arm."""
        rng = self.rng
        if rng.random() < self.explore:
            return rng.choice(self.arms)
        return max(self._worth, key=lambda arm: rng.betavariate(1 + self._worth[arm][0], 1 + self._worth[arm][1]))

    def reward(self, arm: A, reward: float) -> None:
        """``arm`` has brought ``reward``: from 0, nothing, to 1, all one could wish for.

        Raises ``ValueError`` for a reward out of range, ``KeyError`` for an arm that there is not.
        """
        a, b = self._worth[arm]
        if not 0 <= reward <= 1:
            raise ValueError(f"a reward is from 0 to 1; got {reward!r}")
        if self._alarm.add(reward):
            self.alarms += 1
            self.reset()
        else:
            self._worth[arm] = (self.discount * a + reward, self.discount * b + 1 - reward)

    def worth(self, arm: A) -> float:
        """What is believed of an arm: the mean of its distribution, 0.5 if nothing is known."""
        a, b = self._worth[arm]
        return (1 + a) / (2 + a + b)

    def reset(self) -> None:
        """Forget what all arms have brought."""
        self._worth = dict.fromkeys(self._worth, (0.0, 0.0))

    def table(self) -> dict[A, tuple[float, float]]:
        """What has been learned: (a, b) of each arm, to be kept or sent."""
        return dict(self._worth)

    def restore(self, table: Mapping[A, tuple[float, float]]) -> None:
        """Go on from what another one learned.  Arms that are not here are passed over, those not in it stay.

        Raises ``ValueError`` for numbers that no chooser learns, and then changes nothing.
        """
        known = {arm: (float(a), float(b)) for arm, (a, b) in table.items() if arm in self._worth}
        for arm, numbers in known.items():
            if not all(0 <= number < math.inf for number in numbers):
                raise ValueError(f"what is learned of an arm is two numbers of at least 0; got {arm!r}: {numbers!r}")
        self._worth.update(known)

    def __repr__(self) -> str:
        return f"<Chooser {', '.join(f'{arm!r} {self.worth(arm):.2f}' for arm in self._worth)}>"
