"""How good each next hop has proved for each destination: pheromone that is averaged, not added up.

When something reached its destination through a hop at cost c::

    tau <- g tau + (1 - g) / c                              g = 0.7
    tau(t) = max(floor, tau 2^(-(t - t0) / half-life))      worked out when it is read, so idle trails cost nothing
    P(next hop) = tau^beta / sum of tau^beta                over the hops that may be taken

So tau is about the inverse of the cost, however many walked there.  Adding up instead (tau <- (1 - rho) tau + 1 / L, as
the ants of the double bridge do) rewards being used, and stays on a detour after the short way is open again.

Source: Di Caro, Ducatelle and Gambardella, AntHocNet, European Transactions on Telecommunications 16, 2005.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from .newcomer import group_median

if TYPE_CHECKING:
    import random

    from .config import TrailsConfig


class _Trail(NamedTuple):
    """``tau``, as it was ``at`` that moment; ``is_walked``: somebody got there by it, it is not presumed or wiped."""

    tau: float
    at: float
    is_walked: bool


class Pheromone:
    """One cell's table tau[destination][next hop], of at most ``max_destinations``, those that were wanted last."""

    __slots__ = ("_config", "_trails")

    def __init__(self, config: TrailsConfig) -> None:
        self._config = config
        # By destination and hop.
        self._trails: OrderedDict[str, dict[str, _Trail]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._trails)

    def __repr__(self) -> str:
        return f"Pheromone(destinations={len(self._trails)})"

    def level(self, to: str, hop: str, now: float) -> float:
        """tau: about 1 / cost; the floor where nothing is known."""
        trail = self._trails.get(to, {}).get(hop)
        if trail is None:
            return self._config.floor
        left = 0.5 ** (max(0.0, now - trail.at) / self._config.half_life)
        return max(self._config.floor, float(trail.tau * left))

    def is_known(self, to: str, hop: str) -> bool:
        """Whether anything was ever learned of that hop for that destination."""
        return hop in self._trails.get(to, {})

    def walked(self, to: str, hops: Sequence[str], now: float) -> tuple[str, float, float] | None:
        """The best of ``hops`` by which somebody got there, what that cost, and when it was; ``None``: nobody did."""
        trail = self._trails.get(to)
        best = None
        for hop in hops:
            if (
                trail is not None
                and hop in trail
                and trail[hop].is_walked
                and (best is None or self._beats(to, hop, best, now))
            ):
                best = hop
        return None if trail is None or best is None else (best, 1 / trail[best].tau, trail[best].at)

    def _beats(self, to: str, hop: str, other: str, now: float) -> bool:
        return self.level(to, hop, now) > self.level(to, other, now)

    def reinforce(self, to: str, hop: str, cost: float, now: float) -> None:
        """Something reached ``to`` through ``hop``, at that cost from here.  The first one's word is taken."""
        tau = 1 / cost
        if self.is_known(to, hop):
            tau = self._config.memory * self.level(to, hop, now) + (1 - self._config.memory) * tau
        self._lay(to, hop, tau, now)

    def discover(self, to: str, hop: str, cost: float, now: float) -> None:
        """An ant that took ``hop`` has found a way at that cost, and is believed if that is no worse than known.

        For what is dear about it may be where the ant strayed later; that the way itself has become worse, those find
        who follow the best trails.  Averaged in, strays would hide a short way behind a detour that all walk straight;
        and what ants find but now and then would fade between them as fast as the average rises.
        """
        if not self.is_known(to, hop) or 1 / cost >= self.level(to, hop, now):
            self._lay(to, hop, 1 / cost, now)

    def _lay(self, to: str, hop: str, tau: float, now: float) -> None:
        hops = self._trails.get(to)
        if hops is None:
            hops = self._trails[to] = {}
            if len(self._trails) > self._config.max_destinations:
                self._trails.popitem(last=False)
        self._trails.move_to_end(to)
        hops[hop] = _Trail(tau, now, True)

    def wipe(self, hop: str, now: float) -> None:
        """That hop is dead: all its trails are at the floor at once, not after fading."""
        for hops in self._trails.values():
            if hop in hops:
                hops[hop] = _Trail(self._config.floor, now, False)

    def forget(self, hop: str) -> None:
        """That hop is none any more."""
        for hops in self._trails.values():
            hops.pop(hop, None)

    def welcome(self, hop: str, others: Sequence[str], now: float) -> None:
        """That hop is new, or back: its trails start at the median of the other hops'."""
        for to, hops in self._trails.items():
            levels = [self.level(to, each, now) for each in others if each != hop]
            hops[hop] = _Trail(group_median(levels, self._config.floor), now, False)

    def probabilities(
        self, to: str, hops: Sequence[str], exponent: float, now: float, shares: Sequence[float] | None = None
    ) -> list[float]:
        """How likely each of ``hops`` is to be taken; they add up to 1.

        ``shares``: what each one's tau is multiplied by.
        """
        levels = [self.level(to, hop, now) for hop in hops]
        if shares is not None:
            levels = [level * share for level, share in zip(levels, shares, strict=True)]
        most = max(levels)
        weights: list[float] = [(level / most) ** exponent for level in levels]
        total = sum(weights)
        return [weight / total for weight in weights]

    def choose(
        self,
        to: str,
        hops: Sequence[str],
        exponent: float,
        now: float,
        rng: random.Random,
        shares: Sequence[float] | None = None,
    ) -> str:
        """One of ``hops``, of which there has to be one, by those probabilities."""
        if len(hops) == 1:
            return hops[0]
        return rng.choices(hops, self.probabilities(to, hops, exponent, now, shares))[0]
