"""All of the overlay at one cell, as one core: views, the close ones, and messages to all along the views.

::

    overlay = Overlay(pid, rng, now, Profile(zone=("eu", "rack 7")))
    effects = overlay.join(["host-a"], now)              # afterwards `tick` when `due`, `receive` what arrives
    effects += overlay.close.rank("zone", zone_distance, now)
    effects += overlay.publish({"flag": "on"}, now)      # others report `Delivered`
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from actors.messages import Pid

from ..core import Effect, Refused
from . import broadcast, tman, view_packets
from .broadcast import Broadcast
from .closeness import Profile
from .config import BroadcastConfig, HyParViewConfig, TManConfig
from .events import NeighbourDown, NeighbourUp
from .hyparview import HyParView
from .tman import TMan

if TYPE_CHECKING:
    import random


class Overlay:
    """Views, close ones and broadcast of one cell; a core (:mod:`~actors.tissue.core`).

    The owner calls :meth:`join` once, :meth:`meet`, :meth:`died` and :meth:`leave` as they happen, and may use
    ``close`` (rank, nearest, describe) as it is; what that returns is to be carried out too.  Broadcast follows the
    views by itself, and so does the search for close ones.
    """

    def __init__(
        self,
        pid: Pid,
        rng: random.Random,
        now: float,
        profile: Profile | None = None,
        *,
        views: HyParViewConfig | None = None,
        close: TManConfig | None = None,
        cast: BroadcastConfig | None = None,
    ) -> None:
        self.pid = pid
        self.views = HyParView(pid, rng, now, views)
        self.close = TMan(pid, rng, now, profile, close)
        self.cast = Broadcast(pid, rng, now, cast)

    def __repr__(self) -> str:
        return f"Overlay({self.views}, {self.close}, {self.cast})"

    def join(self, seeds: Iterable[str], now: float) -> list[Effect]:
        """See :meth:`HyParView.join`."""
        return self._followed(self.views.join(seeds, now), now)

    def meet(self, peers: Iterable[Pid], now: float) -> list[Effect]:
        """See :meth:`HyParView.meet`."""
        return self._followed(self.views.meet(peers, now), now)

    def died(self, pid: Pid, now: float) -> list[Effect]:
        """That life is over, or cannot be reached."""
        return self._followed(self.views.died(pid, now) + self.close.died(pid, now), now)

    def leave(self, now: float) -> list[Effect]:
        """Say goodbye; messages in hand are not passed on any more."""
        return self._followed(self.views.leave(now), now) + self.close.meet([], now)

    def publish(self, value: Any, now: float) -> list[Effect]:
        """See :meth:`Broadcast.publish`."""
        return self.cast.publish(value, now)

    @property
    def due(self) -> float:
        """When to call :meth:`tick` next."""
        return min(self.views.due, self.close.due, self.cast.due)

    def tick(self, now: float) -> list[Effect]:
        """Do what is due."""
        effects: list[Effect] = []
        if self.views.due <= now:
            effects += self._followed(self.views.tick(now), now)
        if self.close.due <= now:
            effects += self.close.meet([*self.views.active, *self.views.passive], now) + self.close.tick(now)
        if self.cast.due <= now:
            effects += self.cast.tick(now)
        return effects

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A packet from another cell has arrived."""
        if kind.startswith(view_packets.PREFIX):
            return self._followed(self.views.receive(sender, kind, body, now), now)
        if kind.startswith(tman.PREFIX):
            return self.close.receive(sender, kind, body, now)
        if kind.startswith(broadcast.PREFIX):
            return self.cast.receive(sender, kind, body, now)
        return [Refused(sender, kind, "no packet of the overlay")]

    def _followed(self, effects: list[Effect], now: float) -> list[Effect]:
        """Broadcast has the active view's peers; and the close ones are sought from there, where none is known yet."""
        if not any(isinstance(effect, (NeighbourUp, NeighbourDown)) for effect in effects):
            return effects
        effects = effects + self.cast.neighbours([pid.name for pid in self.views.active], now)
        return effects + self.close.meet([*self.views.active, *self.views.passive], now)
