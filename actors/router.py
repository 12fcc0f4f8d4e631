"""Several equal places behind one ref: what is sent to it goes straight to one of them, without a hop in between."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from typing import Any

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
    return min(workers, key=_load, default=None)


def _load(ref: Ref[Any]) -> tuple[bool, int]:
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
