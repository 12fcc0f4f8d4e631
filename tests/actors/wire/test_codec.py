"""Values as bytes on a link: what comes back is what was sent, of the same type; all else is refused in words."""

from __future__ import annotations

import sys
from collections import OrderedDict, defaultdict
from dataclasses import InitVar, dataclass
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from enum import Enum
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import CodecError, Crashed, RemoteError, register
from actors.wire import types
from actors.wire.codec import Wire
from actors.wire.reading import Unreadable
from tests.actors.wire.kinds import (
    FIXED,
    VALUES,
    Box,
    Broken,
    Colour,
    Derived,
    Level,
    Loose,
    Nothing,
    Order,
    Point,
    Ref,
    Rights,
    Strange,
    StrangeColour,
    Stranger,
    Total,
    crossing,
    ends,
    is_same,
)  # fmt: skip


@given(VALUES)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    assert is_same(crossing(is_trusting=True)(value), value)


@pytest.mark.parametrize("microseconds", [1, -1, 999_999, 3_600_000_001, -3_600_000_001])
def test_a_moment_keeps_an_offset_that_is_no_whole_second(microseconds: int) -> None:
    zone = timezone(timedelta(microseconds=microseconds))
    for value in datetime(2000, 1, 1, 12, 30, 0, 5, zone, fold=1), time(12, 30, tzinfo=zone):
        assert is_same(crossing(is_trusting=True)(value), value)


@pytest.mark.parametrize("value", FIXED, ids=repr)
def test_signals_members_and_errors_come_back_without_trust(value: Any) -> None:
    assert is_same(crossing()(value), value)


@given(st.integers())
def test_a_whole_number_has_any_size(number: int) -> None:
    assert crossing()(number << 100) == number << 100


def test_a_ref_travels_as_its_handle() -> None:
    ref = Ref("shop")

    assert crossing()([ref, {"to": ref}, Order(ref)]) == [ref, {"to": ref}, Order(ref)]


def test_what_export_and_resolve_raise_is_a_refusal() -> None:
    def fail(_: Any) -> Any:
        raise RuntimeError("nobody is called that")

    sender, receiver = Wire(fail, fail), ends()[1]
    packed = ends()[0].pack(Ref("shop"))

    with pytest.raises(CodecError, match="nobody is called that"):
        sender.pack(Ref("shop"))
    with pytest.raises(Unreadable, match="KeyError"):
        receiver.unpack(packed)


def test_views_and_arrays_of_bytes_come_back_as_bytes() -> None:
    assert crossing()([bytearray(b"a"), memoryview(b"b")]) == [b"a", b"b"]


def test_all_fields_travel_and_no_constructor_runs() -> None:
    sent = Derived(1)
    sent.two = 5
    back = crossing()(sent)

    assert (back.one, back.two) == (1, 5)


def test_what_post_init_checks_is_checked_again() -> None:
    sent = Total([1, 2])

    assert crossing()(sent) == sent
    sent.parts.append(-1)
    with pytest.raises(Unreadable, match="negative"):
        crossing()(sent)


def test_what_post_init_made_of_the_fields_comes_back_unchanged() -> None:
    sent = Total([1, 2])
    object.__setattr__(sent, "total", 7)

    assert crossing()(sent).total == 7


class Text(str):
    __slots__ = ()


class Zone(tzinfo):
    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return None if moment is None else timedelta(hours=2)

    def dst(self, moment: datetime | None) -> timedelta | None:
        return None

    def tzname(self, moment: datetime | None) -> str:
        return "Somewhere"


@dataclass
class Sub(Loose):
    more: int = 0


REFUSED: dict[str, tuple[Any, str]] = {
    "object": (object(), "is of no type that travels; send a dataclass"),
    "a class": (Order, "is of no type that travels"),
    "a function": (len, "is of no type that travels"),
    "a subclass of str": (Text("a"), "would come back as str"),
    "a subclass of dict": (OrderedDict(a=1), "would come back as dict"),
    "a dict with a default": (defaultdict(int), "would come back as dict"),
    "a dataclass": (Stranger(1), "is not registered; decorate it with actors.register"),
    "a subclass of a dataclass": (Sub(1), "is not registered"),
    "an Enum": (StrangeColour.GREY, "is not registered"),
    "no member": (Rights.READ ^ Rights.READ, "combined flags are not members"),
    "half a character": ("\ud800", "no text that UTF-8 knows"),
    "half a character in a key": ({"\ud800": 1}, "no text that UTF-8 knows"),
    "a time without a date for its zone": (time(1, tzinfo=Zone()), "does not say how far it is from UTC"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: [1, (2, Order(value))]], ids=["bare", "inside"])
