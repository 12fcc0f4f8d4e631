"""A pool as an actor: equal workers behind one ref, as many as asked for at the moment."""

from __future__ import annotations

import dataclasses
from typing import Any

from actors import handle
from actors.router import KeyRouter, Pick, RoundRobin, RoutedRef, least_loaded

from .actions import Action, Child, Status
from .children import Children
from .errors import SupervisionError
from .intensity import Intensity
from .messages import Resize, StartChild
from .shell import Shell
from .spec import ByKey, ChildSpec, Pool, Route


class PoolActor(Shell, carries_out=Pool):
    """Carries out the decisions about the workers of a ``Pool`` spec, and keeps its ref's list of them."""

    ref_class = RoutedRef
    spec: Pool

    def make_children(self, path: str, intensity: Intensity) -> Children:
        self.size = self.spec.size
        self._made = self.size
        specs = [self._worker(number) for number in range(1, self.size + 1)]
        router = self._router()
        router.pick = pick_for(self.spec.route)
        router.workers = []
        router.limit(self.spec.limit)
        return Children(path, specs, strategy="one_for_one", intensity=intensity, dynamic=True, rng=self.system.rng)

    def _worker(self, number: int) -> ChildSpec:
        return dataclasses.replace(self.spec.worker, id=f"{self.spec.worker.id}-{number}")

    def _router(self) -> RoutedRef[Any]:
        router = self.ref
        assert isinstance(router, RoutedRef)
        return router

    def _outcome(self, child: Child, reason: Any, ignored: bool) -> list[Action]:
        router = self._router()
        if reason is None and not ignored and child.ref not in router.workers:
            router.workers.append(child.ref)
        return super()._outcome(child, reason, ignored)

    def forgotten(self, child: Child) -> None:
        if child.ref is not None:
            self._router().remove(child.ref)
        super().forgotten(child)

    def unhandled(self, message: Any) -> None:
        """What was sent while there was no worker waits in the pool's own mailbox and is handed on from here."""
        router = self._router()
        try:
            worker = router.pick(router.workers, message)
        except Exception as error:  # the route's own function: the message's fault, not the pool's
            self.refuse(message, error)
            return
        if worker is None:
            self.refuse(message, SupervisionError(f"{self.ref.name} has no worker"))
        else:
            self.forward(worker)

    @handle(priority=True)
    def start_child(self, message: StartChild) -> None:
        """Workers are made by ``resize``."""
        reply = self.defer()
        if reply is not None:
            reply.fail(SupervisionError(f"{self.ref.name} is a pool; resize() changes the number of its workers"))

    @handle(priority=True)
    def resize(self, message: Resize) -> int:
        """Add workers, or take the newest out: their waiting messages go to the others, the one in hand is finished or
        cut.
        """
        before = sum(child.status is not Status.STOPPING for child in self.children)
        self.size = message.size
        now = self.system.now()
        for _ in range(before, message.size):
            self._made += 1
            self.carry_out(self.children.add(self._worker(self._made), now, None))
        if message.size < before:
            staying = [child for child in self.children if child.status is not Status.STOPPING]
            for child in staying[message.size :]:
                if child.ref is not None:
                    self._router().remove(child.ref)
                self.carry_out(self.children.terminate(child.id, now, None))
        return before


def pick_for(route: Route | ByKey) -> Pick:
    """The function that chooses a worker."""
    if isinstance(route, ByKey):
        return KeyRouter(route.key)
    return least_loaded if route == "least_loaded" else RoundRobin()
