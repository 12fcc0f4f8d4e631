"""How many asks a pool lets under way at once: found by trying, from how long answers take.

Three limits from Netflix's *concurrency-limits* (github.com/Netflix/concurrency-limits), with its constants.  By
Little's law what a service holds is throughput times latency; more than that only waits.  A limit grows while answers
come as fast as ever, and shrinks when they slow down or fail to come.

Each value makes its own state with :meth:`start`; a state is told of every answer and says the new limit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, TypeAlias


class Found(Protocol):
    """A limit as it stands: ``value``, moved by every answer."""

    value: float

    def ended(self, rtt: float, inflight: int, dropped: bool) -> None:
        """An answer took ``rtt`` seconds with ``inflight`` asks under way; ``dropped``: it failed to come in time."""


@dataclass(frozen=True, slots=True)
class Gradient2:
    """Follows the ratio of the long average of answer times to the present one; the best choice where loads vary.

        long     = mean of the first 10, then an exponential average over ``window`` answers; x 0.95 while above 2 · rtt
        gradient = clamp(tolerance · long / rtt, 0.5, 1)
        limit    = (1 - smoothing) · limit + smoothing · (limit · gradient + queue)

    unless fewer than half of it are under way.  ``tolerance``: how much slower answers may become before the limit
    shrinks, 1.5; larger: more queueing, fewer refusals.  ``queue``: asks that may wait besides, 4.  ``smoothing``: 0.2,
    ``window``: 600; smaller: slower and faster to forget.  ``least`` and ``most``: bounds, 20 and 200; ``initial``: 20.
    Under a load that never ends the long average follows the present one, so give ``most`` a meaning.

    Raises ``ValueError`` naming the field for a value out of range.
    """

    initial: int = 20
    least: int = 20
    most: int = 200
    tolerance: float = 1.5
    queue: int = 4
    smoothing: float = 0.2
    window: int = 600

    def __post_init__(self) -> None:
        _check_bounds("Gradient2", self.least, self.initial, self.most)
        _check("Gradient2.tolerance", self.tolerance, 1.0, math.inf)
        _check("Gradient2.queue", self.queue, 0, math.inf)
        _check("Gradient2.smoothing", self.smoothing, 1e-9, 1.0)
        _check("Gradient2.window", self.window, 1, math.inf)

    def start(self) -> Found:
        """The limit at the beginning."""
        return Gradient2State(self)


class Gradient2State:
    """See :class:`Gradient2`."""

    WARM_UP = 10

    def __init__(self, spec: Gradient2) -> None:
        self.spec = spec
        self.value = float(spec.initial)
        self._long = 0.0
        self._count = 0

    def ended(self, rtt: float, inflight: int, dropped: bool) -> None:
        spec, rtt = self.spec, max(rtt, TINY)
        self._average(rtt)
        if self._long / rtt > 2:
            self._long *= 0.95
        if inflight < self.value / 2:
            return
        gradient = max(0.5, min(1.0, spec.tolerance * self._long / rtt))
        wanted = self.value * gradient + spec.queue
        limit = (1 - spec.smoothing) * self.value + spec.smoothing * wanted
        self.value = max(float(spec.least), min(float(spec.most), limit))

    def _average(self, rtt: float) -> None:
        self._count += 1
        share = 1 / self._count if self._count <= self.WARM_UP else 2 / (self.spec.window + 1)
        self._long += share * (rtt - self._long)


@dataclass(frozen=True, slots=True)
class AIMD:
    """One more after an answer in time, a tenth less after one that was not: TCP's rule; simple, and it sways.

        limit = limit · ``backoff``   if the answer did not come, or took longer than ``slow`` seconds
              = limit + 1             if at least half of it were under way

    ``backoff``: 0.9; ``slow``: 5 s; ``least`` and ``most``: bounds, 20 and 200; ``initial``: 20.
    Raises ``ValueError`` naming the field for a value out of range.
    """

    initial: int = 20
    least: int = 20
    most: int = 200
    backoff: float = 0.9
    slow: float = 5.0

    def __post_init__(self) -> None:
        _check_bounds("AIMD", self.least, self.initial, self.most)
        _check("AIMD.backoff", self.backoff, 0.5, 0.999)
        _check("AIMD.slow", self.slow, TINY, math.inf)

    def start(self) -> Found:
        """The limit at the beginning."""
        return AIMDState(self)


class AIMDState:
    """See :class:`AIMD`."""

    def __init__(self, spec: AIMD) -> None:
        self.spec = spec
        self.value = float(spec.initial)

    def ended(self, rtt: float, inflight: int, dropped: bool) -> None:
        spec = self.spec
        if dropped or rtt > spec.slow:
            self.value = math.floor(self.value * spec.backoff)
        elif inflight * 2 >= self.value:
            self.value += 1
        self.value = max(float(spec.least), min(float(spec.most), self.value))


@dataclass(frozen=True, slots=True)
class Vegas:
    """Estimates the queue from the fastest answer seen, as TCP Vegas does; good where the fastest is typical.

        queue = ceil(limit · (1 - fastest / rtt))
        limit + 6·log10(limit)   if queue <= log10(limit);    limit + log10(limit)   if queue < 3·log10(limit)
        limit - log10(limit)     if queue > 6·log10(limit), or the answer did not come

    unless fewer than half of it are under way.  Every ``probe`` · limit answers (30) the fastest is forgotten, since
    the service may have become slower for good.  ``least`` and ``most``: bounds, 1 and 1,000; ``initial``: 20.
    Raises ``ValueError`` naming the field for a value out of range.
    """

    initial: int = 20
    least: int = 1
    most: int = 1000
    probe: int = 30

    def __post_init__(self) -> None:
        _check_bounds("Vegas", self.least, self.initial, self.most)
        _check("Vegas.probe", self.probe, 1, math.inf)

    def start(self) -> Found:
        """The limit at the beginning."""
        return VegasState(self)


class VegasState:
    """See :class:`Vegas`."""

    def __init__(self, spec: Vegas) -> None:
        self.spec = spec
        self.value = float(spec.initial)
        self._fastest = math.inf
        self._count = 0

    def ended(self, rtt: float, inflight: int, dropped: bool) -> None:
        self._count += 1
        rtt = max(rtt, TINY)
        if self._count >= self.spec.probe * self.value:
            self._count = 0
            self._fastest = rtt
        elif rtt < self._fastest and not dropped:
            self._fastest = rtt
        elif dropped or inflight * 2 >= self.value:
            self._move(rtt, dropped)

    def _move(self, rtt: float, dropped: bool) -> None:
        spec, unit = self.spec, max(1.0, math.floor(math.log10(self.value)))
        queue = math.ceil(self.value * (1 - min(self._fastest, rtt) / rtt))
        if dropped or queue > 6 * unit:
            self.value -= unit
        elif queue <= unit:
            self.value += 6 * unit
        elif queue < 3 * unit:
            self.value += unit
        self.value = max(float(spec.least), min(float(spec.most), self.value))


Limit: TypeAlias = Gradient2 | AIMD | Vegas
"""What ``Pool(limit=...)`` takes."""

TINY = 1e-9
"""Seconds that stand for an answer that took no time, as in virtual time."""


class Limiter:
    """Counts what is under way, and lets no more begin than the limit found so far.

    ``inflight``: under way now; ``refused``: those that were not let begin.
    """

    __slots__ = ("_found", "inflight", "refused", "spec")

    def __init__(self, spec: Limit) -> None:
        self.spec = spec
        self._found = spec.start()
        self.inflight = 0
        self.refused = 0

    @property
    def limit(self) -> int:
        """How many may be under way at once."""
        return int(self._found.value)

    def began(self) -> bool:
        """Whether one more may begin; then :meth:`ended` has to be called once."""
        if self.inflight >= self.limit:
            self.refused += 1
            return False
        self.inflight += 1
        return True

    def ended(self, rtt: float | None, *, dropped: bool = False) -> None:
        """One that began is over after ``rtt`` seconds; ``None``: it says nothing of how busy the service is.

        ``dropped``: it got no answer for want of time or room.
        """
        if rtt is not None:
            self._found.ended(rtt, self.inflight, dropped)
        self.inflight -= 1


def _check(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most or math.isinf(value):
        raise ValueError(f"{name} must be from {least:g} to {most:g}, and finite; got {value!r}")


def _check_bounds(name: str, least: int, initial: int, most: int) -> None:
    if not 1 <= least <= initial <= most:
        raise ValueError(
            f"{name} needs 1 <= least <= initial <= most; got least={least!r}, initial={initial!r}, most={most!r}"
        )
