"""Messages as bytes: what comes back is what was sent, and whatever else arrives is one kind of error."""

from __future__ import annotations

import dataclasses
import math
import tracemalloc
from collections import OrderedDict, defaultdict
from contextlib import nullcontext
from dataclasses import InitVar, dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import Enum, Flag, IntEnum, StrEnum, auto
from typing import Any, NamedTuple
from uuid import UUID

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import Actor, ActorSystem, Blueprint, Codec, CodecError, Ref, Request, handle
from actors.testing import World, world
from tests.actors.kit import Boom, Note, Plain, Restarts


@dataclass(frozen=True, slots=True)
class Order(Request[int]):
    number: Any
    lines: Any = ()


@dataclass
class Loose:
    name: Any
    note: Any = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Nothing:
    pass


class Point(NamedTuple):
    x: Any
    y: Any = 0


class Colour(Enum):
    RED = "red"
    BLUE = (0, 0, 255)
    CRIMSON = "red"  # noqa: PIE796 - another name for the same member


class Level(IntEnum):
    LOW = 1


class Word(StrEnum):
    YES = "yes"


class Rights(Flag):
    READ = auto()
    WRITE = auto()


@dataclass(frozen=True, slots=True)
class Positive:
    number: int

    def __post_init__(self) -> None:
        if self.number <= 0:
            raise ValueError("not positive")


@dataclass
class Unhashable:
    number: int


@dataclass(frozen=True)
class Late:
    number: int = field(init=False, default=1)


@dataclass
class Seeded:
    number: int
    seed: InitVar[int] = 0


class Text(str):
    __slots__ = ()


class Zone(tzinfo):
    def utcoffset(self, moment: datetime | None) -> timedelta:
        return timedelta(hours=2, seconds=1)

    def dst(self, moment: datetime | None) -> timedelta | None:
        return None

    def tzname(self, moment: datetime | None) -> str:
        return "Somewhere"


class Broken(Zone):
    def utcoffset(self, moment: datetime | None) -> timedelta:
        raise RuntimeError("no offset today")


TYPES: list[type[Any]] = [
    Order, Loose, Nothing, Point, Colour, Level, Word, Rights, Positive, Unhashable, Note, Boom,
]  # fmt: skip


def codec(system: ActorSystem | None = None, **options: Any) -> Codec:
    return Codec(system or ActorSystem("shop"), types=TYPES, **options)


