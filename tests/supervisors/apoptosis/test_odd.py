"""What a stranger broke: odd uses that planned death has to bear."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from actors import Actor, ActorDied, CoDel, Mailbox, Reply, handle
from actors.testing import World, world
from supervisors import Apoptosis, Lifetime, ReplacementFailed, SpecError, Supervisor, child
from supervisors.validate import findings


@dataclass(frozen=True, slots=True)
class Answer:
    """The tick by which a deferred question is answered."""

    reply: Reply
    value: int


class Later(Actor):
    """Answers by a timer."""

    @handle
    def question(self, message: int) -> None:
        reply = self.defer()
        assert reply is not None
        self.after(0.01, Answer(reply, message))

    @handle
    def answer(self, message: Answer) -> None:
        message.reply.send(message.value)

    @handle
    async def busy(self, message: str) -> None:
        await asyncio.sleep(0.03)


@world()
async def test_a_tick_that_waits_at_the_switch_still_answers_what_the_old_life_owes(w: World) -> None:
    async with Supervisor("t", [child(Later, id="c")]).running(log=False) as t:
        ref = t.ref("c")
        asked = asyncio.ensure_future(ref.ask(1, timeout=20.0))
        await w.idle()
        ref.tell("busy")  # so that the tick waits in the mailbox
        await w.advance(0.005)
        await t.replace("c")

        assert (await asked, w.now() < 0.1) == (1, True)
        await w.idle()
        assert t.journal.about("t/c")[-1].describe() == "life 1 of t/c has ended: apoptosis(by hand)"


class Tread:
    """One step of an actor that drives itself."""


class Treadmill(Actor):
    """Never stops, and never waits for a message."""

    def __init__(self) -> None:
        self.steps = 0

    def started(self) -> None:
        self.continue_with(Tread())

    def bequeath(self) -> int:
        return self.steps

    def inherit(self, estate: int) -> None:
        self.steps = estate

    @handle
    async def step(self, message: Tread) -> None:
        await asyncio.sleep(0.01)
        self.steps += 1
        self.continue_with(Tread())


@world()
async def test_an_actor_that_drives_itself_is_replaced_between_two_steps(w: World) -> None:
    async with Supervisor("t", [child(Treadmill, id="c")]).running(log=False) as t:
        await w.advance(1.0)
        before = (await t.ref("c").get_state())["steps"]
        await t.replace("c")

        assert (await t.ref("c").get_state())["steps"] >= before
        assert w.now() < 1.1


class Settings(Actor):
    """Takes its time to inherit."""

    def __init__(self) -> None:
        self.value = "old"

    def bequeath(self) -> str:
        return self.value

    async def inherit(self, estate: str) -> None:
        await asyncio.sleep(0.2)
        self.value = estate


@world()
async def test_a_management_call_during_the_handover_is_for_the_successor(w: World) -> None:
    async with Supervisor("t", [child(Settings, id="c")]).running(log=False) as t:
        ref = t.ref("c")
        replaced = asyncio.ensure_future(t.replace("c"))
        await w.advance(0.1)
        await ref.replace_state(lambda state: state | {"value": "new"})
        await replaced

        assert (await ref.get_state())["value"] == "new"


@world()
async def test_a_management_call_that_waits_for_a_handover_ends_with_the_life(w: World) -> None:
    async with Supervisor("t", [child(Settings, id="c", restart="temporary")]).running(log=False) as t:
        ref = t.ref("c")
        replaced = asyncio.ensure_future(t.replace("c"))
        await w.advance(0.1)
        asked: asyncio.Future[Any] = asyncio.ensure_future(ref.get_state())
        await w.idle()
        ref.kill()

        with pytest.raises(ActorDied):
            await asked
        assert isinstance((await asyncio.gather(replaced, return_exceptions=True))[0], Exception)


class Slow(Actor):
    """Takes its time over a message, and has an estate."""

    def __init__(self) -> None:
        self.count = 7

    def bequeath(self) -> int:
        return self.count

    def inherit(self, estate: int) -> None:
        self.count = estate

    @handle
    async def slow(self, message: str) -> str:
        await asyncio.sleep(7.0)
        return "done"


@world()
async def test_a_healthy_life_that_is_busy_is_kept_rather_than_lose_its_estate(w: World) -> None:
    async with Supervisor("t", [child(Slow, id="c")]).running(log=False) as t:
        busy = asyncio.ensure_future(t.ref("c").ask("x", timeout=None))
        await w.idle()
        with pytest.raises(ReplacementFailed, match="no handover within 5 s, and its estate is wanted"):
            await t.replace("c")

        assert (await busy, (await t.ref("c").get_state())["count"], t.ref("c").pid.incarnation) == ("done", 7, 1)


@world()
async def test_who_asks_to_be_replaced_at_birth_is_replaced_at_a_slower_and_slower_pace(w: World) -> None:
    class Weary(Actor):
        def started(self) -> None:
            self.retire("too old")

    async with Supervisor("t", [child(Weary, id="c")]).running(log=False) as t:
        await w.advance(3.0)

        assert 4 <= t.ref("c").pid.incarnation < 15


@pytest.mark.parametrize(
    "build",
    [
        lambda: Apoptosis(every=10**400),
        lambda: Apoptosis(every=1e-9),
        lambda: Apoptosis(handover=10**400),
        lambda: Apoptosis(ready_within=10**400),
        lambda: Lifetime(messages=10**400),
        lambda: Lifetime(seconds=10**400),
    ],
)
def test_a_number_that_no_clock_can_hold_is_refused_when_it_is_given(build: Callable[[], object]) -> None:
    with pytest.raises(SpecError):
        build()


@pytest.mark.parametrize("weight", [10**400, float("inf"), float("nan"), 0, -1.0, True, "heavy"])
@world()
async def test_a_weight_that_is_none_is_refused_and_harms_nobody(w: World, weight: Any) -> None:
    class Hurt(Actor):
        @handle
        def hurt(self, message: str) -> str:
            try:
                self.damage(weight)
            except ValueError:
                return "refused"
            return "taken"

    async with Supervisor("t", [child(Hurt, id="c", apoptosis=Apoptosis())]).running(log=False) as t:
        assert await t.ref("c").ask("now") == "refused"
        assert t.ref("c").pid.incarnation == 1


@world()
async def test_a_repair_that_hangs_is_found_out_and_the_life_replaced(w: World) -> None:
    class Hung(Slow):
        async def repair(self, level: int) -> None:
            await asyncio.Event().wait()

        @handle
        def hurt(self, message: int) -> int:
            if message:
                self.damage(1.0, "a trifle")
            return self.pid.incarnation

    async with Supervisor("t", [child(Hung, id="c", apoptosis=Apoptosis())]).running(log=False) as t:
        t.ref("c").tell(1)

        assert await t.ref("c").ask(0, timeout=60.0) == 2


@pytest.mark.parametrize("hook", ["ready", "bequeath", "inherit"])
@world()
async def test_a_hook_that_lets_a_cancellation_of_its_own_out_has_failed(w: World, hook: str) -> None:
    async def slip(actor: Slow, *args: Any) -> None:
        task = asyncio.ensure_future(asyncio.sleep(1.0))
        task.cancel()
        await task

    cls = type("Slip", (Slow,), {hook: slip})
    async with Supervisor("t", [child(cls, id="c")]).running(log=False) as t:
        with pytest.raises(ReplacementFailed, match=rf"{hook}\(\) raised CancelledError"):
            await t.replace("c")

        assert (w.now(), t.ref("c").pid.incarnation) == (0.0, 1)


@world()
async def test_a_controlled_mailbox_sheds_nobody_for_the_time_of_a_handover(w: World) -> None:
    class Counter(Settings):
        @handle
        async def add(self, message: int) -> int:
            await asyncio.sleep(0.001)
            return message

    async def one(number: int) -> int:
        await asyncio.sleep(number / 100)
        return await t.ref("c").ask(number)  # type: ignore[no-any-return]

    async with Supervisor("t", [child(Counter, id="c", mailbox=Mailbox(control=CoDel()))]).running(log=False) as t:
        asked = asyncio.gather(*(one(number) for number in range(100)))
        await w.advance(0.5)
        await t.replace("c")

        assert await asked == list(range(100))
        assert t.ref("c").statistics().shed == 0


def test_that_the_first_report_of_damage_ends_a_life_is_found_before_it_starts() -> None:
    class Frank(Actor):
        @handle
        def hurt(self, message: str) -> None:
            self.damage()

    tree = Supervisor("t", [child(Frank, id="c", apoptosis=Apoptosis(threshold=2.0))])

    assert "first-evidence-fatal" in [finding.code for finding in findings(tree)]
