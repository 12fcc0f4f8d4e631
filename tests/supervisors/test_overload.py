"""Controlled mailboxes in trees: planned replacements and crashes under overload lose nothing and account for all."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from actors import Actor, ActorError, Apoptosis, Brownout, Chooser, CoDel, Mailbox, handle
from actors.testing import World, world
from supervisors import Supervisor, child

MAILBOX = Mailbox(control=CoDel(), brownout=Brownout())


class Clerk(Actor):
    """Serves a hundred a second, or more cheaply two hundred; every so many it crashes, if it is to."""

    def __init__(self, handled: Counter[int], crash_every: int) -> None:
        self.handled = handled
        self.crash_every = crash_every

    @handle
    async def serve(self, number: int) -> int:
        await asyncio.sleep(0.010)
        return self.done(number)

    @handle(level=1)
    async def serve_briefly(self, number: int) -> int:
        await asyncio.sleep(0.005)
        return self.done(number)

    def done(self, number: int) -> int:
        if self.crash_every and number % self.crash_every == 0:
            raise RuntimeError("no luck")
        self.handled[number] += 1
        return number


class Run:
    """What became of a crowd's questions and messages to one clerk."""

    def __init__(self, crash_every: int = 0) -> None:
        self.handled: Counter[int] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.told: list[int] = []
        self.dead: Counter[int] = Counter()
        self.tree = Supervisor(
            "t",
            [child(Clerk, self.handled, crash_every, id="clerk", mailbox=MAILBOX)],
            max_restarts=10_000,
        )

    async def crowd(self, w: World, ref: Any, number: int, per_second: int = 400) -> None:
        async def client(n: int) -> None:
            await asyncio.sleep(n / per_second)
            if n % 2:
                self.told.append(n)
                ref.tell(n)
                return
            try:
                assert await ref.ask(n, timeout=1.0) == n
                self.outcomes["answered"] += 1
            except ActorError as error:
                self.outcomes[type(error).__name__] += 1

        await asyncio.gather(*(client(n) for n in range(number)))
        await w.advance(2.0)

    def check(self, system: Any, number: int) -> None:
        """Every question ended once; every message told was handled, or is a dead letter, once."""
        self.dead.update(letter.message for letter in system.dead_letters)
        fates = self.handled + self.dead

        assert self.outcomes.total() == number // 2
        assert {n: fates[n] for n in self.told} == dict.fromkeys(self.told, 1)


@pytest.mark.parametrize("seed", range(5))
def test_replacements_under_overload_lose_nothing_and_keep_the_counts(seed: int) -> None:
    async def scenario(w: World) -> None:
        run = Run()
        async with run.tree.running(log=False) as t:
            clerk = t.ref("clerk")
            crowd = asyncio.create_task(run.crowd(w, clerk, 1600))
            for _ in range(5):
                await w.advance(0.7)
                await t.replace("clerk")
            await crowd
            statistics = clerk.statistics()
            run.check(t.system, 1600)

            assert clerk.pid.incarnation == 6
            assert set(run.outcomes) <= {"answered", "Overloaded"}
            assert statistics.shed == run.outcomes["Overloaded"] + run.dead.total()
            assert statistics.handled == run.handled.total() == sum(statistics.levels)

    world(seed).run(scenario)


@pytest.mark.parametrize("seed", range(5))
def test_crashes_under_overload_lose_nothing(seed: int) -> None:
    async def scenario(w: World) -> None:
        run = Run(crash_every=17)
        async with run.tree.running(log=False) as t:
            await run.crowd(w, t.ref("clerk"), 1600)
            run.check(t.system, 1600)

            assert t.ref("clerk").pid.incarnation > 20
            assert set(run.outcomes) <= {"answered", "Overloaded", "ActorDied"}

    world(seed).run(scenario)


class Learner(Actor):
    """Learns, and leaves what it learned."""

    def __init__(self) -> None:
        self.chooser = Chooser(["a", "b"], rng=self.system.rng)

    def bequeath(self) -> Chooser[str]:
        return self.chooser

    def inherit(self, chooser: Chooser[str]) -> None:
        self.chooser.restore(chooser.table())

    @handle
    def learn(self, reward: float) -> float:
        self.chooser.reward("a", reward)
        return self.chooser.worth("a")

    @handle
    def leave(self, message: str) -> None:
        self.retire(message)


@world()
async def test_what_a_chooser_learned_outlives_a_planned_death(w: World) -> None:
    async with Supervisor("t", [child(Learner, id="learner")]).running(log=False) as t:
        learner = t.ref("learner")
        for _ in range(100):
            before = await learner.ask(1.0)
        learner.tell("enough")
        await w.advance(1.0)
        after = await learner.ask(1.0)

        assert learner.pid.incarnation == 2
        assert after > before > 0.95
        assert Apoptosis("enough").is_clean
