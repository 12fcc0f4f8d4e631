"""What is told over a network that loses, doubles and reorders: handled once each, in order, or a dead letter."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from actors.contact.letters import Letter, Word, read_letter
from actors.testing import World, world
from actors.testing.network import uniform
from actors.tissue.links.events import Undeliverable
from tests.actors.contact.kit import GROUP, at, heard, hosts, puppets, refusals
from tests.actors.kit import Log, Note, Puppet, Sleep, letters

SEEDS = 100


def _bad_weather(w: World, rng: random.Random) -> None:
    w.network.loss = rng.choice([0.0, 0.1, 0.3])
    w.network.duplication = rng.choice([0.0, 0.2, 0.5])
    w.network.delay = uniform(0.0005, rng.choice([0.002, 0.05, 0.3]))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_is_told_is_handled_once_and_in_order_whatever_the_network_does(seed: int) -> None:
    rng = random.Random(seed)
    logs: dict[str, Log] = {name: [] for name in ("east", "west")}

    @world(seed=seed)
    async def scenario(w: World) -> None:
        async with hosts(*logs) as systems:
            refs = []
            for system in systems:
                refs.append(await system.spawn(Puppet, logs[system.name], name="p"))
                await at(refs[-1], lambda me: me.contact.of(GROUP))
            await w.advance(8.0)
            refused = heard(systems[0]), heard(systems[1])
            _bad_weather(w, rng)
            for log in logs.values():
                log.clear()
            for n in range(24):
                for ref in refs:
                    await at(ref, lambda me, n=n: me.contact.of(GROUP).tell(Note(str(n))))
                await asyncio.sleep(rng.choice([0.0, 0.0, 0.01]))
            await w.advance(25.0)

            assert [refusals(each) for each in refused] == [[], []]
            assert logs == {name: [str(n) for n in range(24)] for name in logs}
            assert [refusals(each) for each in refused] == [[], []]
            assert [letters(system) for system in systems] == [[], []]

    scenario()


@world(seed=1)
async def test_what_cannot_be_delivered_is_a_dead_letter_after_half_a_minute(w: World) -> None:
    async with hosts("east", "west") as systems:
        east, _ = await puppets(systems)
        await w.advance(8.0)
        w.network.partition(["@east"], ["@west"])
        lost = heard(systems[0], Undeliverable)

        assert await at(east, lambda me: me.contact.of(GROUP).tell(Note("hello"))) == 1
        await w.advance(29.0)
        assert letters(systems[0]) == []
        await w.advance(2.0)
        assert letters(systems[0]) == ["w0: hello, expired"]
        assert len(lost) == 1


@world(seed=1)
async def test_a_question_that_cannot_be_delivered_ends_by_its_timeout(w: World) -> None:
    async with hosts("east", "west") as systems:
        east, _ = await puppets(systems)
        await w.advance(8.0)
        w.network.partition(["@east"], ["@west"])
        (answer,) = await at(east, lambda me: me.contact.of(GROUP).ask(Note("hello"), timeout=2.0))

        assert str(answer.error) == "w0@west did not answer Note within 2 s"
        assert systems[0].site.asking == {}


@world(seed=1)
async def test_a_question_to_a_host_that_is_given_up_ends_then(w: World) -> None:
    async with hosts("east", "west") as systems:
        east, west = await puppets(systems)
        await w.advance(8.0)
        west.tell(Sleep(1000.0))
        asked = asyncio.ensure_future(at(east, lambda me: me.contact.of(GROUP).ask(Note("x"), timeout=None), 100.0))
        await w.advance(1.0)
        w.network.partition(["@east"], ["@west"])
        await w.advance(40.0)
        (answer,) = await asked

        assert str(answer.error) == "no answer from w0@west: its life is over"


@world(seed=3)
async def test_questions_over_a_bad_network_are_answered_once_each_by_whom_they_were_for(w: World) -> None:
    async with hosts("east", "west", "north") as systems:
        refs = await puppets(systems, 2)
        await w.advance(10.0)
        w.network.loss, w.network.duplication = 0.3, 0.3
        for n in range(20):
            answers = await at(refs[0], lambda me, n=n: me.contact.of(GROUP).ask(Note(str(n)), timeout=20.0))
            assert [each.value for each in answers] == [str(n)] * 5


@world(seed=3)
async def test_two_that_ask_each_other_at_once_are_both_answered(w: World) -> None:
    async with hosts("east", "west") as systems:
        refs = await puppets(systems)
        await w.advance(8.0)
        asked = [at(ref, _ask_aside) for ref in refs]
        await asyncio.gather(*asked)
        await w.advance(1.0)

        assert all(names_of == ["x"] for names_of in ANSWERS)
        ANSWERS.clear()


ANSWERS: list[list[Any]] = []


def _ask_aside(me: Any) -> None:
    async def ask() -> None:
        ANSWERS.append([each.value for each in await me.contact.of(GROUP).ask(Note("x"))])

    me.task = asyncio.ensure_future(ask())


# -- what a letter is --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", Word)
def test_a_letter_is_read_as_it_was_written(word: Word) -> None:
    letter = Letter(word, 2**60, b"kept")

    assert read_letter(letter.pack()) == letter


@pytest.mark.parametrize("seed", range(200))
def test_a_letter_that_was_spoiled_is_refused_or_another_letter(seed: int) -> None:
    rng = random.Random(seed)
    raw = bytearray(Letter(Word.ASK, 7, b"kept").pack())
    match seed % 3:
        case 0:
            del raw[rng.randrange(len(raw)) :]
        case 1:
            raw[rng.randrange(len(raw))] = rng.randrange(256)
        case _:
            raw = bytearray(rng.randbytes(rng.randrange(30)))
    try:
        letter = read_letter(bytes(raw))
    except (TypeError, ValueError):
        return
    assert isinstance(letter.word, Word)
    assert letter.number >= 0


@world(seed=1)
async def test_a_letter_that_makes_no_sense_is_refused_and_harms_nobody(w: World) -> None:
    async with hosts("east", "west") as systems:
        east, west = await puppets(systems)
        await w.advance(8.0)
        refused = heard(systems[1])
        for raw in (
            b"",
            b"junk",
            Letter(Word.TELL, 0, b"nothing kept").pack(),
            Letter(Word.FAILURE, 0, b"\xff").pack(),
        ):
            body = systems[0].site.body_at("w0@east")
            assert body is not None
            presence = body.presences[GROUP]
            await at(east, lambda me, raw=raw, presence=presence: presence._post("w0@west", raw, None))
        await w.advance(1.0)

        assert refusals(refused) == [
            "no letter",
            "no letter",
            "a message that nobody keeps",
            "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
        ]
        assert await west.ask(Note("still here")) == "still here"
