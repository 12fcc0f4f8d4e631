"""Explorers: they find ways that nobody asked for, and find that a way is open again.

An ant walks to a destination by pheromone, but less set on the best than requests are, and now and then at random.  Its
path is kept free of loops.  From the destination it walks back along it and tells every cell how far it was, which
counts where it is better than what was known; ants that get lost change nothing.  Nobody answers for an ant, so it may
be lost like any packet.

Two kinds are more set on where they go.  One that *tracks* a scent (:mod:`~actors.tissue.trails.scents`) takes the
least at each step, and no more steps than the trail has that it is to shorten.  One that *seeks* takes every way at
once, where nothing is known of a destination that is wanted; the first to come to a cell goes on, those after it not.

Source: AntNet (Di Caro and Dorigo, JAIR 9, 1998) for forward and backward ants; AntHocNet for those that seek.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from actors.messages import Pid

from ..core import Effect, Send
from ..plain import read_name, read_number
from .packets import ANT, HOME, SEEK, TRACK, erase_loops, read_cost, read_path
from .ways import Ways

if TYPE_CHECKING:
    import random

    from .config import TrailsConfig

STEPS_A_HOP = 2
"""An ant dies after twice as many steps as a path may have hops."""


SPLIT = 8
"""Ways that one takes at most where it takes every one."""

SEEK_GAP = 1.0
"""Seconds until the same is sought again, twice as many each time; half of it on the way there."""


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
        # Of each destination and origin: until when nobody is sent every way again, and the pause after that.
        self._sought: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def launch(self, to: str, now: float) -> list[Effect]:
        """Send one to a destination."""
        return [] if to in self._offers else self._step(to, [], 0, now)

    def seek(self, to: str, now: float) -> list[Effect]:
        """Send one every way, for nobody here knows any; nothing if that was tried too lately."""
        if to in self._offers or not self._may_seek(to, self._here, now):
            return []
        return self._split(to, [], 0)

    def track(self, to: str, most: int, now: float) -> list[Effect]:
        """Send one after a scent, for so many steps at most."""
        return [] if to in self._offers else self._step(to, [], STEPS_A_HOP * self._config.most_hops - most, now, TRACK)

    def on_ant(self, sender: Pid, body: Any, now: float, kind: str = ANT) -> list[Effect]:
        """One has come on its way there.  Raises ``TypeError`` or ``ValueError`` for what is no ant."""
        to, path, steps = body
        to, steps = read_name(to), read_number(steps)
        walked = read_path(path, self._config.most_hops)
        if walked[-1] != sender.name:
            raise ValueError("an ant that did not come from whom it says")
        walk = erase_loops([*walked, self._here])[:-1]
        cost = self._offers.get(to)
        if cost is not None:
            self._ways.scents.arrived(to, cost, now)
            return [Send(walk[-1], HOME, [to, walk, cost])] if walk else []
        return self._step(to, walk, steps, now, kind)

    def on_seek(self, sender: Pid, body: Any, now: float) -> list[Effect]:
        """One that goes every way has come: from the first place that knows more it goes only one."""
        to, path, steps = body
        walk = read_path(path, self._config.most_hops)
        if self._here in walk:
            return []
        if read_name(to) in self._offers or self._ways.knows(to, now):
            return self.on_ant(sender, body, now, TRACK)
        if walk[-1] != sender.name:
            raise ValueError("an ant that did not come from whom it says")
        if len(walk) >= self._config.most_hops - 1 or not self._may_seek(to, walk[0], now):
            return []
        return self._split(to, list(walk), read_number(steps))

    def _may_seek(self, to: str, origin: str, now: float) -> bool:
        """Whether nobody has gone every way from here for that origin lately; now somebody has."""
        until, gap = self._sought.pop((to, origin), (-math.inf, SEEK_GAP / 2))
        is_free = now >= until
        if is_free:
            gap = min(2 * gap, self._config.ant_period) if now < until + self._config.ant_period else SEEK_GAP
            until = now + (gap if origin == self._here else SEEK_GAP / 2)
        self._sought[to, origin] = until, gap
        if len(self._sought) > self._config.max_destinations:
            self._sought.popitem(last=False)
        return is_free

    def _split(self, to: str, walk: list[str], steps: int) -> list[Effect]:
        hops = [hop for hop in self._ways.up if hop not in walk]
        if len(hops) > SPLIT:
            hops = self._rng.sample(hops, SPLIT)
        return [Send(hop, SEEK, [to, [*walk, self._here], steps + 1]) for hop in hops]

    def on_home(self, sender: Pid, body: Any, now: float) -> list[Effect]:
        """One has come back from there.  Raises ``TypeError`` or ``ValueError`` for what is no ant."""
        to, path, cost = body
        walk = read_path(path, self._config.most_hops)
        if walk[-1] != self._here:
            raise ValueError("an ant that did not pass here")
        total = read_cost(cost) + self._ways.cost(sender.name)
        self._ways.discover(read_name(to), sender.name, total, now)
        if len(walk) == 1 or not self._ways.is_up(walk[-2]):
            return []
        return [Send(walk[-2], HOME, [to, list(walk[:-1]), total])]

    def _step(self, to: str, walk: list[str], steps: int, now: float, kind: str = ANT) -> list[Effect]:
        if steps >= STEPS_A_HOP * self._config.most_hops or len(walk) >= self._config.most_hops:
            return []
        hop = self._ways.for_ant(to, walk, now) if kind == ANT else self._ways.for_tracker(to, walk, now)
        return [] if hop is None else [Send(hop, kind, [to, [*walk, self._here], steps + 1])]
