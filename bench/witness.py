"""A cell that shares contact state with its siblings and keeps groups alive over it, for scenarios about repair."""

from __future__ import annotations

import random
from typing import Any

from actors.messages import Pid
from actors.tissue.core import Effect
from actors.tissue.crdt.lww import LWWMap
from actors.tissue.repair.claims import SharedMap
from actors.tissue.repair.desired import Leave, ReconcileConfig, Retire, Spawn
from actors.tissue.repair.reconcile import Reconciler
from actors.tissue.state.contact_state import ContactState


class Witness:
    """Contact state, a reconciler over it, and members that take ``boot`` seconds to come up.

    ``flush``: whether claims are told to all peers at once, as the owner of a reconciler should, or by gossip alone.
    ``up``: the lives of the members that are.
    """

    def __init__(
        self,
        pid: Pid,
        rng: random.Random,
        now: float,
        peers: list[str],
        config: ReconcileConfig,
        boot: float,
        *,
        flush: bool = True,
    ) -> None:
        self.state = ContactState(pid, random.Random(rng.random()), now, peers=peers)
        desired, claims = self.wanted(), self.state.share("claims", LWWMap)
        self.repair = Reconciler(pid, rng, now, desired, claims, config)
        self.up: dict[tuple[str, int], int] = {}
        self._boot = boot
        self._flush = flush
        self._booting: dict[tuple[str, int], tuple[int, float]] = {}

    def wanted(self) -> SharedMap:
        """What is wanted of each group: here, what all share."""
        return self.state.share("desired", LWWMap)

    @property
    def due(self) -> float:
        """When anything of it wants to be called."""
        return min([self.state.due, self.repair.due, *(when for _, when in self._booting.values())])

    def tick(self, now: float) -> list[Effect]:
        """Whatever is due."""
        effects = self.state.tick(now) if self.state.due <= now else []
        for place, (life, when) in list(self._booting.items()):
            if when <= now:
                del self._booting[place]
                self.up[place] = life
                self.repair.held(*place, life, now)
        events = self._obey(self.repair.tick(now), now)
        if self._flush and any(isinstance(event, Spawn) for event in events):
            effects += self.state.flush(now)
        return [*effects, *events]

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A packet of contact state."""
        effects = self.state.receive(sender, kind, body, now)
        self.repair.changed(now)
        return effects

    def _obey(self, effects: list[Effect], now: float) -> list[Effect]:
        for effect in effects:
            if isinstance(effect, Spawn):
                self._booting[effect.group, effect.slot] = effect.life, now + self._boot
            elif isinstance(effect, Leave | Retire):
                self._booting.pop((effect.group, effect.slot), None)
                self.up.pop((effect.group, effect.slot), None)
                self.repair.ended(effect.group, effect.slot, now)
        return effects
