"""The route ``trails`` of a pool: of two workers taken at random the one that is faster for what it has to do.

A question's time is measured from when it is asked to its answer.  How much a worker has to do is what waits in its
mailbox and what it has in hand, told or asked, by whomever: so what is told counts until it is handled, and is not
timed.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from actors import ActorDied, AskTimeout, MailboxFull, Overloaded, Ref
from actors.router import load_of
from actors.tissue.trails.replicas import Call, Replicas, ReplicasConfig

if TYPE_CHECKING:
    from actors import ActorSystem
    from actors.messages import Pid

CONFIG = ReplicasConfig(max_replicas=1 << 20)


class Balance:
    """See the module's text: the meter of the pool's ref."""

    def __init__(self, system: ActorSystem) -> None:
        self._now = system.now
        self._workers: list[Ref[Any]] = []
        self._refs: dict[str, Ref[Any]] = {}
        self._lives: dict[str, Pid] = {}
        rng = random.Random(system.rng.getrandbits(64))
        self._replicas = Replicas((), rng, system.now(), CONFIG, load=self._load)

    def __repr__(self) -> str:
        return f"Balance({self._replicas!r})"

    def choose(self, workers: list[Ref[Any]]) -> Ref[Any] | None:
        """The better of two; while some are restarted, of two others, and if none runs, of any."""
        if workers != self._workers:
            self._meet(workers)
        if not workers:
            return None
        now, refs = self._now(), self._refs
        chosen = refs[self._replicas.choose(now)]
        if load_of(chosen)[0]:
            down = {name for name, worker in refs.items() if load_of(worker)[0]}
            if len(down) < len(refs):
                chosen = refs[self._replicas.choose(now, down)]
        return chosen

    def _meet(self, workers: list[Ref[Any]]) -> None:
        """These are the workers now."""
        self._workers = list(workers)
        refs = {worker.name: worker for worker in workers}
        # In the pool's order, not a set's: the same seed is to choose the same workers in every process.
        for name in [name for name in self._refs if name not in refs]:
            self._replicas.remove(name)
            del self._lives[name]
        for name in [name for name in refs if name not in self._refs]:
            self._begin_anew(name, refs[name])
        self._refs = refs

    def _begin_anew(self, name: str, worker: Ref[Any]) -> None:
        """Nothing of what is known of an earlier life holds for this one."""
        self._lives[name] = worker.pid
        self._replicas.add(name, self._now())

    def _load(self, name: str) -> int:
        worker = self._refs[name]
        if worker.pid != self._lives[name]:
            self._begin_anew(name, worker)
        return load_of(worker)[1]

    def begin(self, worker: Ref[Any]) -> Call:
        """It is asked."""
        return self._replicas.begin(self._now(), to=worker.name)

    def end(self, call: Call, error: BaseException | None) -> None:
        """It has answered, or why it has not.  A handler's own error says nothing of how fast it is."""
        now = self._now()
        if error is None:
            self._replicas.end(call, now)
        elif isinstance(error, ActorDied | MailboxFull | Overloaded):
            self._replicas.end(call, now, failed=True)
        elif isinstance(error, AskTimeout):
            self._replicas.give_up(call, now)
        else:
            self._replicas.drop(call)