def test_what_would_not_come_back_as_it_is_is_refused(name: str, wrap: Any) -> None:
    value, why = REFUSED[name]

    with pytest.raises(CodecError, match=why):
        ends()[0].pack(wrap(value))


def test_a_wire_goes_on_after_a_refusal() -> None:
    sender, receiver = ends()

    values: list[Any] = [[1, object()], "\ud800", [[[]]] * 2]
    for value in values:
        try:
            sender.pack([value] * 3)
        except CodecError:
            pass

    assert receiver.unpack(sender.pack([1, (2,)])) == [1, (2,)]


def test_a_field_that_was_never_set_is_named() -> None:
    with pytest.raises(CodecError, match="Order: cannot be packed: AttributeError"):
        ends()[0].pack(object.__new__(Order))


def test_that_memory_is_out_is_no_fault_of_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    sender, receiver = ends()
    packed = sender.pack((1, 2))

    def run_out(data: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(receiver, "_read", run_out)
    with pytest.raises(MemoryError):
        receiver.unpack(packed)


def test_what_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    order = Loose(1)
    order.note = order

    value: Any
    for value in (loop, order):
        with pytest.raises(CodecError, match="nests deeper than 32, the wire's max_depth, or holds itself"):
            ends()[0].pack(value)


@pytest.mark.parametrize("wrap", [lambda part: [part], lambda part: (part,), lambda part: {1: part}, Box])
@pytest.mark.parametrize("most", [1, 5, 32, 100])
def test_depth_is_bounded_on_both_sides(wrap: Any, most: int) -> None:
    sender, receiver = ends(max_depth=most)
    free, _ = ends(max_depth=100)
    value: Any = 0
    for _ in range(most):
        value = wrap(value)
    packed = sender.pack(value)
    receiver.learn(sender.announcements())

    assert receiver.unpack(packed) == value
    with pytest.raises(CodecError, match="nests deeper"):
        sender.pack(wrap(value))
    if most < 100:
        with pytest.raises(CodecError, match=f"nests deeper than {most}"):
            receiver.unpack(free.pack(wrap(value)))


def test_size_is_bounded_on_both_sides() -> None:
    sender, receiver = ends(max_bytes=100)
    large = ends()[0].pack(b"x" * 200)

    assert receiver.unpack(sender.pack(b"x" * 98)) == b"x" * 98
    with pytest.raises(CodecError, match="takes 101 bytes; the wire's max_bytes is 100"):
        sender.pack(b"x" * 99)
    with pytest.raises(CodecError, match="has 202 bytes"):
        receiver.unpack(large)


@pytest.mark.parametrize("limits", [{"max_bytes": 0}, {"max_bytes": True}, {"max_depth": 0}, {"max_depth": 101}])
def test_limits_out_of_range_are_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Wire\.max_\w+ must be from 1"):
        ends(**limits)


def ext(code: int, data: bytes) -> bytes:
    packed: bytes = msgpack.packb(msgpack.ExtType(code, data))
    return packed


TUPLE, SET, REF, FAILURE, ARRAY = (ext(1, bytes((number,))) for number in (0, 1, 3, 4, 5))
BROKEN = {
    "nothing": b"",
    "trailing bytes": b"\x01\x02",
    "the one byte that msgpack never uses": b"\xc1",
    "half a number": b"\xcd\x01",
    "text that is none": b"\xa1\xff",
    "a list of too few": b"\x92\x01",
    "a long list of nothing": b"\xdd\xff\xff\xff\xff",
    "a long text of nothing": b"\xdb\xff\xff\xff\xff",
    "long bytes of nothing": b"\xc6\xff\xff\xff\xff",
    "an unknown ext": ext(99, b"x"),
    "a type that was not announced": b"\x91" + ext(1, b"\x40"),
    "a member that was not announced": ext(2, b"\x00\x00\x40"),
    "a type's number alone": TUPLE,
    "a type's number in the middle": b"\x92\x01" + TUPLE,
    "a type's number as a key": b"\x81" + TUPLE + b"\x01",
    "a set with a double": b"\x93" + SET + b"\x01\x01",
    "a set of lists": b"\x92" + SET + b"\x90",
    "a dict with a double": b"\x82\x01\x01\x01\x01",
    "a dict of lists": b"\x81\x90\x01",
    "a ref without a handle": b"\x91" + REF,
    "an exception of nothing": b"\x91" + FAILURE,
    "an exception of numbers": b"\x96" + FAILURE + b"\x01\x01\x01\x01\x01",
    "an array of nothing": b"\x91" + ARRAY,
    "a datetime of letters": ext(17, b"0abc"),
    "a datetime with two folds": ext(17, b"2" + datetime.now(UTC).isoformat().encode()),
    "an empty datetime": ext(17, b""),
    "a short UUID": ext(21, b"x"),
    "a Decimal of letters": ext(22, b"abc"),
    "half a complex": ext(23, b"1234"),
    "a timestamp of three bytes": b"\xc7\x03\xff123",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_frame_that_no_wire_made_is_refused(name: str) -> None:
    with pytest.raises(CodecError):
        ends()[1].unpack(BROKEN[name])


@pytest.mark.parametrize("name", BROKEN)
def test_a_wire_reads_on_after_a_broken_frame(name: str) -> None:
    sender, receiver = ends()
    with pytest.raises(CodecError):
        receiver.unpack(BROKEN[name])

    assert receiver.unpack(sender.pack((1, (2,)))) == (1, (2,))


def test_a_type_is_announced_once_and_before_its_use() -> None:
    sender, receiver = ends()
    packed = sender.pack([Order(1), Order(2)])
    (news,) = sender.announcements()

    assert news == [32, f"{Order.__module__}:Order", ["number", "lines"]]
    assert sender.announcements() == []
    assert sender.pack(Order(3))
    assert not sender.has_news
    with pytest.raises(CodecError, match="not announced"):
        receiver.unpack(packed)


def test_each_side_has_numbers_of_its_own() -> None:
    one, other = ends()
    packed, back = one.pack([Order(1), Point(1)]), other.pack([Point(2), Order(2)])
    one.learn(other.announcements())
    other.learn(one.announcements())

    assert other.unpack(packed) == [Order(1), Point(1)]
    assert one.unpack(back) == [Point(2), Order(2)]


def _many(number: int) -> type[Any]:
    kind: Any = Enum
    made: type[Any] = kind(f"Many{number}", "A B")
    return made


def test_more_than_two_hundred_types_have_numbers_of_two_bytes() -> None:
    cross = crossing()
    made: list[Any] = [register(_many(number)) for number in range(300)]

    assert cross([kind.B for kind in made]) == [kind.B for kind in made]


def test_a_class_with_other_fields_is_refused_in_words_when_it_comes() -> None:
    sender, receiver = ends()
    packed = sender.pack([1, Order(1)])
    ((number, name, fields),) = sender.announcements()
    receiver.learn([[number, name, [*fields, "price"]]])

    with pytest.raises(Unreadable, match=r"Order: has other fields on the other side \(different: price\)"):
        receiver.unpack(packed)
    assert receiver.unpack(sender.pack([1])) == [1]


def test_a_class_that_is_unknown_here_is_refused_until_it_is_registered() -> None:
    sender, receiver = ends()
    packed = sender.pack(Order(1))
    ((number, _, fields),) = sender.announcements()
    late = f"{__name__}:Late"
    receiver.learn([[number, late, fields]])
    with pytest.raises(Unreadable, match="is not known on this side; register it"):
        receiver.unpack(packed)

    cls = type("Late", (), {"__annotations__": {"number": Any, "lines": Any}, "__module__": __name__})
    register(dataclass(cls))

    assert type(receiver.unpack(packed)).__name__ == "Late"


ANNOUNCEMENTS: list[Any] = [
    None, 1, [1], [[32]], [[32, "a:B", []], [32, "a:C", []]], [[3, "a:B", []]], [[2**16, "a:B", []]],
    [["a", "a:B", []]], [[True, "a:B", []]], [[32, b"a", []]], [[32, "a" * 2000, []]], [[32, "a:B", [1]]],
    [[32, "a:B", 5]], [[-1, "a:B", []]],
]  # fmt: skip


@pytest.mark.parametrize("announcements", ANNOUNCEMENTS, ids=repr)
def test_what_is_no_announcement_is_refused(announcements: Any) -> None:
    with pytest.raises(CodecError):
        ends()[0].learn(announcements)


class TestTrust:
    """The two sides are the same user's."""

    def test_classes_are_found_in_loaded_modules(self) -> None:
        assert crossing(is_trusting=True)([Stranger(1), StrangeColour.GREY]) == [Stranger(1), StrangeColour.GREY]

    def test_classes_within_classes_are_found(self) -> None:
        assert crossing(is_trusting=True)(Strange.Inner(1)) == Strange.Inner(1)

    def test_classes_within_functions_are_not(self) -> None:
        @dataclass
        class Local:
            number: int

        with pytest.raises(CodecError, match="cannot be found by its name; define it at the top of a module"):
            ends(is_trusting=True)[0].pack(Local(1))

    @pytest.mark.parametrize(
        "name", ["os:path", "os:system", "os:environ.data", "subprocess:Popen", "nowhere:A", "", ":", "os:", "a", "."]
    )
    def test_nothing_but_classes_with_fields_is_found_and_nothing_is_imported(self, name: str) -> None:
        sender, receiver = ends(is_trusting=True)
        packed = sender.pack(Order(1))
        receiver.learn([[32, name, ["number", "lines"]]])
        loaded = set(sys.modules)

        with pytest.raises(Unreadable, match="is not known on this side; import its module"):
            receiver.unpack(packed)
        assert set(sys.modules) == loaded


def _huge() -> type[Any]:
    kind: Any = Enum
    made: type[Any] = kind("Huge", [f"M{number}" for number in range(5000)])
    return made


class TestRegistry:
    def test_a_class_without_fields_is_refused(self) -> None:
        with pytest.raises(CodecError, match="neither a dataclass nor a NamedTuple nor an Enum"):
            register(object)

    def test_a_parameter_that_is_no_field_is_refused(self) -> None:
        @dataclass
        class Seeded:
            number: int
            seed: InitVar[int] = 0

        with pytest.raises(CodecError, match="'seed' is only a parameter"):
            register(Seeded)

    def test_a_name_that_is_taken_is_refused(self) -> None:
        other: type[Any] = dataclass(type("Order", (), {"__module__": Order.__module__}))

        with pytest.raises(CodecError, match="is the name of another class"):
            register(other)

    def test_again_is_fine(self) -> None:
        assert register(Order) is Order

    def test_a_class_of_very_many_fields_is_refused(self) -> None:
        with pytest.raises(CodecError, match="5000 fields or members"):
            types.shape_of(_huge())


class TestSalvage:
    def test_what_is_unreadable_does_not_harm_the_rest(self) -> None:
        sender, receiver = ends()
        packed = sender.pack([[16, "a", 1, [Order(1)]], [16, "b", 2, [Point(1)]], [17, ()]])
        order, point = sender.announcements()
        receiver.learn([order, [point[0], "gone:Point", point[2]]])

        (one, good), (head, why), (last, fine) = receiver.unpack_each(packed)

        assert (one, good) == ([16, "a", 1, [Order(1)]], None)
        assert head == [16, "b", 2]
        assert isinstance(why, Unreadable)
        assert "gone:Point" in str(why)
        assert (last, fine) == ([17, ()], None)

    @pytest.mark.parametrize("data", [b"\x01", b"\x81\x01\x01", b"\x91\xc1", b""])
    def test_what_is_no_list_is_refused(self, data: bytes) -> None:
        with pytest.raises(CodecError):
            list(ends()[0].unpack_each(data))


def test_members_and_empty_records_are_small() -> None:
    sender, _ = ends()

    assert len(sender.pack([Colour.RED])) == 7
    assert len(sender.pack([Nothing()])) == 5
    assert len(sender.pack([Level.HIGH] * 10)) == 61


def test_a_packer_does_not_keep_the_memory_of_its_largest_value() -> None:
    sender, _ = ends()
    before = sender._pack

    sender.pack(b"x" * 3_000_000)

    assert sender._pack is not before


def test_a_crash_is_equal_on_the_other_side() -> None:
    reason = Crashed(Broken("the lamp", 3))

    assert crossing(is_trusting=True)(reason) == reason
    other = crossing()(reason)
    assert isinstance(other.exception, RemoteError)
    assert str(other.exception) == f"{Broken.__module__}.Broken: the lamp is broken, 3 times"
