"""Random load on real processes that are killed at random: each message is begun once, in order, or given up once."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from actors import ActorDied, Undelivered
from actors.places.place import Process
from tests.actors.places.players import Clerk, Item, Player
from tests.actors.places.stage import AWAY, Note, Stage, order, play

pytestmark = pytest.mark.process

MESSAGES, KILLS = 1500, 6


PLACES = [pytest.param(Process(), id="process"), pytest.param(AWAY, id="host")]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_lost_or_begun_twice_whoever_is_killed_when(place: Any, seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    path = tmp_path / "begun"
    fates: dict[tuple[int, int], list[str]] = {}

    async def asks(ref: Any, item: Item) -> None:
        try:
            assert await ref.ask(item, timeout=60.0) == item.number
            fates[item.sender, item.number].append("answered")
        except ActorDied:
            fates[item.sender, item.number].append("failed")

    async def test(s: Stage) -> None:
        ref = await s.start(Clerk, str(path), restarts=1000)
        open_: list[asyncio.Task[None]] = []
        deadly = set(rng.sample(range(MESSAGES), KILLS))
        for number in range(MESSAGES):
            sender = rng.randrange(3)
            how = "die" if number in deadly else rng.choice(["", "", "", "wait"])
            item = Item(sender, number, how)
            fates[sender, number] = []
            if rng.random() < 0.3:
                open_.append(asyncio.ensure_future(asks(ref, item)))
                await asyncio.sleep(0)  # it is sent now
            else:
                ref.tell(item)
                fates[sender, number].append("told")
            if rng.random() < 0.01:
                await asyncio.sleep(rng.random() * 0.02)
            if rng.random() < 0.003:
                ref.kill()
        await asyncio.gather(*open_)
        await ref.ask(Item(9, 0), timeout=60.0)

        begun = [tuple(map(int, line.split())) for line in path.read_text().splitlines()]
        messages: list[Any] = [letter.message for letter in s.system.dead_letters if letter.why is Undelivered.IN_HAND]
        given_up = [(message.sender, message.number) for message in messages]
        assert len(begun) == len(set(begun)), "begun twice"
        assert [number for _, number in begun[:-1]] == sorted(number for _, number in begun[:-1]), "out of order"
        assert set(fates) - set(begun) - set(given_up) - {k for k, v in fates.items() if v == ["failed"]} == set()
        assert all(len(each) == 1 for each in fates.values()), "answered twice"
        assert len(given_up) == len(set(given_up)) == len(s.system.dead_letters), "given up twice, or something else"
        assert ref.pid.incarnation > KILLS

    play((place, False), test)


@pytest.mark.parametrize("place", PLACES)
def test_last_words_are_heard_whatever_is_on_its_way_to_who_says_them(place: Any) -> None:
    async def test(s: Stage) -> None:
        ref = await s.start(Player, restarts=10)
        for life in range(1, 9):
            ref.tell(order("boom"))
            for number in range(2000):
                ref.tell(Note(str(number)))
            await s.until(lambda: s.log[-1:] == ["1999"])
            assert (
                s.take()[:3]
                == [f"started {life}"] * (life == 1)
                + ["stopping crashed(RuntimeError: boom)", f"started {life + 1}", "0", "1"][: 3 - (life == 1)]
            )

    play((place, False), test)
