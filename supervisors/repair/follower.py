"""One worker of a pool that follows its load: what it senses and decides, done in its behalf by its pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.keeper import life_at
from actors.tissue.hormones.hormones import STRESS
from actors.tissue.hormones.scaling import CallOff, Grow, Retire, Scaling, ScalingConfig, Senses
from supervisors.actions import Status

from .gauge import Gauge

if TYPE_CHECKING:
    import random

    from supervisors.actions import Child
    from supervisors.desired import Desired, Scale

Decision = Grow | CallOff | Retire

RESTING = 5.0
"""Seconds after which a worker that does nothing is looked at less often."""


class Follower:
    """See the module's text.  :meth:`glance` often, :meth:`decide` when ``due``."""

    def __init__(self, child: Child, rng: random.Random, now: float, scale: Scale, desired: Desired) -> None:
        self.child = child
        self._scale = scale
        self._gauge = Gauge(now, child.ref.statistics().handled)
        self._scaling = Scaling(rng, now, config_of(scale, desired))

    @property
    def due(self) -> float:
        """When it wants to decide next."""
        return self._scaling.due

    @property
    def highest(self) -> float:
        """The highest level of the window on which siblings agreed."""
        return self._scaling.highest or 0.0

    def glance(self, now: float) -> bool:
        """Look at what it is doing; whether it has lately done anything."""
        seen = self.child.ref.statistics()
        self._gauge.look(now, seen.handled, seen.mailbox, seen.busy)
        return now < self._gauge.active + RESTING

    def decide(self, live: int, starting: int, rank: int, now: float) -> tuple[float, Decision] | None:
        """Measure, tell the siblings, and flip the coin; the pressure and the decision, ``None`` for none."""
        pressure = self._gauge.read(self._scale.drain)
        life = life_at(self.child.ref)
        if self.child.status is not Status.RUNNING or life is None or pressure is None:
            return None
        heard: list[Any] = []

        def sense(hormones: Any, now: float) -> list[Any]:
            effects: list[Any] = hormones.sustain(STRESS.name, pressure, now, spreads=False)
            heard.extend((hormones.own(STRESS.name, now), hormones.sample(STRESS.name, now)))
            return effects

        life.contact.act("hormones", sense)
        level, siblings = heard
        senses = Senses(pressure, level, siblings, max(1, live), max(0, starting), rank)
        for decision in self._scaling.decide(senses, now):
            if isinstance(decision, Grow | CallOff | Retire):
                return pressure, decision
        return None


def config_of(scale: Scale, desired: Desired) -> ScalingConfig:
    """What the tissue calls it."""
    return ScalingConfig(
        ceiling=desired.ceiling,
        floor=desired.floor,
        set_point=scale.set_point,
        tolerance=scale.tolerance,
        shrink_tolerance=scale.shrink_tolerance,
        boot=scale.boot,
        window=scale.window,
        interval=scale.interval,
    )
