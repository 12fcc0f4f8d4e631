"""What cells feel: hormones secreted, sustained and sensed, and the methods that are called at a level."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from actors import Actor, ActorSystem, Mailbox
from actors.contact.receptors import receptor, receptors_of
from actors.testing import World, world
from actors.tissue.hormones.receptor import Receptor, Released, Triggered
from actors.tissue.hormones.secretion import Hormone
from supervisors import Supervisor, child
from tests.actors.contact.kit import WAYS, at, each_at, error_of, shop
from tests.actors.kit import Log, Note, Puppet, Sleep

both_ways = pytest.mark.parametrize("way", WAYS)

# -- levels ------------------------------------------------------------------------------------------------------------


@world(seed=1)
async def test_what_is_secreted_is_sensed_at_once_and_halves_each_half_life(w: World) -> None:
    ref = await w.spawn(Puppet)
    await at(ref, lambda me: me.contact.secrete("stress", 2.0))

    assert await at(ref, lambda me: me.contact.sense("stress")) == pytest.approx(2.0)
    await w.advance(3.0)
    assert await at(ref, lambda me: me.contact.sense("stress")) == pytest.approx(1.0)
    await w.advance(6.0)
    assert await at(ref, lambda me: me.contact.sense("stress")) == pytest.approx(0.25)


@both_ways
def test_what_one_secretes_the_others_sense(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(4).running(log=False) as tree:
            refs = [tree.ref(f"w{n}") for n in range(4)]
            await each_at(refs, lambda me: me.contact.sense("stress"))
            await at(refs[0], lambda me: me.contact.secrete("stress", 2.0))
            await w.advance(2.0)
            levels = await each_at(refs, lambda me: me.contact.sense("stress"))

            assert min(levels) > 0.2
            assert max(levels) < 2.0
            await w.advance(120.0)
            assert max(await each_at(refs, lambda me: me.contact.sense("stress"))) < 1e-3

    scenario()


@world(seed=1)
async def test_a_level_that_is_sustained_is_tended_to_and_dies_with_its_sensor(w: World) -> None:
    ref = await w.spawn(Puppet)
    for _ in range(60):
        await at(ref, lambda me: me.contact.sustain("stress", 1.5))
        await w.advance(0.5)

    assert await at(ref, lambda me: me.contact.sense("stress")) == pytest.approx(1.5, rel=0.01)
    await w.advance(60.0)
    assert await at(ref, lambda me: me.contact.sense("stress")) < 0.01


@both_ways
def test_the_systemic_level_is_the_average_of_the_group(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(4).running(log=False) as tree:
            refs = [tree.ref(f"w{n}") for n in range(4)]
            for _ in range(40):
                for n, ref in enumerate(refs):
                    await at(ref, lambda me, n=n: me.contact.sustain("stress", n / 2))
                await w.advance(0.5)

            for level in await each_at(refs, lambda me: me.contact.systemic("stress")):
                assert level == pytest.approx(0.75, abs=0.1)

    scenario()


@world(seed=1)
async def test_an_undeclared_hormone_is_refused_with_what_to_do(w: World) -> None:
    ref = await w.spawn(Declared)
    for call in (
        lambda me: me.contact.secrete("fear"),
        lambda me: me.contact.sustain("fear", 1.0),
        lambda me: me.contact.sense("fear"),
        lambda me: me.contact.systemic("fear"),
    ):
        assert await at(ref, lambda me, call=call: error_of(lambda: call(me))) == (
            "Declared has no hormone 'fear', only joy, pain, stress; "
            "declare it in the class: hormones = (Hormone('fear'),)"
        )


@pytest.mark.parametrize("amount", [-1.0, math.nan, math.inf])
def test_an_amount_that_is_none_is_refused(amount: Any) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        ref = await w.spawn(Puppet)

        for verb in ("secrete", "sustain"):
            text = await at(
                ref, lambda me, verb=verb: error_of(lambda: getattr(me.contact, verb)("stress", amount), Exception)
            )
            assert repr(amount) in text
            assert "no error" not in text

    scenario()


# -- receptors ---------------------------------------------------------------------------------------------------------


class Declared(Puppet):
    """Has hormones and receptors of its own; writes down what switched."""

    hormones = (Hormone("joy", half_life=1.0),)

    @receptor("pain", above=0.5, below=0.25, refractory=0.0)
    def hurt(self, signal: Triggered | Released) -> None:
        self.write(f"{type(signal).__name__} {signal.receptor.hormone}")

    @receptor("joy")
    async def glad(self, signal: Triggered | Released) -> None:
        await asyncio.sleep(0.01)
        self.write(f"{type(signal).__name__} {signal.receptor.hormone}")


@world(seed=1)
async def test_a_receptor_is_told_when_it_switches_on_and_off(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Declared, log)
    log.clear()
    await at(ref, lambda me: me.contact.secrete("pain", 1.0))
    await w.advance(0.1)
    assert log == ["Triggered pain"]
    assert await at(ref, lambda me: me.contact.is_on(Receptor("pain", 0.5, 0.25, 0.0)))
    await w.advance(10.0)
    assert log == ["Triggered pain", "Released pain"]


@world(seed=1)
async def test_a_receptor_may_be_async_and_has_the_actors_turn_to_itself(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Declared, log)
    log.clear()
    await at(ref, lambda me: me.contact.secrete("joy", 2.0))
    await at(ref, lambda me: me.write("next message"))

    assert log == ["Triggered joy", "next message"]


@world(seed=1)
async def test_a_receptor_is_deaf_while_it_is_refractory(w: World) -> None:
    class Deaf(Puppet):
        hormones = (Hormone("pain", half_life=0.5),)

        @receptor("pain", above=0.5, below=0.25, refractory=5.0)
        def hurt(self, signal: Triggered | Released) -> None:
            self.write(f"{type(signal).__name__} {w.now():.0f}")

    log: Log = []
    ref = await w.spawn(Deaf, log)
    log.clear()
    for _ in range(5):
        await at(ref, lambda me: me.contact.secrete("pain", 1.0))
        await w.advance(2.0)

    assert [line for line in log if line.startswith("Triggered")] == ["Triggered 0", "Triggered 6"]


class Fragile(Puppet):
    """Crashes at pain."""

    @receptor("pain", above=0.5, below=0.25)
    def hurt(self, signal: Triggered | Released) -> None:
        raise RuntimeError("too much")


class FragileLater(Puppet):
    """The same, a moment later."""

    @receptor("pain", above=0.5, below=0.25)
    async def hurt(self, signal: Triggered | Released) -> None:
        await asyncio.sleep(0.01)
        raise RuntimeError("too much")


@pytest.mark.parametrize("cls", [Fragile, FragileLater])
def test_a_crash_in_a_receptor_is_a_crash_of_the_actor(cls: type[Puppet]) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        async with Supervisor("shop", [child(cls, id="w")]).running(log=False) as tree:
            await at(tree.ref("w"), lambda me: me.contact.secrete("pain", 1.0))
            await w.advance(1.0)

            assert tree.ref("w").pid.incarnation == 2
            (autopsy,) = tree.why("shop/w")
            assert "too much" in str(autopsy)
            assert f"died handling Triggered of 'pain' in {cls.__name__}.hurt" in str(autopsy)

    scenario()


class Base(Puppet):
    @receptor("pain", above=0.5, below=0.25)
    def hurt(self, signal: Triggered | Released) -> None:
        self.write("base")

    @receptor("pain", above=0.5, below=0.25)
    def also(self, signal: Triggered | Released) -> None:
        self.write("also")


class Overriding(Base):
    def hurt(self, signal: Triggered | Released) -> None:
        self.write("overriding")


class Remarked(Base):
    @receptor("stress", above=0.5, below=0.25)
    def hurt(self, signal: Triggered | Released) -> None:
        self.write("remarked")


class Mixin:
    @receptor("stress", above=0.5, below=0.25)
    def mixed(self, signal: Triggered | Released) -> None: ...


class Mixed(Mixin, Overriding):
    pass


class Silenced(Base):
    hurt = None  # type: ignore[assignment]


@world(seed=1)
async def test_a_subclass_inherits_marked_methods_and_may_override_them(w: World) -> None:
    for cls, expected in ((Base, ["base", "also"]), (Overriding, ["overriding", "also"])):
        log: Log = []
        ref = await w.spawn(cls, log)
        log.clear()
        await at(ref, lambda me: me.contact.secrete("pain", 1.0))
        await w.advance(0.1)

        assert log == expected


def test_a_method_that_is_marked_anew_has_the_new_mark_only() -> None:
    pain, stress = Receptor("pain", 0.5, 0.25), Receptor("stress", 0.5, 0.25)

    assert receptors_of(Remarked) == {stress: (Remarked.hurt,), pain: (Remarked.also,)}


def test_a_mixin_may_have_marked_methods() -> None:
    pain, stress = Receptor("pain", 0.5, 0.25), Receptor("stress", 0.5, 0.25)

    assert receptors_of(Mixed) == {pain: (Mixed.hurt, Mixed.also), stress: (Mixed.mixed,)}


def test_a_marked_method_that_a_subclass_takes_away_is_called_no_more() -> None:
    assert receptors_of(Silenced) == {Receptor("pain", 0.5, 0.25): (Silenced.also,)}


def test_a_class_without_receptors_has_none() -> None:
    assert receptors_of(Actor) == {}


def test_one_method_may_be_marked_several_times() -> None:
    class Both(Actor):
        @receptor("a")
        @receptor("b")
        def both(self, signal: object) -> None: ...

    assert sorted(each.hormone for each in receptors_of(Both)) == ["a", "b"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"above": 0.0}, "Receptor.above must be above 0 and finite; got 0.0"),
        ({"above": 0.5, "below": 0.5}, "Receptor.below must be above 0 and under Receptor.above; got 0.5"),
        ({"refractory": math.nan}, "Receptor.refractory must be seconds from 0 and finite; got nan"),
        ({"spread": 1.0}, "Receptor.spread must be from 0 to below 1; got 1.0"),
    ],
)
def test_a_receptor_that_cannot_be_is_refused_where_it_is_written(options: dict[str, float], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        receptor("pain", **options)  # type: ignore[arg-type]


@both_ways
def test_a_systemic_receptor_switches_in_all_of_the_group(way: str) -> None:
    class Watching(Puppet):
        @receptor("stress", above=0.9, below=0.6, systemic=True)
        def hot(self, signal: Triggered | Released) -> None:
            self.write(type(signal).__name__)

    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        log: Log = []
        tree = Supervisor("shop", [child(Watching, log, id=f"w{n}") for n in range(4)])
        async with tree.running(log=False) as shop:
            refs = [shop.ref(f"w{n}") for n in range(4)]
            log.clear()
            for _ in range(40):
                for n, ref in enumerate(refs):
                    await at(ref, lambda me, n=n: me.contact.sustain("stress", 3.0 if n else 0.0))
                await w.advance(0.5)
            assert log == ["Triggered"] * 4
            await w.advance(60.0)
            assert log == ["Triggered"] * 4 + ["Released"] * 4

    scenario()


@world(seed=1)
async def test_a_receptor_of_a_life_that_is_over_is_not_called_in_the_next(w: World) -> None:
    log: Log = []
    async with Supervisor("shop", [child(Declared, log, id="w")]).running(log=False) as tree:
        await at(tree.ref("w"), lambda me: me.contact.secrete("pain", 3.0))
        tree.ref("w").kill()
        await w.advance(30.0)

        assert "Released pain" not in log


class Receiving(Actor):
    """Takes every message in one method."""

    def __init__(self, log: Log) -> None:
        self.log = log

    def receive(self, message: Any) -> Any:
        self.log.append(type(message).__name__)
        self.contact.secrete("pain", 1.0)

    @receptor("pain", above=0.5, below=0.25)
    def hurt(self, signal: Triggered | Released) -> None:
        self.log.append("hurt")


@world(seed=1)
async def test_an_actor_that_takes_all_messages_in_one_method_has_receptors_too(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Receiving, log)
    ref.tell(Note("x"))
    await w.advance(0.1)

    assert log == ["Note", "hurt"]


@world(seed=1)
async def test_a_receptor_is_not_called_before_the_actor_has_started(w: World) -> None:
    class Early(Puppet):
        async def started(self) -> None:
            self.contact.secrete("pain", 1.0)
            await asyncio.sleep(1.0)
            self.write("started")

        @receptor("pain", above=0.5, below=0.25)
        def hurt(self, signal: Triggered | Released) -> None:
            self.write("hurt")

    log: Log = []
    await w.spawn(Early, log)
    await w.advance(2.0)

    assert log == ["started", "hurt"]


@world(seed=1)
async def test_a_receptor_of_an_actor_whose_mailbox_is_full_is_called_all_the_same(w: World) -> None:
    log: Log = []
    async with ActorSystem("one") as system:
        ref = await system.spawn(Declared, log, mailbox=Mailbox(1))
        await at(ref, lambda me: me.contact.sense("pain"))
        other = await system.spawn(Puppet)
        ref.tell(Sleep(1.0))
        await w.advance(0.1)
        ref.tell(Note("last"))
        await at(other, lambda me: me.contact.secrete("stress"))
        body = system.site.body_at(f"{ref.name}@one")
        assert body is not None
        body.presences[""].act("hormones", lambda core, now: core.secrete("pain", 1.0, now))
        await w.advance(1.0)

        assert log[-4:] == ["asleep", "awake", "last", "Triggered pain"]
