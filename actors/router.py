"""Several equal places behind one ref: what is sent to it goes straight to one of them, without a hop in between."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from typing import Any, Protocol

from .cell import Accepted, Cell, Waiting
from .envelopes import LIFE_ITEMS, NEVER, bare
from .errors import AskTimeout, MailboxFull, Overloaded
from .lifecycle import REFUSING, State
from .overload.limits import Limit, Limiter
from .ref import P_contra, PriorityRef, Ref
from .statistics import ActorStatistics

Pick = Callable[[list[Ref[Any]], Any], Ref[Any] | None]
"""Chooses a worker for a message; ``None`` if there is nobody."""


class RoundRobin:
    """The next one that runs; if none does, the next one, where the message waits."""

    def __init__(self) -> None:
        self._next = 0

    def __call__(self, workers: list[Ref[Any]], message: Any) -> Ref[Any] | None:
        count = len(workers)
        start = self._next
        for offset in range(count):
            worker = workers[(start + offset) % count]
            if worker._cell.state is State.RUNNING:
                self._next = (start + offset + 1) % count
                return worker
        self._next = start + 1
        return workers[start % count] if count else None


def least_loaded(workers: list[Ref[Any]], message: Any) -> Ref[Any] | None:
    """The one with the fewest messages waiting or in hand; one that runs before one that does not."""
    return min(workers, key=load_of, default=None)


def load_of(ref: Ref[Any]) -> tuple[bool, int]:
    """Whether it does not run, and how many messages wait there or are in hand."""
    cell = ref._cell
    return cell.state is not State.RUNNING, len(cell.box or ()) + (cell.box is not None)


class KeyRouter:
    """Always the same one for the same key, whether it runs or not, so that a key's messages keep their order."""

    def __init__(self, key: Callable[[Any], object]) -> None:
        self._key = key

    def __call__(self, workers: list[Ref[Any]], message: Any) -> Ref[Any] | None:
        return workers[jump_hash(stable_hash(self._key(message)), len(workers))] if workers else None


def stable_hash(key: object) -> int:
    """64 bits of the key's text, the same in every process (``hash`` of a string is not)."""
    return int.from_bytes(hashlib.blake2b(repr(key).encode(), digest_size=8).digest())


def jump_hash(key: int, buckets: int) -> int:
    """Jump consistent hash (Lamping and Veach 2014): growing from n to n + 1 buckets moves 1/(n + 1) of the keys."""
    bucket, following = -1, 0
    while following < buckets:
        bucket = following
        key = (key * 2862933555777941757 + 1) & 0xFFFF_FFFF_FFFF_FFFF
        following = int((bucket + 1) * (1 << 31) / ((key >> 33) + 1))
    return bucket


class Meter(Protocol):
    """Chooses workers by how fast they have answered so far, and is told how fast they were."""

    def choose(self, workers: list[Ref[Any]]) -> Ref[Any] | None:
        """The worker for the next message; ``None`` if there is nobody."""

    def begin(self, worker: Ref[Any]) -> Any:
        """It is asked; what is returned stands for this question."""

    def end(self, call: Any, error: BaseException | None) -> None:
        """That question was answered, or ended by an error."""


