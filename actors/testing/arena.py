"""A simulator for the cores of the tissue: many cells, one network, virtual time, no loop and no actor.

Some hundred thousand packets a second, so that a thousand cells over minutes are a test; the same cores run in actors.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

import msgpack

from actors.messages import Pid
from actors.tissue.core import Core, Effect, Send

from .network import Network

C = TypeVar("C", bound=Core)

Birth = Callable[[Pid, random.Random, float], C]
"""Makes the core of a cell: who it is, its own chance, the time."""


class Arena(Generic[C]):
    """Cells by name in a network; everything follows from ``seed``.

    ``events``: what the cores reported, as (time, name, event).  ``packets``: how many were sent, by kind; ``bytes`` of
    them if the arena is ``strict``, which sends every body through msgpack as a wire would.
    """

    def __init__(self, seed: int = 0, network: Network | None = None, *, strict: bool = False) -> None:
        self.seed = seed
        self.network = network or Network(seed)
        self.strict = strict
        self.now = 0.0
        self.cells: dict[str, C] = {}
        self.events: list[tuple[float, str, Any]] = []
        self.packets: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self.rng = random.Random(f"{seed}/arena")
        self._pids: dict[str, Pid] = {}
        self._wakes: dict[str, float] = {}
        self._births: dict[str, Birth[C]] = {}
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._serial = 0

    # -- cells ---------------------------------------------------------------------------------------------------------

    def add(self, name: str, birth: Birth[C]) -> C:
        """Bring a cell to life; again, after :meth:`kill`, with the next incarnation."""
        incarnation = self._pids[name].incarnation + 1 if name in self._pids else 1
        pid = self._pids[name] = Pid(name, incarnation)
        self._births[name] = birth
        core = birth(pid, random.Random(f"{self.seed}/{name}/{incarnation}"), self.now)
        self.cells[name] = core
        self._wakes.pop(name, None)
        self._arm(name, core)
        return core

    def kill(self, *names: str) -> None:
        """End cells at once, without a word."""
        for name in names:
            self.cells.pop(name, None)

    def revive(self, name: str) -> C:
        """A new incarnation of a cell that was killed, made as it was."""
        return self.add(name, self._births[name])

    def pid(self, name: str) -> Pid:
        """Who lives, or last lived, under that name."""
        return self._pids[name]

    def tell(self, name: str, call: Callable[[C, float], Iterable[Effect]]) -> None:
        """Have a cell do something now: ``call(core, now)`` returns its effects."""
        core = self.cells.get(name)
        if core is not None:
            self._carry_out(name, call(core, self.now))
            self._arm(name, core)

    # -- time ----------------------------------------------------------------------------------------------------------

    def at(self, when: float, act: Callable[[], None]) -> None:
        """Do something at a later moment."""
        self._serial += 1
        heapq.heappush(self._queue, (max(when, self.now), self._serial, act))

    def run(self, until: float, *, stop: Callable[[], bool] | None = None) -> bool:
        """Let time pass until then; with ``stop``, no longer than until that is true.  Returns whether it was."""
        while self._queue and self._queue[0][0] <= until:
            when, _, act = heapq.heappop(self._queue)
            self.now = when
            act()
            if stop is not None and stop():
                return True
        self.now = max(self.now, until)
        return stop is not None and stop()

    def _arm(self, name: str, core: C) -> None:
        due = core.due
        if due == math.inf or self._wakes.get(name, math.inf) <= due:
            return
        self._wakes[name] = due
        self.at(due, lambda: self._wake(name, core, due))

    def _wake(self, name: str, core: C, due: float) -> None:
        if self.cells.get(name) is not core or self._wakes.get(name) != due:
            return
        del self._wakes[name]
        if core.due <= self.now:
            self._carry_out(name, core.tick(self.now))
        self._arm(name, core)

    # -- packets -------------------------------------------------------------------------------------------------------

    def _carry_out(self, name: str, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self._send(name, effect)
            else:
                self.events.append((self.now, name, effect))

    def _send(self, name: str, send: Send) -> None:
        self.packets[send.kind] += 1
        body = send.body
        if self.strict:
            packed = msgpack.packb(body)
            self.bytes[send.kind] += len(packed)
            body = msgpack.unpackb(packed, strict_map_key=False)
        sender = self._pids[name]
        for when in self.network.arrivals(name, send.to, self.now):
            self.at(when, lambda: self._deliver(send.to, sender, send.kind, body))

    def _deliver(self, name: str, sender: Pid, kind: str, body: Any) -> None:
        core = self.cells.get(name)
        if core is not None:
            self._carry_out(name, core.receive(sender, kind, body, self.now))
            self._arm(name, core)
