"""Values of every kind that travels, and both ends of a wire that knows them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, Flag, IntEnum, StrEnum, auto
from typing import Any, Generic, NamedTuple, TypeVar

from hypothesis import strategies as st

from actors import (
    KILL,
    KILLED,
    NOCONNECTION,
    NOPROC,
    NORMAL,
    SHUTDOWN,
    ActorDied,
    Apoptosis,
    Crashed,
    Pid,
    Request,
    Shutdown,
    register,
)  # fmt: skip
from actors.wire.codec import Wire

T = TypeVar("T")


@register
@dataclass(frozen=True, slots=True)
class Order(Request[int]):
    number: Any
    lines: Any = ()


@register
@dataclass
class Loose:
    name: Any
    note: Any = field(default=None, kw_only=True)


@register
@dataclass(frozen=True)
class Nothing:
    pass


@register
@dataclass(frozen=True, slots=True)
class Box(Generic[T]):
    content: T


@dataclass(slots=True)
class Base:
    one: Any


@register
@dataclass(slots=True)
class Derived(Base):
    two: Any = field(default=0, init=False)


@dataclass
class WithDict:
    one: Any


@register
@dataclass(frozen=True)
class Total:
    parts: Any
    total: int = field(init=False)

    def __post_init__(self) -> None:
        if any(part < 0 for part in self.parts):
            raise ValueError("negative")
        object.__setattr__(self, "total", sum(self.parts))


@register
class Point(NamedTuple):
    x: Any
    y: Any = 0


@register
class Colour(Enum):
    RED = "red"
    BLUE = (0, 0, 255)
    CRIMSON = "red"  # noqa: PIE796 - another name for the same member


@register
class Level(IntEnum):
    LOW = 1
    HIGH = 2


@register
class Word(StrEnum):
    YES = "yes"


@register
class Rights(Flag):
    READ = auto()
    WRITE = auto()
    BOTH = READ | WRITE


@dataclass(frozen=True)
class Stranger:
    """Not registered."""

    number: int


class StrangeColour(Enum):
    GREY = 1


class Strange:
    @dataclass
    class Inner:
        number: int


class Broken(Exception):
    def __init__(self, what: str, number: int) -> None:
        self.what = what
        self.number = number
        super().__init__(f"{what} is broken, {number} times")


class Ref:
    """Looks to the wire as a ref does."""

    __slots__ = ("_cell", "name", "ref")

    def __init__(self, name: str) -> None:
        self.name = name
        self._cell = self
        self.ref = self


def ends(**options: Any) -> tuple[Wire, Wire]:
    """Two wires that face each other; their refs are known by name."""
    known: dict[Any, Ref] = {}

    def export(ref: Ref) -> Any:
        known[ref.name] = ref
        return ["own", ref.name]

    def resolve(handle: Any) -> Any:
        return known[handle[1]]

    return Wire(export, resolve, **options), Wire(export, resolve, **options)


def crossing(**options: Any) -> Callable[[Any], Any]:
    """What a value is on the other side."""
    sender, receiver = ends(**options)

    def cross(value: Any) -> Any:
        packed = sender.pack(value)
        receiver.learn(sender.announcements())
        return receiver.unpack(packed)

    return cross


def is_same(value: Any, other: Any) -> bool:
    """Equal, of the same types all the way down; NaN is itself."""
    if type(value) is not type(other):
        return False
    if isinstance(value, (list, tuple)):
        return len(value) == len(other) and all(map(is_same, value, other))
    if isinstance(value, dict):
        return [*value] == [*other] and all(map(is_same, value.values(), other.values()))
    if isinstance(value, (set, frozenset)):
        return bool(value == other) and sorted(type(part).__name__ for part in value) == sorted(
            type(part).__name__ for part in other
        )
    if isinstance(value, float):
        return value == other or (math.isnan(value) and math.isnan(float(other)))
    if isinstance(value, (Decimal, complex)):
        return repr(value) == repr(other)
    if isinstance(value, (datetime, time)):
        return bool(value.isoformat() == other.isoformat() and value.fold == other.fold)
    if isinstance(value, BaseException):
        return is_same(value.args, other.args)
    if hasattr(value, "__dataclass_fields__"):
        return all(is_same(getattr(value, name), getattr(other, name)) for name in value.__dataclass_fields__)
    return bool(value == other)


OFFSETS = st.timedeltas(min_value=timedelta(hours=-23), max_value=timedelta(hours=23)).map(timezone)
ZONES = st.one_of(st.none(), st.just(UTC), OFFSETS)
FIXED: list[Any] = [
    NORMAL, SHUTDOWN, KILL, KILLED, NOPROC, NOCONNECTION, Shutdown(("why", 1)), Apoptosis("age"), Pid("a/b", 3),
    Crashed(ValueError("no", 1)), Crashed(KeyError("k")), Nothing(), Colour.RED, Colour.BLUE, Level.HIGH, Word.YES,
    Rights.READ, Rights.BOTH, ActorDied("a", KILLED), FileNotFoundError(2, "No such file", "x"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), StopIteration(3), ExceptionGroup("g", [ValueError(1)]),
]  # fmt: skip
SURE_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
HASHABLE: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), SURE_TEXT,
        st.binary(max_size=40), st.dates(), st.uuids(), st.timedeltas(), st.decimals(allow_nan=False),
    ),
    lambda parts: st.one_of(
        st.lists(parts, max_size=3).map(tuple), st.frozensets(parts, max_size=3), st.builds(Point, parts, parts),
        st.builds(Order, parts, parts),
    ),
    max_leaves=5,
)  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        HASHABLE, st.floats(), st.complex_numbers(allow_nan=False), st.decimals(), st.sampled_from(FIXED),
        st.datetimes(timezones=ZONES), st.times(), st.builds(Broken, SURE_TEXT, st.integers()),
        st.builds(lambda moment: moment.replace(fold=1), st.datetimes()),
    ),
    lambda parts: st.one_of(
        st.lists(parts, max_size=4), st.lists(parts, max_size=4).map(tuple),
        st.dictionaries(HASHABLE, parts, max_size=4), st.sets(HASHABLE, max_size=4),
        st.builds(Order, parts, parts), st.builds(Loose, parts, note=parts),
        st.builds(Box, parts), st.builds(Derived, parts), st.builds(Point, parts, parts),
        st.builds(lambda why: Crashed(ValueError(why)), parts),
    ),
    max_leaves=12,
)  # fmt: skip
