"""A pool as an actor: equal workers behind one ref, as many as asked for at the moment."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from actors import ActorSystem, handle
from actors.router import KeyRouter, Metered, Pick, RoundRobin, RoutedRef, least_loaded

from .actions import Action, Child, Status
from .children import Children
from .desired import Desired
from .errors import SpecError, SupervisionError
from .intensity import Intensity
from .messages import Resize, StartChild
from .shell import Shell
from .spec import ByKey, ChildSpec, Pool, Route

if TYPE_CHECKING:
    from .repair.places import Places


class PoolActor(Shell, carries_out=Pool):
    """Carries out the decisions about the workers of a ``Pool`` spec, and keeps its ref's list of them."""

    ref_class = RoutedRef
    spec: Pool
    places: Places | None = None

    def make_children(self, path: str, intensity: Intensity) -> Children:
        self.size = self._make_places()
        self._made = self.size
        specs = [self._worker(number) for number in range(1, self.size + 1)]
        router = self._router()
        router.pick = pick_for(self.spec.route, self.system)
        router.workers = []
        router.limit(self.spec.limit)
        return Children(path, specs, strategy="one_for_one", intensity=intensity, dynamic=True, rng=self.system.rng)

    def _make_places(self) -> int:
        """How many workers to start with; where the size is ``Desired``, those that no other host may have."""
        size = self.spec.size
        if not isinstance(size, Desired):
            return size
        from .repair.places import Places  # the tissue is loaded when it is wanted

        self.places = Places(self, size)
        return size.replicas if self.places.is_alone else 0

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
        actions = super()._outcome(child, reason, ignored)
        if self.places is not None and child.status is Status.RUNNING:
            self.places.up(child)
            if not isinstance(self.spec.route, ByKey):
                router.relieve(child.ref)
        return actions

    def ready(self) -> None:
        super().ready()
        if self.places is not None:
            self.places.begin()

    def forgotten(self, child: Child) -> None:
        if child.ref is not None:
            self._router().remove(child.ref)
        super().forgotten(child)
        if self.places is not None:
            self.places.gone(child)

    def unhandled(self, message: Any) -> None:
        """What was sent while there was no worker waits in the pool's own mailbox and is handed on from here."""
        router = self._router()
        try:
            worker = router.pick(router.workers, message)
        except Exception as error:  # the route's own function: the message's fault, not the pool's
            self.refuse(message, error)
            return
        if worker is None and self.places is not None:
            self.places.relay(message)
        elif worker is None:
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
        if self.places is not None:
            return self._want(self.places, message.size)
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

    # -- where the size is Desired -------------------------------------------------------------------------------------

    def _want(self, places: Places, number: int) -> int:
        desired = places.desired
        if number == desired.clamp(number):
            return places.resize(number)
        reply = self.defer()
        if reply is not None:
            why = f"must be from its floor, {desired.floor}, to its ceiling, {desired.ceiling}"
            reply.fail(SpecError("size", number, why))
        return 0

    def path_of(self, place: int) -> str:
        """The path of the worker in a place, which are counted from 0."""
        return f"{self.ref.name}/{self._worker(place + 1).id}"

    def child_in(self, place: int) -> Child | None:
        """The worker in a place."""
        return self.children.get(self._worker(place + 1).id)

    def add_worker(self, place: int) -> None:
        """Start a worker in a place."""
        self.carry_out(self.children.add(self._worker(place + 1), self.system.now(), None))

    def dismiss(self, child: Child) -> None:
        """Have a worker go by plan: its waiting messages go to the others, and it ends when it is done with the one in
        hand.
        """
        if child.ref is not None:
            self._router().remove(child.ref)
        self.carry_out(self.children.terminate(child.id, self.system.now(), None))

    def turnover(self) -> int:
        """How many workers are under replacement, or on their way out by plan."""
        return super().turnover() + (self.places.leaving if self.places is not None else 0)

    def end_child(self, child: Child, grace: float) -> None:
        cause = self.places.cause(child) if self.places is not None else None
        if cause is not None:
            self.retire_life(child.ref, cause, grace)
        else:
            super().end_child(child, grace)


def pick_for(route: Route | ByKey, system: ActorSystem) -> Pick:
    """The function that chooses a worker."""
    if isinstance(route, ByKey):
        return KeyRouter(route.key)
    if route == "trails":
        from .balance import Balance  # the tissue is loaded when it is wanted

        return Metered(Balance(system))
    return least_loaded if route == "least_loaded" else RoundRobin()