class Metered:
    """Whoever a meter chooses; how long it takes to answer is measured there and only there."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter

    def __call__(self, workers: list[Ref[Any]], message: Any) -> Ref[Any] | None:
        worker = self.meter.choose(workers)
        return None if worker is None else _MeteredRef(worker, self.meter)


class _MeteredRef(PriorityRef[Any]):
    """A worker whose next answer is measured."""

    __slots__ = ("_meter", "_worker")

    def __init__(self, worker: Ref[Any], meter: Meter) -> None:
        super().__init__(worker._cell)
        self._worker = worker
        self._meter = meter

    def tell(self, message: Any) -> Accepted | Waiting:
        return self._worker.tell(message)

    async def _ask(self, message: Any, timeout: float | None, due: float = NEVER) -> Any:
        call = self._meter.begin(self._worker)
        try:
            answer = await self._worker._ask(message, timeout, due)
        except BaseException as error:
            self._meter.end(call, error)
            raise
        self._meter.end(call, None)
        return answer

    def _post(self, item: Any) -> Accepted | Waiting:
        return self._worker._post(item)


class RoutedRef(PriorityRef[P_contra]):
    """The ref of a pool.  Management goes to the pool itself, everything else to the worker that ``pick`` chooses.

    While there is no worker, messages wait in the pool's own mailbox.  ``limiter``: of the asks under way, if any.
    """

    __slots__ = ("limiter", "pick", "workers")

    def __init__(self, cell: Cell) -> None:
        super().__init__(cell)
        self.workers: list[Ref[Any]] = []
        self.pick: Pick = RoundRobin()
        self.limiter: Limiter | None = None

    def tell(self, message: P_contra) -> Accepted | Waiting:
        worker = self._worker(message)
        return super().tell(message) if worker is None else worker.tell(message)

    async def _ask(self, message: Any, timeout: float | None, due: float = NEVER) -> Any:
        limiter = self.limiter
        if limiter is None or self._cell.routes.is_urgent(message.__class__):
            return await self._pass_on(message, timeout, due)
        scheduler = self._cell.scheduler
        if not limiter.began():
            raise Overloaded(self, f"{limiter.inflight} asks are under way, and the limit is {limiter.limit}")
        begun, dropped, known = scheduler.wall(), False, False
        try:
            answer = await self._pass_on(message, timeout, due)
            known = True
        except (AskTimeout, MailboxFull, Overloaded):
            known = dropped = True
            raise
        finally:
            limiter.ended(scheduler.wall() - begun if known else None, dropped=dropped)
        return answer

    async def _pass_on(self, message: Any, timeout: float | None, due: float) -> Any:
        worker = self._worker(message)
        return await (super()._ask(message, timeout, due) if worker is None else worker._ask(message, timeout, due))

    def _post(self, item: Any) -> Accepted | Waiting:
        worker = self._worker(bare(item))
        return super()._post(item) if worker is None else worker._post(item)

    def statistics(self) -> ActorStatistics:
        """What the pool looks like now: ``limit``, ``inflight`` and ``shed`` are those of its limit, if it has one."""
        found, limiter = super().statistics(), self.limiter
        if limiter is None:
            return found
        return dataclasses.replace(found, shed=limiter.refused, limit=limiter.limit, inflight=limiter.inflight)

    def limit(self, spec: Limit | None) -> None:
        """Limit the asks under way; one limit is kept, with what it has found, until there is another."""
        if spec != (self.limiter.spec if self.limiter is not None else None):
            self.limiter = Limiter(spec) if spec is not None else None

    def _worker(self, message: Any) -> Ref[Any] | None:
        if not self.workers or self._cell.routes.is_urgent(message.__class__):
            return None
        worker = self.pick(self.workers, message)
        return None if worker is None or worker._cell.state in REFUSING else worker

    def relieve(self, newborn: Ref[Any]) -> None:
        """Give a worker that has just come its share of what waits with the others: what came last, from the fullest.

        Not for routes by key: it does not ask the route.
        """
        cells = [worker._cell for worker in self.workers if worker is not newborn]
        share = sum(len(cell.box or ()) for cell in cells) // (len(cells) + 1)
        moved: list[Any] = []
        while len(moved) < share:
            fullest = max(cells, key=lambda cell: len(cell.box or ()))
            if len(fullest.box or ()) <= share or fullest.box[-1].__class__ in LIFE_ITEMS:
                break
            moved.append(fullest.box.pop())
        for item in reversed(moved):
            newborn._cell.put(item)

    def remove(self, worker: Ref[Any]) -> None:
        """Send nothing to ``worker`` any more, and what waits there to the others, in its order."""
        if worker in self.workers:
            self.workers.remove(worker)
        cell = worker._cell
        for _ in range(len(cell.box or ())):
            item = cell.box.popleft()
            if item.__class__ in LIFE_ITEMS:
                cell.box.append(item)
                continue
            try:
                other = self._worker(bare(item))
            except Exception:  # the route's own function; whoever takes it from the pool's mailbox reports it
                other = None
            (other or self)._cell.put(item)
