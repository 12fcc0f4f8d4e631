"""Explorers: they find ways that nobody asked for, and find that a way is open again.

An ant walks to a destination by pheromone, but less set on the best than requests are, and now and then at random.  Its
path is kept free of loops.  From the destination it walks back along it and tells every cell how far it was, which
counts where it is better than what was known; ants that get lost change nothing.  Nobody answers for an ant, so it may
be lost like any packet.

Source: AntNet (Di Caro and Dorigo, JAIR 9, 1998) for forward and backward ants; AntHocNet for the averaging update.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.messages import Pid

from ..core import Effect, Send
from ..plain import read_name, read_number
from .packets import ANT, HOME, erase_loops, read_cost, read_path
from .ways import Ways

if TYPE_CHECKING:
    import random

    from .config import TrailsConfig

STEPS_A_HOP = 2
"""An ant dies after twice as many steps as a path may have hops."""


SCOUTS = 8
"""Ants that are sent at most when something is wanted for the first time."""


class Ants:
    """What one cell does with ants."""

    def __init__(
        self, pid: Pid, rng: random.Random, ways: Ways, offers: dict[str, float], config: TrailsConfig
    ) -> None:
        self._here = pid.name
        self._rng = rng
        self._ways = ways
        self._offers = offers
        self._config = config

    def launch(self, to: str, now: float) -> list[Effect]:
        """Send one to a destination."""
        return [] if to in self._offers else self._step(to, [], 0, now)

    def scout(self, to: str) -> list[Effect]:
        """Send one by each hop, or some at random: nothing is known yet of that destination."""
        if to in self._offers:
            return []
        hops = self._ways.up
        if len(hops) > SCOUTS:
            hops = self._rng.sample(hops, SCOUTS)
        return [Send(hop, ANT, [to, [self._here], 1]) for hop in hops]

    def on_ant(self, sender: Pid, body: Any, now: float) -> list[Effect]:
        """One has come on its way there.  Raises ``TypeError`` or ``ValueError`` for what is no ant."""
        to, path, steps = body
        to, steps = read_name(to), read_number(steps)
        walked = read_path(path, self._config.most_hops)
        if walked[-1] != sender.name:
            raise ValueError("an ant that did not come from whom it says")
        walk = erase_loops([*walked, self._here])[:-1]
        cost = self._offers.get(to)
        if cost is not None:
            return [Send(walk[-1], HOME, [to, walk, cost])] if walk else []
        return self._step(to, walk, steps, now)

    def on_home(self, sender: Pid, body: Any, now: float) -> list[Effect]:
        """One has come back from there.  Raises ``TypeError`` or ``ValueError`` for what is no ant."""
        to, path, cost = body
        walk = read_path(path, self._config.most_hops)
        if walk[-1] != self._here:
            raise ValueError("an ant that did not pass here")
        total = read_cost(cost) + self._ways.cost(sender.name)
        self._ways.pheromone.discover(read_name(to), sender.name, total, now)
        if len(walk) == 1 or not self._ways.is_up(walk[-2]):
            return []
        return [Send(walk[-2], HOME, [to, list(walk[:-1]), total])]

    def _step(self, to: str, walk: list[str], steps: int, now: float) -> list[Effect]:
        if steps >= STEPS_A_HOP * self._config.most_hops or len(walk) >= self._config.most_hops:
            return []
        hop = self._ways.for_ant(to, walk, now)
        return [] if hop is None else [Send(hop, ANT, [to, [*walk, self._here], steps + 1])]
