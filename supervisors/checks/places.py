"""The places of a tree that is not running: each spec with its path and those above it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from supervisors.apoptosis.policy import Apoptosis
from supervisors.spec import ChildSpec, DynamicSupervisor, Pool, Spec, Supervisor, Tree


@dataclass(frozen=True, slots=True)
class Place:
    """One spec of a tree, its path, and the supervisors above it, the root first.

    A pool has one place below it, its worker's spec, which stands for all of its workers.
    """

    path: str
    spec: Spec
    above: tuple[Place, ...] = ()

    @property
    def parent(self) -> Place | None:
        """The supervisor above."""
        return self.above[-1] if self.above else None

    @property
    def tree(self) -> Tree | None:
        """The supervisor at this place, or ``None`` if it is a worker's."""
        return self.spec if isinstance(self.spec, Tree) else None

    @property
    def overseer(self) -> Tree:
        """The spec of the supervisor above a worker."""
        assert self.above
        overseer = self.above[-1].tree
        assert overseer is not None
        return overseer

    @property
    def is_restarted(self) -> bool:
        """Whether it comes back after a crash."""
        return self.spec.restart != "temporary"

    def below(self) -> tuple[Place, ...]:
        """The places of its children, in start order."""
        tree = self.tree
        if tree is None:
            return ()
        return tuple(Place(f"{self.path}/{spec.id}", spec, (*self.above, self)) for spec in children_of(tree))


def walk(tree: Tree) -> Iterator[Place]:
    """All places of a tree, supervisors before their children, in start order."""
    assert isinstance(tree, (Supervisor, DynamicSupervisor, Pool))
    waiting = [Place(tree.name, tree)]
    while waiting:
        place = waiting.pop()
        yield place
        waiting.extend(reversed(place.below()))


def children_of(tree: Tree) -> tuple[Spec, ...]:
    """The specs below a supervisor: of a pool the one all workers are made from, of a dynamic supervisor none."""
    if isinstance(tree, Supervisor):
        return tuple(tree.children)
    return (tree.worker,) if isinstance(tree, Pool) else ()


def policy_of(spec: ChildSpec, overseer: Tree) -> Apoptosis | None:
    """The policy by which a worker is judged: its own, or its supervisor's."""
    return spec.apoptosis if spec.apoptosis is not None else overseer.apoptosis


def crew_of(tree: Tree) -> Iterator[tuple[ChildSpec, int]]:
    """The worker specs right below a supervisor, each with the number of lives it stands for."""
    for spec in children_of(tree):
        if isinstance(spec, ChildSpec):
            yield spec, tree.most if isinstance(tree, Pool) else 1