CODEC = codec()


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same types all the way down (``1 == True == 1.0``)."""
    return bool(form(one) == form(other))


def form(value: Any) -> Any:
    kind = type(value)
    if kind in (list, tuple) or isinstance(value, Point):
        parts: Any = [form(part) for part in value]
    elif kind in (set, frozenset):
        parts = sorted((form(part) for part in value), key=repr)
    elif kind is dict:
        parts = [(form(key), form(each)) for key, each in value.items()]
    elif dataclasses.is_dataclass(value):
        parts = [form(getattr(value, each.name)) for each in dataclasses.fields(value)]
    elif kind is datetime:
        parts = (value.isoformat(), value.fold)
    else:
        parts = repr(value)
    return kind.__name__, parts


ZONES = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.text(),
    st.binary(),
    st.datetimes(timezones=st.none() | ZONES).flatmap(lambda v: st.sampled_from([v, v.replace(fold=1)])),
    st.dates(),
    st.timedeltas(),
    st.uuids(),
    st.decimals(),
    st.sampled_from([*Colour, *Level, *Word, *Rights, Nothing()]),
)
KEYS = st.recursive(
    LEAVES.filter(lambda value: not (isinstance(value, Decimal) and value.is_snan())),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple),
        st.frozensets(inner, max_size=3),
        st.builds(Order, inner, inner),
        st.builds(Point, inner, inner),
    ),
    max_leaves=5,
)
MESSAGES = st.recursive(
    LEAVES | KEYS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.sets(KEYS, max_size=4),
        st.dictionaries(KEYS, inner, max_size=4),
        st.builds(Order, inner, inner),
        st.builds(Loose, inner, note=inner),
        st.builds(Point, inner, inner),
    ),
    max_leaves=20,
)


# -- what is sent comes back -------------------------------------------------------------------------------------------


@given(MESSAGES)
def test_what_is_sent_comes_back_as_it_was(message: Any) -> None:
    assert same(CODEC.decode(CODEC.encode(message)), message)


NAIVE = datetime(2024, 10, 27, 2, 30)  # noqa: DTZ001 - it is to come back without a zone
EDGES: list[Any] = [
    -(2**63), 2**64 - 1, -0.0, math.inf, math.nan, "", "\x00", "名前😀", b"", b"\xff", (), [], {}, set(), frozenset(),
    ((),), {(1, ("a",)): {None: []}}, {1: "a", "1": "b"}, NAIVE, NAIVE.replace(fold=1),
    datetime.max.replace(tzinfo=UTC), date.min, timedelta.max, timedelta.min, Decimal("-0E+3"), Decimal("sNaN"),
    Decimal("1E+999999"), UUID(int=0), Nothing(), Point(1), Point(x=[1], y={2}), Order(Order(Order(1))),
    Loose("a", note=Loose("b")), Colour.CRIMSON, Rights.WRITE, {Colour.RED: Level.LOW, Level.LOW: Word.YES},
]  # fmt: skip


@pytest.mark.parametrize("message", EDGES, ids=lambda value: repr(value)[:40])
def test_edges_come_back_as_they_were(message: Any) -> None:
    assert same(CODEC.decode(CODEC.encode(message)), message)


def test_a_moment_in_a_zone_comes_back_with_its_offset() -> None:
    decoded = CODEC.decode(CODEC.encode(datetime(2024, 5, 1, 12, tzinfo=Zone())))

    assert decoded.isoformat() == "2024-05-01T12:00:00+02:00:01"
    assert type(decoded.tzinfo) is timezone


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_frame_may_be_any_kind_of_bytes(kind: Any) -> None:
    assert CODEC.decode(kind(CODEC.encode([1, "a"]))) == [1, "a"]


def test_a_frame_begins_with_its_version() -> None:
    assert CODEC.encode(None) == b"\x01\xc0"


# -- which types travel ------------------------------------------------------------------------------------------------


class Clerk(Actor):
    @handle
    def order(self, message: Order | Point | Colour) -> None: ...

    @handle
    def text(self, message: str | list[int]) -> None: ...

    @handle
    def rest(self, message: object) -> None: ...


class Everything(Actor):
    def receive(self, message: object) -> None: ...


def test_a_codec_learns_the_messages_that_an_actor_class_handles() -> None:
    learner = Codec(ActorSystem("shop"))

    assert set(learner.learn(Clerk)) == {Order, Point, Colour}
    assert learner.learn(Everything) == ()
    assert learner.decode(learner.encode(Order(Point(1), Colour.RED))) == Order(Point(1), Colour.RED)
    with pytest.raises(CodecError, match="Loose: is not registered"):
        learner.encode(Loose("a"))


def test_registering_again_is_nothing_and_gives_the_class_back() -> None:
    assert CODEC.register(Order) is Order


def _namesakes() -> tuple[type[Any], type[Any]]:
    def make() -> type[Any]:
        @dataclass
        class Twin:
            number: int

        return Twin

    return make(), make()


def test_two_classes_of_one_name_are_refused() -> None:
    one, other = _namesakes()
    mine = Codec(ActorSystem("shop"), types=[one])

    with pytest.raises(CodecError, match=r"make\.<locals>\.Twin: is the name of another class"):
        mine.register(other)
    assert isinstance(mine.decode(mine.encode(one(1))), one)
    with pytest.raises(CodecError, match="is not registered"):
        mine.encode(other(1))


@pytest.mark.parametrize(
    ("cls", "why"),
    [
        (int, "neither a dataclass nor a NamedTuple nor an Enum"),
        (dict, "neither a dataclass"),
        (Clerk, "neither a dataclass"),
        (tuple, "neither a dataclass"),
        (Late, "'number' is only a field or a parameter"),
        (Seeded, "'seed' is only a field or a parameter"),
    ],
)
def test_a_class_that_cannot_be_made_again_is_refused(cls: type[Any], why: str) -> None:
    with pytest.raises(CodecError, match=why):
        Codec(ActorSystem("shop"), types=[cls])


@pytest.mark.parametrize(
    "limits", [{"max_bytes": 0}, {"max_bytes": True}, {"max_bytes": 2**31}, {"max_depth": 0}, {"max_depth": 101}]
)
def test_limits_out_of_range_are_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"Codec.{next(iter(limits))} must be from 1 to"):
        codec(**limits)


# -- what is not sent --------------------------------------------------------------------------------------------------


def _itself() -> list[Any]:
    whole: list[Any] = []
    whole.append(whole)
    return whole


def _empty_slots() -> Order:
    return object.__new__(Order)


REFUSED: list[tuple[Any, str, str]] = [
    (2**64, "an int of 65 bits", "is not from -2**63 to 2**64 - 1"),
    (-(2**63) - 1, "an int of 64 bits", "is not from -2**63 to 2**64 - 1"),
    (10**10_000, "an int of 33220 bits", "is not from -2**63 to 2**64 - 1"),
    ("\ud800", "a str", "surrogates not allowed"),
    (1j, "builtins.complex", "is of no type that is known"),
    (bytearray(b"a"), "builtins.bytearray", "is of no type that is known"),
    (OrderedDict(), "collections.OrderedDict", "is of no type that is known"),
    (defaultdict(list), "collections.defaultdict", "is of no type that is known"),
    (Text("a"), f"{__name__}.Text", "is of no type that is known"),
    (len, "builtins.builtin_function_or_method", "is of no type that is known"),
    (Order, "builtins.type", "is of no type that is known"),
    (Plain(), "tests.actors.kit.Plain", "is of no type that is known"),
    (ValueError("a"), "builtins.ValueError", "is of no type that is known"),
    (Late(), f"{__name__}.Late", "is not registered; use register() or learn()"),
    (Rights.READ | Rights.WRITE, f"{__name__}.Rights", "combined flags are not members"),
    (Rights(0), f"{__name__}.Rights", "combined flags are not members"),
    (_empty_slots(), f"{__name__}.Order", "AttributeError"),
    (datetime(2024, 1, 1, tzinfo=Broken()), "datetime", "RuntimeError 'no offset today'"),
    (_itself(), "the message", "nests deeper than 32, the codec's max_depth, or holds itself"),
    ("a" * 2_000_000, "the message", "takes more than 1048576 bytes, the codec's max_bytes"),
]


@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: Order(1, [{"a": (value,)}])], ids=["bare", "deep"])
@pytest.mark.parametrize(("message", "what", "why"), REFUSED, ids=[f"{what}-{why[:20]}" for _, what, why in REFUSED])
def test_what_cannot_come_back_is_not_sent(message: Any, what: str, why: str, wrap: Any) -> None:
    with pytest.raises(CodecError) as caught:
        CODEC.encode(wrap(message))

    assert caught.value.what == what
    assert why in caught.value.why
    assert len(str(caught.value)) < 400


def test_a_small_value_that_is_much_when_written_out_is_refused_soon() -> None:
    knot: list[Any] = []
    for _ in range(30):
        knot = [knot, knot]  # 2**30 lists

    with pytest.raises(CodecError, match="max_bytes"):
        CODEC.encode(knot)


# -- limits ------------------------------------------------------------------------------------------------------------


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("depth", [1, 32, 100])
def test_depth_is_allowed_up_to_its_limit_on_both_sides(depth: int) -> None:
    mine, deeper = codec(max_depth=depth), nested(depth + 1)

    assert mine.decode(mine.encode(nested(depth))) == nested(depth)
    with pytest.raises(CodecError, match=f"nests deeper than {depth}"):
        mine.encode(deeper)
    with pytest.raises(CodecError, match=f"nests deeper than {depth}"):
        mine.decode(b"\x01" + part(1, 1) * (depth + 1) + b"\x01")


@pytest.mark.parametrize("message", ["a" * 20, list(range(15)), Order(1), {"a": b"b"}], ids=str)
def test_size_is_allowed_up_to_its_limit_on_both_sides(message: Any) -> None:
    frame = CODEC.encode(message)
    fits, short = codec(max_bytes=len(frame)), codec(max_bytes=len(frame) - 1)

    assert fits.encode(message) == frame
    assert fits.decode(frame) == message
    with pytest.raises(CodecError, match="takes more than"):
        short.encode(message)
    with pytest.raises(CodecError, match="max_bytes"):
        short.decode(frame)


# -- hostile frames ----------------------------------------------------------------------------------------------------


def part(code: int, count: int) -> bytes:
    """The head of something with parts."""
    return bytes((0xD6, code)) + count.to_bytes(4)


def record(name: Any, *rest: Any) -> bytes:
    return b"\x01" + part(6, 1 + len(rest)) + b"".join(msgpack.packb(each) for each in (name, *rest))


def named(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


HOSTILE: dict[str, tuple[Any, str]] = {
    "nothing": (b"", "ends too early"),
    "only a version": (b"\x01", "ends too early"),
    "version 0": (b"\x00\xc0", "is not of version 1"),
    "version 2": (b"\x02\xc0", "is not of version 1"),
    "version true": (b"\xc3\xc0", "is not of version 1"),
    "version 1.0": (msgpack.packb(1.0) + b"\xc0", "is not of version 1"),
    "text": ("abc", "TypeError"),
    "nothing at all": (None, "TypeError"),
    "a number": (3, "TypeError"),
    "trailing byte": (b"\x01\xc0\xc0", "goes on after its message"),
    "trailing head": (b"\x01\xc0\xdd", "goes on after its message"),
    "array": (b"\x01\x91\x01", "is not msgpack as it should be"),
    "empty array": (b"\x01\x90", "'list'"),
    "empty map": (b"\x01\x80", "'dict'"),
    "map": (b"\x01\x81\x01\x01", "is not msgpack as it should be"),
    "never used byte": (b"\x01\xc1", "is not msgpack as it should be"),
    "timestamp": (b"\x01" + msgpack.packb(msgpack.Timestamp(1, 2)), "'Timestamp'"),
    "odd timestamp": (b"\x01\xd4\xff\x00", "the frame"),
    "ext 0": (b"\x01" + part(0, 0), "ext or type 0"),
    "ext 7": (b"\x01" + part(7, 0), "ext or type 7"),
    "ext -2": (b"\x01" + part(254, 0), "the frame"),
    "short head": (b"\x01\xd5\x01\x00\x00", "of 2 bytes"),
    "invalid utf-8": (b"\x01\xa2\xc3\x28", "codec can't decode"),
    "huge str": (b"\x01\xdb\xff\xff\xff\xff", "the frame"),
    "huge bytes": (b"\x01\xc6\xff\xff\xff\xffaaaa", "the frame"),
    "huge ext": (b"\x01\xc9\xff\xff\xff\xff\x01", "the frame"),
    "huge array": (b"\x01\xdd\xff\xff\xff\xff", "is not msgpack as it should be"),
    "huge map": (b"\x01\xdf\xff\xff\xff\xff", "is not msgpack as it should be"),
    "huge list": (b"\x01" + part(1, 2**32 - 1) + b"\xc0" * 9, "ends too early"),
    "unhashable element": (b"\x01" + part(3, 1) + part(1, 0), "unhashable type"),
    "unhashable key": (b"\x01" + part(5, 2) + part(1, 0) + b"\x01", "unhashable type"),
    "element twice": (b"\x01" + part(3, 2) + b"\x01\x01", "twice"),
    "equal elements": (b"\x01" + part(4, 2) + b"\x01\xc3", "twice"),
    "key twice": (b"\x01" + part(5, 4) + b"\x01\x01\x01\x02", "twice"),
    "key without value": (b"\x01" + part(5, 3) + b"\x01\x01\x02", "a dict: cannot be read or made"),
    "record without name": (b"\x01" + part(6, 0), "is not the name of a registered type"),
    "record named by a list": (b"\x01" + part(6, 1) + part(1, 0), "is not the name of a registered type"),
    "record of a module": (record("os.system", "command", "ls"), "'os.system': is not the name of a registered type"),
    "record of unknown type": (record(f"{__name__}.Late"), "is not the name of a registered type"),
    "very long name": (record("a" * 100_000), "is not the name of a registered type"),
    "field missing": (record(named(Order), "number", 1), "Order: lacks the field 'lines'"),
    "field unknown": (record(named(Order), "number", 1, "lines", 1, "x", 1), "Order: has no field 'x'"),
    "field twice": (record(named(Order), "number", 1, "number", 1), "Order: has no field 'number', or has it once"),
    "field that is no name": (record(named(Order), 1, 1), "Order: has no field a value of type int"),
    "field without value": (record(named(Point), "x", 1, "y"), "Point: cannot be read or made"),
    "refused by constructor": (record(named(Positive), "number", -1), "Positive: .* ValueError 'not positive'"),
    "wrong type for constructor": (record(named(Positive), "number", "a"), "Positive: .* TypeError"),
    "unknown member": (record(named(Colour), "_name_", "GREEN"), "Colour: has no member 'GREEN'"),
    "member that is no name": (record(named(Colour), "_name_", None), "Colour: has no member"),
    "combined flags": (record(named(Rights), "_name_", "READ|WRITE"), "Rights: has no member"),
    "no moment": (record("datetime", "text", "yesterday", "fold", 0), "datetime: cannot be read or made"),
    "no fold": (record("datetime", "text", "2024-01-01", "fold", 7), "datetime: cannot be read or made"),
    "no date": (record("date", "year", 2023, "month", 2, "day", 29), "date: cannot be read or made"),
    "no span": (record("timedelta", "days", 2**63, "seconds", 0, "microseconds", 0), "timedelta: cannot be"),
    "no uuid": (record("UUID", "bytes", b"short"), "UUID: cannot be read or made"),
    "no decimal": (record("Decimal", "value", "1,5"), "Decimal: cannot be read or made"),
    "endless decimal": (record("Decimal", "value", "1E" + "9" * 100), "Decimal: cannot be read or made"),
    "ref of no system": (record("ref", "system", None, "name", "a"), "is of system a value of type NoneType"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_frame_is_one_kind_of_error(case: str) -> None:
    frame, why = HOSTILE[case]

    with pytest.raises(CodecError, match=why) as caught:
        CODEC.decode(frame)
    assert len(str(caught.value)) < 400


@given(st.binary(max_size=200))
def test_random_bytes_are_a_message_or_a_codec_error(data: bytes) -> None:
    for frame in (data, b"\x01" + data, b"\x01" + part(1, 3) + data, record(named(Order)) + data):
        decodes_or_refuses(frame)


@given(MESSAGES, st.data())
def test_a_damaged_frame_is_a_message_or_a_codec_error(message: Any, data: st.DataObject) -> None:
    frame = bytearray(CODEC.encode(message))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(frame)))
        end = data.draw(st.integers(start, min(start + 8, len(frame))))
        frame[start:end] = data.draw(st.binary(max_size=8))
    decodes_or_refuses(bytes(frame))


@given(MESSAGES, st.data())
def test_a_frame_that_was_cut_off_is_refused(message: Any, data: st.DataObject) -> None:
    frame = CODEC.encode(message)

    with pytest.raises(CodecError):
        CODEC.decode(frame[: data.draw(st.integers(0, len(frame) - 1))])


def decodes_or_refuses(frame: bytes) -> None:
    try:
        message = CODEC.decode(frame)
    except CodecError:
        return
    assert same(CODEC.decode(CODEC.encode(message)), message)


SIZE = 262_144
GREEDY: dict[str, bytes] = {
    "arrays in arrays": b"\xdd\x00\x03\xff\xff" * (SIZE // 6),
    "maps in maps": b"\xdf\x00\x01\xff\xff" * (SIZE // 6),
    "lists that lie": part(1, 2**32 - 1) * (SIZE // 7),
    "a str that lies": b"\xdb\xff\xff\xff\xff" + b"a" * (SIZE - 9),
    "a list of numbers": part(1, SIZE - 7) + b"\x00" * (SIZE - 7),
    "a list of empty sets": part(1, SIZE // 6 - 2) + part(3, 0) * (SIZE // 6 - 2),
    "a list of sets": part(1, SIZE // 7 - 2) + (part(3, 1) + b"\x00") * (SIZE // 7 - 2),
    "a list of dicts": part(1, SIZE // 8 - 2) + (part(5, 2) + b"\x00\x00") * (SIZE // 8 - 2),
    "a list of short texts": part(1, SIZE // 3 - 4) + b"\xa2ab" * (SIZE // 3 - 4),
    "a record of nothing but fields": part(6, SIZE - 8) + b"\xa0" * (SIZE - 8),
}


@pytest.mark.parametrize("case", GREEDY)
def test_a_frame_takes_no_more_than_a_small_multiple_of_memory(case: str) -> None:
    mine, frame = codec(max_bytes=SIZE), b"\x01" + GREEDY[case]
    tracemalloc.start()
    try:
        with nullcontext() if case.startswith("a list") else pytest.raises(CodecError):
            mine.decode(frame)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 50 * SIZE


# -- refs --------------------------------------------------------------------------------------------------------------


@world()
async def test_a_ref_is_found_again_by_its_name(w: World) -> None:
    mine, ref = codec(await w.system()), await w.spawn(Plain, name="a")

    assert mine.decode(mine.encode(ref)) is ref
    assert mine.decode(mine.encode(Order(1, {ref: [ref]}))) == Order(1, {ref: [ref]})


@world()
async def test_a_ref_names_the_place_across_a_restart(w: World) -> None:
    mine = codec(await w.system())
    keeper = await w.spawn(Restarts, Blueprint.of(Plain, ()), 1, "root/worker", name="root")
    ref: Ref[Any] = await keeper.ask("place")
    frame = mine.encode(Order(1, ref))
    ref.tell(Boom())
    await w.idle()
    found = mine.decode(frame).lines

    assert (found, found.pid.incarnation) == (ref, 2)
    assert await found.ask(Note("alive")) == "alive"
    assert mine.encode(Order(1, ref)) == frame


@world()
async def test_a_ref_leads_to_whoever_has_the_name_now(w: World) -> None:
    mine, first = codec(await w.system()), await w.spawn(Plain, name="a")
    frame = mine.encode(first)
    await first.stop()
    second = await w.spawn(Plain, name="a")

    assert mine.decode(frame) is second
    refused(lambda: mine.encode(first), "ref a#1", "cannot be found by name: it has lost its name")


@world()
async def test_a_ref_may_go_by_another_name(w: World) -> None:
    system, ref = await w.system(), await w.spawn(Plain)
    system.register("a", ref)
    mine = codec(system)

    assert mine.decode(mine.encode(ref)) is ref


@world()
async def test_a_ref_that_cannot_be_found_is_not_sent(w: World) -> None:
    mine = codec(await w.system())
    anonymous, gone = await w.spawn(Plain), await w.spawn(Plain, name="gone")
    await gone.stop()
    async with ActorSystem("other") as other:
        stranger = await other.spawn(Plain, name="a")

        refused(lambda: mine.encode(anonymous), "ref Plain-1#1", "it is anonymous; spawn it with a name")
        refused(lambda: mine.encode(gone), "ref gone#1", "it has lost its name")
        refused(lambda: mine.encode([stranger]), "ref a#1", "is of system 'other', not of")


@world()
async def test_a_ref_that_leads_nowhere_is_refused(w: World) -> None:
    system = await w.system()
    mine, ref = codec(system), await w.spawn(Plain, name="a")
    frame = mine.encode(ref)
    await ref.stop()
    async with ActorSystem("other") as other:
        refused(lambda: codec(other).decode(frame), "ref 'a'", f"is of system '{system.name}', not of 'other'")
    for name in ("b", "a/b", "/", ""):
        refused(lambda name=name: mine.decode(record("ref", "system", system.name, "name", name)), "", "leads nowhere")

    refused(lambda: mine.decode(frame), "ref 'a'", "leads nowhere: nobody in")


def refused(act: Any, what: str, why: str) -> None:
    with pytest.raises(CodecError) as caught:
        act()

    assert what in caught.value.what
    assert why in caught.value.why
