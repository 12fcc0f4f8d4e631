"""What contact refuses, at the call, naming what is wrong; and that nothing is half done then."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple

import pytest

from actors import ActorSystem
from actors.contact.contact import Contact
from actors.contact.loopback import Loopback
from actors.contact.neighbour import Answer
from actors.contact.receptors import receptor
from actors.errors import CodecError, NotRunning
from actors.testing import World, world
from actors.tissue import Hormone, ORMap, PNCounter, Receptor, TopK
from tests.actors.contact.kit import at, error_of, hosts, shop
from tests.actors.kit import Boom, Log, Note, Puppet, fails

NAN, INF = math.nan, math.inf

NO_NAMES: list[Any] = ["", "x" * 256, "\ud800", 5, None, [], b"x"]


async def refused(w: World, call: Callable[[Contact], Any]) -> str:
    """What a contact says to that; it raises ``ValueError``."""
    ref = await w.spawn(Puppet)
    return str(await at(ref, lambda me: error_of(lambda: call(me.contact))))


@pytest.mark.parametrize("name", NO_NAMES, ids=repr)
@pytest.mark.parametrize(
    "verb", ["emit", "retract", "field", "toward", "uninstall", "offer", "withdraw", "trail", "link", "sense"]
)
def test_what_is_no_name_is_refused_at_the_call(verb: str, name: Any) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        text = await refused(w, lambda contact: getattr(contact, verb)(name))

        assert "no error" not in text
        assert verb in text or "has no hormone" in text
        assert repr(name)[:40] in text

    scenario()


@pytest.mark.parametrize("amount", [True, "x", None, NAN, INF, -1.0, -1, 10**400], ids=repr)
def test_what_is_no_amount_is_refused_at_the_call(amount: Any) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        for what, call in {
            "secrete(amount)": lambda contact: contact.secrete("stress", amount),
            "sustain(level)": lambda contact: contact.sustain("stress", amount),
            "offer(cost)": lambda contact: contact.offer("x", amount),
            "put_load(amount)": lambda contact: contact.put_load(amount),
            "take_load(amount)": lambda contact: contact.take_load(amount),
            "lend(owned)": lambda contact: contact.lend("x", amount),
            "lend(lease)": lambda contact: contact.lend("x", 1, lease=amount),
            "cache(ttl)": lambda contact: contact.cache("x", str, ttl=amount),
            "cache(near_ttl)": lambda contact: contact.cache("x", str, near_ttl=amount),
            "cache(limit)": lambda contact: contact.cache("x", str, limit=amount),
        }.items():
            assert (await refused(w, call)).startswith(f"{what} must be a ")

    scenario()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda c: c.neighbours(3, 5), "near must be one of"),
        (lambda c: c.join("g", 5), "near must be one of"),
        (lambda c: c.at("x"), "at(pid) takes a Pid"),
        (lambda c: c.at(None), "at(pid) takes a Pid"),
        (lambda c: c.is_on(5), "is_on(receptor)"),
        (lambda c: c.is_on(Receptor("stress")), "it has none"),
        (lambda c: c.act("nope", None), "there is no core 'nope', only contact, hormones"),
        (lambda c: c.lend("", 1), "lend(name) must be a text of 1 to 249 bytes"),
        (lambda c: c.cache("k", 5), "cache(compute) must be a function of the key; got 5"),
        (lambda c: c.cache("", str), "cache(name) must be"),
        (lambda c: c.lend("x", 1, lease=1e-9), "lend(lease) must be a finite number from 0.1 to 86400; got 1e-09"),
        (lambda c: c.take_load(3), "has 0, not 3"),
        (lambda c: c.link("a", "@"), "link(): '@' is no address"),
        (lambda c: c.link("@east"), "link(): '@east' is no address"),
        (lambda c: c.share("u", int), "share('u', kind): kind must be one of LWWMap, MaxRegister"),
        (lambda c: c.share("u", None), "got None"),
        (lambda c: c.share("u", ORMap, 1), "a ORMap takes no arguments; got (1,)"),
        (lambda c: c.share("u", TopK, True), "k must be 1 to 1024"),
        (lambda c: c.share(5, ORMap), "share(name) must be a text of 1 to 64 bytes; got 5"),
        (lambda c: c.install("b", None), "it lacks read, hear, lose, turn"),
        (lambda c: c.install("b", Hormone), "Hormone is a class; install an object of it"),
        (lambda c: c.publish(object()), "publish(value) takes plain values"),
        (lambda c: c.publish({(1, 2): 3}), "publish(value) takes plain values"),
        (lambda c: c.publish(1 << 70), "publish(value) takes plain values"),
        (lambda c: c.publish("x" * 65_536), "at most 65536 travel"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(call: Callable[[Contact], Any], text: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        said = await refused(w, call)

        assert text in said
        assert "no error" not in said

    scenario()


@world(seed=1)
async def test_an_enumeration_of_texts_names_things_too(w: World) -> None:
    class Field(StrEnum):
        GPU = "gpu"

    ref = await w.spawn(Puppet)
    await at(ref, lambda me: me.contact.emit(Field.GPU))
    await w.advance(1.0)

    assert (await at(ref, lambda me: me.contact.field("gpu"))).distance == 0.0


# -- nothing is half done ----------------------------------------------------------------------------------------------


@world(seed=1)
async def test_who_is_linked_to_itself_is_refused_and_then_nobody_is_linked(w: World) -> None:
    one, two = [await w.spawn(Puppet, name=name) for name in ("one", "two")]
    await at(two, lambda me: me.contact.join("g", close=0, random=0))
    await at(one, lambda me: me.contact.join("g", close=0, random=0))
    text = await at(one, lambda me: error_of(lambda: me.contact.of("g").link("two", "one")))

    assert text == "link(): 'one@world' is this life itself, which is no neighbour of its own; leave it out"
    assert await at(two, lambda me: me.contact.of("g").neighbours(linked=True)) == []


@world(seed=1)
async def test_a_ref_of_another_system_is_linked_by_its_own_address(w: World) -> None:
    async with hosts("east", "west") as (east, west):
        one, two = await east.spawn(Puppet, name="w"), await west.spawn(Puppet, name="w")
        for ref in (one, two):
            await at(ref, lambda me: me.contact.join("g", close=0, random=0))
        await at(one, lambda me: me.contact.of("g").link(two))
        await w.advance(5.0)

        assert [each.pid.name for each in await at(one, lambda me: me.contact.of("g").neighbours(linked=True))] == [
            "w@west"
        ]


@world(seed=1)
async def test_a_budget_or_a_cache_that_was_refused_is_not_remembered(w: World) -> None:
    ref = await w.spawn(Puppet)
    await at(ref, lambda me: error_of(lambda: me.contact.lend("db", -1)))
    await at(ref, lambda me: error_of(lambda: me.contact.cache("k", str, ttl=0)))

    assert await at(ref, lambda me: me.contact.lend("db", 2).held) == 2
    assert await at(ref, lambda me: me.contact.cache("k", str).owned) == 0
    assert await at(ref, lambda me: sorted(me.system.site.rosters())) == ["|cache|k", "|lend|db"]


@world(seed=1)
async def test_a_value_that_could_not_be_shared_is_not_remembered(w: World) -> None:
    ref = await w.spawn(Puppet)
    for wrong in ((TopK, -1), (int,), (ORMap, 1), (object,)):
        text = await at(ref, lambda me, wrong=wrong: error_of(lambda: me.contact.share("t", *wrong)))
        assert "no error" not in text

    assert await at(ref, lambda me: me.contact.share("t", TopK, 5).value) == []
    assert await at(ref, lambda me: error_of(lambda: me.contact.share("t", TopK))) == (
        "'t' is shared as TopK with k=5 already; got TopK with k=10"
    )


@world(seed=1)
async def test_the_same_top_may_be_asked_for_with_or_without_the_default(w: World) -> None:
    ref = await w.spawn(Puppet)

    assert await at(ref, lambda me: me.contact.share("t", TopK) is me.contact.share("t", TopK, 10))


@world(seed=1)
async def test_a_value_that_nobody_could_read_is_refused_and_the_others_are_told_all_else(w: World) -> None:
    async with shop(2).running(log=False) as tree:
        one, two = tree.ref("w0"), tree.ref("w1")
        for ref in (one, two):
            await at(ref, lambda me: me.contact.share("m", ORMap))
        text = await at(one, lambda me: error_of(lambda: _put(me, "bad", {(1, 2): 3}), TypeError))
        await at(one, lambda me: _put(me, "good", 1))
        await w.advance(2.0)

        assert "keys of maps are text, numbers or bytes" in text
        assert await at(two, lambda me: me.contact.share("m", ORMap).value) == {"good": 1}


def _put(me: Any, key: Any, value: Any) -> None:
    me.contact.share("m", ORMap).put(key, value)


class Narrow(Loopback):
    """A transport on which no message but ``Do`` travels."""

    def keep(self, message: object) -> bytes:
        if isinstance(message, Note):
            raise CodecError("Note", "it does not travel")
        return super().keep(message)


@world(seed=1)
async def test_a_message_that_cannot_travel_is_told_to_nobody(w: World) -> None:
    async with hosts("east", "west", transport=Narrow()) as (east, west):
        log: Log = []
        refs = [await system.spawn(Puppet, log, name=name) for system, name in ((east, "a"), (east, "b"), (west, "c"))]
        for ref in refs:
            await at(ref, lambda me: me.contact.of("g"))
        await w.advance(5.0)
        log.clear()
        text = await at(refs[0], lambda me: error_of(lambda: me.contact.of("g").tell(Note("x")), CodecError))
        answers = await at(refs[0], lambda me: me.contact.of("g").ask(Note("y")))
        await w.advance(5.0)

        assert text == "Note: it does not travel"
        assert {each.name: type(each.error) for each in map(_by_name, answers)} == {"b": type(None), "c": CodecError}
        assert not any("x" in line for line in log)


class _Answered(NamedTuple):
    name: str
    error: Exception | None


def _by_name(answer: Answer) -> _Answered:
    return _Answered(answer.neighbour.name, answer.error)


# -- when a life is over -----------------------------------------------------------------------------------------------


@world(seed=1)
async def test_every_verb_of_a_life_that_is_over_says_so(w: World) -> None:
    kept: dict[str, Any] = {}

    def keep(me: Any) -> None:
        contact = me.contact
        kept.update(
            contact=contact,
            neighbour=contact.neighbours(1)[0],
            toward=contact.toward("gpu"),
            trail=contact.trail("llm"),
            cache=contact.cache("c", str),
            budget=contact.lend("l", 2),
            map=contact.share("m", ORMap),
            count=contact.share("n", PNCounter),
        )
        kept["map"].put("a", 1)

    async with shop(2).running(log=False) as tree:
        ref = tree.ref("w0")
        await at(ref, keep)
        ref.tell(Boom())
        await w.advance(0.1)
        contact = kept["contact"]
        verbs: list[Callable[[], Any]] = [
            lambda: contact.of("x"),
            lambda: contact.join("x"),
            lambda: contact.link("shop/w1"),
            lambda: contact.describe("zone"),
            contact.neighbours,
            lambda: contact.at(ref.pid),
            lambda: contact.tell(Note("x")),
            lambda: contact.publish("x"),
            lambda: contact.share("y", ORMap),
            lambda: contact.is_warm,
            contact.checked,
            contact.feel,
            lambda: contact.secrete("stress"),
            lambda: contact.sustain("stress", 1.0),
            lambda: contact.sense("stress"),
            lambda: contact.systemic("stress"),
            lambda: contact.emit("x"),
            lambda: contact.retract("x"),
            lambda: contact.field("x"),
            lambda: contact.toward("x"),
            lambda: contact.uninstall("x"),
            lambda: contact.offer("x"),
            lambda: contact.withdraw("x"),
            lambda: contact.trail("x"),
            lambda: contact.lend("l", 2),
            lambda: contact.cache("c", str),
            lambda: contact.load,
            lambda: contact.put_load(1),
            lambda: contact.take_load(0),
            lambda: contact.act("flock", lambda core, now: []),
            lambda: kept["neighbour"].tell(Note("x")),
            lambda: kept["toward"].source,
            lambda: kept["trail"].levels,
            lambda: kept["trail"].tell(Note("x")),
            lambda: kept["cache"].drop("x"),
            lambda: kept["budget"].want(1),
            lambda: kept["map"].put("a", 2),
            lambda: kept["map"].remove("a"),
            kept["map"].clear,
            lambda: kept["count"].add(1),
            lambda: kept["count"].add(0),
        ]

        for number, verb in enumerate(verbs):
            assert (number, error_of(verb, NotRunning)) == (number, "this life of shop/w0 is not running")
        assert kept["map"].value == {"a": 1}
        assert (kept["budget"].held, kept["cache"].owned) == (0, 0)
        assert "0 owned" in repr(kept["cache"])
        assert type(await fails(kept["cache"].warmed(), NotRunning)) is NotRunning
        assert "x" not in tree.system.site.rosters()
        assert [each.pid.incarnation for each in tree.system.site.rosters()["shop"] if "w0" in each.pid.name] == [
            await at(ref, lambda me: me.contact.pid.incarnation)
        ]


def test_an_actor_that_was_made_and_not_spawned_says_so() -> None:
    with pytest.raises(NotRunning, match=r"Puppet\(\), which was made and not spawned \(await system.spawn\(Puppet, "):
        Puppet().contact  # noqa: B018 # the property is what is tested


# -- what a class declares ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["stress", ("stress",), 5, [Hormone("x"), None]], ids=repr)
def test_hormones_that_are_none_are_refused_with_the_name_of_the_class(given: Any) -> None:
    class Odd(Puppet):
        hormones = given

    @world(seed=1)
    async def scenario(w: World) -> None:
        ref = await w.spawn(Odd)

        assert "Odd.hormones must be several Hormone(...)" in await at(ref, lambda me: error_of(lambda: me.contact))

    scenario()


@world(seed=1)
async def test_one_hormone_need_not_be_in_a_tuple(w: World) -> None:
    class Simple(Puppet):
        hormones = Hormone("joy")

    ref = await w.spawn(Simple)

    assert await at(ref, lambda me: me.contact.sense("joy")) == 0.0


@world(seed=1)
async def test_more_hormones_than_a_packet_speaks_of_are_refused(w: World) -> None:
    class Moody(Puppet):
        hormones = tuple(Hormone(f"h{n}") for n in range(64))

    ref = await w.spawn(Moody)

    assert await at(ref, lambda me: error_of(lambda: me.contact)) == "Moody.hormones must be at most 63; got 64"


@pytest.mark.parametrize("name", [5, None, "", "\ud800", "x" * 256], ids=repr)
def test_a_hormone_has_a_name_that_can_travel(name: Any) -> None:
    with pytest.raises(ValueError, match=r"Hormone\.name must be a text of 1 to 255 bytes"):
        Hormone(name)
    with pytest.raises(ValueError, match=r"must be a text|takes the name"):
        receptor(name)


def test_a_receptor_without_its_hormone_is_refused_where_it_is_written() -> None:
    with pytest.raises(ValueError, match="takes the name of a hormone"):

        @receptor  # type: ignore[arg-type]
        def on_stress(self: Any, signal: Any) -> None: ...


@pytest.mark.parametrize("field", ["above", "below", "refractory", "spread"])
@pytest.mark.parametrize("value", [True, "1", None, NAN], ids=repr)
def test_what_is_no_number_is_refused_where_a_receptor_is_written(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"Receptor\.{field} must be .*; got {value!r}"):
        receptor("stress", **{field: value})


@world(seed=1)
async def test_a_hormone_without_an_average_says_how_to_have_one(w: World) -> None:
    class Local(Puppet):
        hormones = (Hormone("joy", systemic=False),)

    ref = await w.spawn(Local)

    assert await at(ref, lambda me: error_of(lambda: me.contact.systemic("joy"))) == (
        "the hormone 'joy' has no average; declare it as Hormone('joy', systemic=True)"
    )


@world(seed=1)
async def test_more_links_than_a_flock_can_have_harm_nobody(w: World) -> None:
    async with ActorSystem("star") as system:
        hub = await system.spawn(Puppet, name="hub")
        await at(hub, lambda me: me.contact.join("g", close=0, random=0))
        await at(hub, lambda me: me.contact.of("g").put_load(5))
        for n in range(260):
            ref = await system.spawn(Puppet, name=f"w{n}")
            await at(ref, lambda me: me.contact.join("g", close=0, random=0))
            await at(hub, lambda me, ref=ref: me.contact.of("g").link(ref))

        assert len(await at(hub, lambda me: me.contact.of("g").neighbours(300, linked=True))) == 260
        assert await at(hub, lambda me: me.contact.of("g").load) == 5
