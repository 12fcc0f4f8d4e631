"""The static supervisor as an actor, and the start of a tree's root."""

from __future__ import annotations

from typing import Any

from actors import ActorSystem, Ref

from .children import Children
from .intensity import Intensity
from .shell import Shell
from .spec import Supervisor, Tree


class SupervisorActor(Shell):
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


async def start_root(system: ActorSystem, tree: Tree) -> Ref[Any]:
    """Start the root of a tree in ``system``, where nobody supervises it.  Raises ``StartFailed``."""
    return await system.spawn(tree.actor_class(), tree, name=tree.name)
