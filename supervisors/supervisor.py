"""The static supervisor as an actor."""

from __future__ import annotations

from .children import Children
from .intensity import Intensity
from .shell import Shell
from .spec import Supervisor


class SupervisorActor(Shell, carries_out=Supervisor):
    """Carries out the decisions about the children of a ``Supervisor`` spec."""

    spec: Supervisor

    def make_children(self, path: str, intensity: Intensity) -> Children:
        self.strategy = self.spec.strategy
        return Children(
            path,
            self.spec.children,
            strategy=self.spec.strategy,
            intensity=intensity,
            auto_shutdown=self.spec.auto_shutdown,
            rng=self.system.rng,
        )
