"""Virtual time, seeded interleaving and probes, for your tests and ours."""

from actors.engines.simulated import Deadlock

from .probe import Probe
from .world import World, world

__all__ = ["Deadlock", "Probe", "World", "world"]
