"""The pulse of a watched life: what is counted, what is tolerated, what is told to whom, and what a crash leaves."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from actors import Actor, ActorDied, Mailbox, Ref, Undelivered
from actors.blueprint import Blueprint
from actors.checkup import left, watch
from actors.evidence import CORRUPTING, PER_MESSAGE, Evidence, Harm
from actors.pulse import Pulse, note, patience_of, pulse_of
from actors.testing import World, world
from tests.actors.kit import Boom, Do, Log, Note, Plain, Puppet, Restarts, Sleep, fails


def told(pulse_of_: list[Evidence], **options: Any) -> Pulse:
    return Pulse(pulse_of_.append, **options)


async def watched(w: World, cls: Any = Puppet, **options: Any) -> tuple[Ref[Any], Pulse, list[Evidence], Log]:
    """An actor that somebody watches, what is found, and its log."""
    found: list[Evidence] = []
    log: Log = []
    ref = await w.spawn(cls, log)
    pulse = told(found, **options)
    watch(ref, pulse)
    return ref, pulse, found, log


# -- evidence ----------------------------------------------------------------------------------------------------------


def test_every_harm_is_weighed_against_messages_or_against_check_ups() -> None:
    assert set(Harm) >= PER_MESSAGE | CORRUPTING
    assert not PER_MESSAGE & CORRUPTING


def test_evidence_is_recognised_by_harm_handler_and_message() -> None:
    one = Evidence(Harm.SLOW, 0.5, "took 3 s", "Order", "Shop.order")
    other = Evidence(Harm.SLOW, 2.0, "took 9 s", "Order", "Shop.order")

    assert one.signature == other.signature == ("slow", "Shop.order", "Order")


@world()
async def test_nobody_is_told_of_a_life_that_nobody_watches(w: World) -> None:
    ref = await w.spawn(Puppet)

    assert (note(ref._cell, Evidence(Harm.PROBE)), pulse_of(ref._cell)) == (False, None)


@world()
async def test_what_is_noted_is_counted_and_told(w: World) -> None:
    ref, pulse, found, _ = await watched(w)
    evidence = [Evidence(Harm.PROBE, 0.5), Evidence(Harm.LATE), Evidence(Harm.PROBE)]

    assert [note(ref._cell, each) for each in evidence] == [True] * 3
    assert (found, pulse.counts) == (evidence, Counter({Harm.PROBE: 2, Harm.LATE: 1}))


@world()
async def test_watching_can_end(w: World) -> None:
    ref, _, found, _ = await watched(w)
    watch(ref, None)

    assert (note(ref._cell, Evidence(Harm.PROBE)), found) == (False, [])


# -- exceptions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [Plain, Puppet])
@world()
async def test_a_tolerated_exception_goes_to_the_asker_and_the_life_goes_on(w: World, cls: type[Actor]) -> None:
    ref, _, found, log = await watched(w, cls, tolerate=(RuntimeError,))
    error = await fails(ref.ask(Boom("once")), RuntimeError)
    await ref.ask(Note("next"))

    assert (str(error), log, str(ref.pid.incarnation)) == ("once", ["started", "boom once", "next"], "1")
    assert found == [Evidence(Harm.EXCEPTION, None, "RuntimeError: once", "Boom", f"{cls.__name__}.boom")]


@world()
async def test_a_tolerated_exception_of_a_told_message_is_a_dead_letter(w: World) -> None:
    ref, _, found, _ = await watched(w, tolerate=(RuntimeError,))
    ref.tell(Boom("told"))
    await w.idle()
    (letter,) = ref.system.dead_letters

    assert (letter.message, letter.why, str(letter.reason)) == (
        Boom("told"),
        Undelivered.FAILED,
        "crashed(RuntimeError: told)",
    )
    assert len(found) == 1


@pytest.mark.parametrize("tolerate", [(), (ValueError,), (OSError, LookupError)])
@world()
async def test_what_is_not_tolerated_ends_the_life(w: World, tolerate: tuple[type[Exception], ...]) -> None:
    ref, _, found, _ = await watched(w, tolerate=tolerate)
    await fails(ref.ask(Boom()), ActorDied)

    assert (ref.is_alive, found) == (False, [])


@world()
async def test_a_subclass_of_what_is_tolerated_is_tolerated(w: World) -> None:
    ref, _, found, _ = await watched(w, tolerate=(Exception,))
    await fails(ref.ask(Do(lambda actor: vars(actor)["missing"])), KeyError)

    assert (ref.is_alive, found[0].what) == (True, "KeyError: 'missing'")


@pytest.mark.parametrize("put_off", [lambda actor: actor.defer(), lambda actor: actor.stash()])
@world()
async def test_a_message_that_was_put_off_may_fail_too(w: World, put_off: Any) -> None:
    ref, _, found, _ = await watched(w, tolerate=(ValueError,))

    def act(actor: Any) -> None:
        put_off(actor)
        raise ValueError("later")

    asked = asyncio.ensure_future(ref.ask(Do(act)))
    await w.idle()
    asked.cancel()

    assert (ref.is_alive, [each.what for each in found]) == (True, ["ValueError: later"])


@world()
async def test_nothing_is_tolerated_at_a_death_that_somebody_else_wanted(w: World) -> None:
    ref, _, found, _ = await watched(w, tolerate=(Exception,))

    async def stubborn(actor: Any) -> None:
        try:
            await asyncio.sleep(100.0)
        except asyncio.CancelledError:
            raise ValueError("not now") from None

    ref.tell(Do(stubborn))
    await w.idle()
    ref.kill()
    await w.idle()

    assert (ref.is_alive, found) == (False, [])


# -- time --------------------------------------------------------------------------------------------------------------


@world()
async def test_a_handler_that_takes_longer_than_its_target_is_told_when_it_is_done(w: World) -> None:
    ref, _, found, _ = await watched(w, latency=0.5)
    for seconds in (0.4, 0.6, 0.2):
        await ref.ask(Sleep(seconds))

    assert found == [Evidence(Harm.SLOW, None, "took 0.6 s", "Sleep", "Puppet.sleep")]


@world()
async def test_without_a_target_no_handler_is_too_slow(w: World) -> None:
    ref, _, found, _ = await watched(w)
    await ref.ask(Sleep(50.0), timeout=None)

    assert found == []


@pytest.mark.parametrize(("latency", "patience"), [(None, 0.1), (0.02, 0.02), (5.0, 0.1)])
@world()
async def test_an_actor_is_looked_at_after_its_target_or_when_it_holds_the_loop(
    w: World, latency: float | None, patience: float
) -> None:
    ref, _, _, _ = await watched(w, latency=latency)

    assert ref._cell.patience == patience_of(ref._cell, 0.1) == patience


@world()
async def test_a_question_that_was_late_is_told_with_its_message(w: World) -> None:
    ref, _, found, _ = await watched(w)
    await fails(ref.ask(Sleep(2.0), timeout=1.0), TimeoutError)

    assert [(each.harm, each.message) for each in found] == [(Harm.LATE, "Sleep")]


@world()
async def test_a_question_that_was_withdrawn_is_not_late(w: World) -> None:
    ref, _, found, _ = await watched(w)
    asked = asyncio.ensure_future(ref.ask(Sleep(9.0), timeout=1.0))
    await w.advance(0.5)
    asked.cancel()
    await w.advance(3.0)

    assert found == []


# -- what a crash leaves -----------------------------------------------------------------------------------------------


class Heir(Puppet):
    """Leaves its log, and writes down what it inherits."""

    will: Any = None

    async def bequeath(self) -> Any:
        self.write("bequeath")
        return await self.will() if self.will is not None else list(self.log)

    async def inherit(self, estate: Any) -> None:
        self.write(f"inherit {estate}")


@world()
async def test_a_watched_life_that_crashes_says_what_it_leaves(w: World) -> None:
    ref, pulse, _, log = await watched(w, Heir)
    ref.tell(Boom())
    await w.idle()

    assert log == ["started", "boom boom", "bequeath", "stopping crashed(RuntimeError: boom)"]
    assert left(pulse) == (True, ["started", "boom boom", "bequeath"])


@pytest.mark.parametrize("how", ["kill", "stop", "exit"])
@world()
async def test_a_life_that_ends_otherwise_leaves_nothing(w: World, how: str) -> None:
    ref, pulse, _, log = await watched(w, Heir)
    if how == "stop":
        await ref.stop()
    else:
        ref.kill() if how == "kill" else ref._cell.actor.stop()
    await w.idle()

    assert (left(pulse)[0], "bequeath" in log) == (False, False)


@world()
async def test_a_life_that_nobody_watches_is_not_asked(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Heir, log)
    ref.tell(Boom())
    await w.idle()

    assert "bequeath" not in log


async def never() -> None:
    await asyncio.Event().wait()


async def torn() -> None:
    raise OSError("torn")


@pytest.mark.parametrize(("will", "at_most"), [(never, 1.5), (torn, 0.0)])
@world()
async def test_a_will_that_cannot_be_made_holds_up_nobody(w: World, will: Any, at_most: float) -> None:
    ref, pulse, _, _ = await watched(w, Heir)
    ref._cell.actor.will = will
    reason = asyncio.ensure_future(ref.wait_ended())
    ref.tell(Boom())

    assert (str(await reason), w.now() <= at_most, left(pulse)[0]) == ("crashed(RuntimeError: boom)", True, False)


@world()
async def test_who_dies_of_a_message_that_is_quarantined_is_marked(w: World) -> None:
    mailbox = Mailbox(redeliver=1)
    keeper = await w.spawn(Restarts, Blueprint(Puppet, (), {}, mailbox), 1)
    ref = await keeper.ask("place")
    pulse = Pulse(lambda evidence: None)
    watch(ref, pulse)
    ref.tell(Boom("poison"))
    await w.idle()

    assert (pulse.is_poisoned, ref.pid.incarnation) == (True, 2)
