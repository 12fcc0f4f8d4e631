"""Cells that live anywhere: what they are asked to do by contact travels as plain messages, and so do their answers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from actors import Actor, Ref, handle, register
from actors.contact.events import Felt
from actors.testing import World
from actors.tissue import Delivered, Hormone, ORMap, PNCounter, Unanswered, receptor
from actors.tissue.core import Refused
from supervisors import Supervisor, child

LIMIT = 20.0
"""Seconds that a fact may take to come true where time is real."""


@register
@dataclass(frozen=True, slots=True)
class Word:
    """Comes over the tissue, and is its own answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Please:
    """Have a cell do something: its method of that name."""

    verb: str
    args: tuple[Any, ...] = ()


class Quiet(Actor):
    """Takes part in nothing by itself."""

    @handle
    async def please(self, message: Please) -> Any:
        result = getattr(self, message.verb)(*message.args)
        return await result if asyncio.iscoroutine(result) else result

    def mates(self) -> list[str]:
        return sorted(each.pid.name for each in self.contact.neighbours(100))


class Trader(Quiet):
    """Lends and borrows, computes for all and levels its load."""

    def started(self) -> None:
        self.budget = self.contact.lend("units", 4, lease=2.0)
        self.cache = self.contact.cache("words", self.compute)
        self.computed = 0

    def compute(self, key: str) -> str:
        self.computed += 1
        return key.upper()

    async def borrow(self, units: int) -> int:
        async with self.budget.borrow(units, timeout=5.0):
            return units

    async def get(self, key: str) -> tuple[Any, int]:
        return await self.cache.get(key), self.computed

    def load(self, amount: int) -> None:
        self.contact.put_load(amount)

    def loaded(self) -> int:
        return self.contact.load


class Cellmate(Actor):
    """Shares a table and a counter with its siblings, and does by contact what it is asked to."""

    hormones = (Hormone("joy"),)

    async def started(self) -> None:
        self.words: list[Any] = []
        self.table = self.contact.share("table", ORMap)
        self.count = self.contact.share("count", PNCounter)
        self.is_warm_at_start = await self.contact.warm()
        self.at_start = dict(self.table.value)

    @handle
    async def please(self, message: Please) -> Any:
        result = getattr(self, message.verb)(*message.args)
        return await result if asyncio.iscoroutine(result) else result

    @handle
    def word(self, message: Word) -> str:
        self.words.append(message.text)
        return f"{message.text} from {self.pid.name}"

    @handle
    def delivered(self, event: Delivered) -> None:
        self.words.append(event.body)

    @receptor("joy", above=0.2, below=0.1, refractory=0.0)
    def glad(self, signal: Any) -> None:
        self.words.append(type(signal).__name__)

    # -- what it is asked to do ----------------------------------------------------------------------------------------

    def heard(self) -> list[Any]:
        return self.words

    def process(self) -> int:
        return os.getpid()

    def address(self) -> str:
        return str(self.contact.pid.name)

    def life(self) -> int:
        return int(self.contact.pid.incarnation)

    def mates(self, group: str | None = None) -> list[str]:
        contact = self.contact if group is None else self.contact.of(group)
        return sorted(each.pid.name for each in contact.neighbours(100))

    def lives(self) -> dict[str, int]:
        return {each.pid.name: each.pid.incarnation for each in self.contact.neighbours(100)}

    def near(self, metric: str) -> list[tuple[str, float]]:
        return [(each.pid.name, each.distance) for each in self.contact.neighbours(100, near=metric)]

    def put(self, key: str, value: Any) -> bool:
        self.table.put(key, value)
        return True

    def add(self, amount: int) -> None:
        self.count.add(amount)

    def read(self) -> dict[Any, Any]:
        return dict(self.table.value)

    def total(self) -> int:
        return int(self.count.value)

    def began(self) -> tuple[bool, dict[Any, Any]]:
        return self.is_warm_at_start, self.at_start

    def secrete(self, amount: float) -> None:
        self.contact.secrete("joy", amount)

    def sense(self) -> float:
        return float(self.contact.sense("joy"))

    def emit(self, field: str) -> None:
        self.contact.emit(field)

    async def go(self, field: str, text: str) -> Any:
        return await self.toward(field).ask(Word(text), timeout=5.0)

    def offer(self, what: str) -> None:
        self.contact.offer(what)

    def follow(self, what: str) -> None:
        self.contact.trail(what)

    async def trail(self, what: str, text: str) -> Any:
        try:
            return await self.contact.trail(what).ask(Word(text), timeout=5.0)
        except Unanswered as error:
            return error.why

    def publish(self, value: Any) -> None:
        self.contact.publish(value)

    def tell(self, name: str, message: Any) -> None:
        next(each for each in self.contact.neighbours(100) if each.name == name).tell(message)

    async def ask(self, name: str, message: Any) -> Any:
        mate = next(each for each in self.contact.neighbours(100) if each.name == name)
        try:
            return await mate.ask(message, timeout=5.0)
        except Unanswered as error:
            return error.why

    def join(self, group: str) -> None:
        self.contact.of(group)

    def describe(self, zone: str) -> None:
        self.contact.describe(zone=zone)

    def check(self) -> None:
        self.contact.checked()

    def hurt(self) -> None:
        self.damage(1.0, "an invariant is broken")

    def boom(self) -> None:
        raise RuntimeError("boom")

    async def child(self) -> str:
        """One more cell in the same process."""
        ref = await self.spawn(Cellmate)
        await ref.ask(Please("join", ("guests",)))
        return str(await ref.ask(Please("address")))


def house(*places: Any, name: str = "shop", cls: Callable[..., Actor] = Cellmate, **options: Any) -> Supervisor:
    """A tree of cellmates ``w0``, ``w1`` ..., one at each of these places."""
    children = [child(cls, id=f"w{n}", place=place, **options) for n, place in enumerate(places)]
    return Supervisor(name, children, max_restarts=1000)


@asynccontextmanager
async def running(tree: Supervisor, **options: Any) -> Any:
    """The tree, and the refs of its children."""
    async with tree.running(log=False, **options) as top:
        yield top, [top.ref(each.id) for each in tree.children]


async def do(ref: Ref[Any], verb: str, *args: Any) -> Any:
    return await ref.ask(Please(verb, args), 10.0)


async def all_do(refs: Iterable[Ref[Any]], verb: str, *args: Any) -> list[Any]:
    return [await do(ref, verb, *args) for ref in refs]


async def until(fact: Callable[[], Any], w: World | None = None, limit: float = LIMIT) -> None:
    """Wait until an ``async`` fact is true; in a world for as many virtual seconds."""
    if w is not None:
        for _ in range(int(limit / 0.05)):
            if await fact():
                return
            await w.advance(0.05)
    else:
        deadline = asyncio.get_running_loop().time() + limit
        while asyncio.get_running_loop().time() < deadline:
            if await fact():
                return
            await asyncio.sleep(0.01)  # pytest.mark.real: a fact in another process
    assert await fact(), "this did not come true in time"


def refusals(system: Any) -> list[str]:
    """Why packets were refused in a system, from now on."""
    found: list[str] = []

    def listen(event: object) -> None:
        if isinstance(event, Felt) and isinstance(event.event, Refused):
            found.append(event.event.why)

    system.events.subscribe(listen)
    return found
