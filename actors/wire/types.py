"""Classes that may travel: which, by what name, and how one is taken apart and made anew.

The registry is the process's own: what a module registers when it is imported, every link knows.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from enum import Enum
from operator import attrgetter
from types import MemberDescriptorType
from typing import Any, NamedTuple, TypeVar

from .. import evidence, exits, messages
from ..errors import CodecError

T = TypeVar("T")
_INIT_VAR: Any = getattr(dataclasses, "_FIELD_INITVAR", None)

FIELD_LIMIT = 4096
"""Fields of a class, or members of an enumeration, at most."""

NAMES_LIMIT = 32_768
"""Letters of all their names, at most."""


class Shape(NamedTuple):
    """A class that travels as its fields: ``read`` takes an object apart, ``make`` makes one of a list of values.

    ``make`` leaves the first element of its list alone: there the type stands.  Of an enumeration ``fields`` are the
    names of its members, and ``members`` they themselves, in that order.
    """

    name: str
    cls: type[Any]
    fields: tuple[str, ...]
    read: Callable[[Any], tuple[Any, ...]]
    make: Callable[[list[Any]], Any]
    members: tuple[Any, ...] = ()


def name_of(cls: type) -> str:
    """The name of a class as it travels: ``module:Outer.Inner``."""
    return f"{cls.__module__}:{cls.__qualname__}"


def shape_of(cls: type[Any]) -> Shape | None:
    """The shape of a dataclass, NamedTuple or Enum, ``None`` for any other class.  Raises ``CodecError``."""
    if issubclass(cls, Enum):
        shape = _shape_of_enum(cls)
    elif issubclass(cls, tuple) and isinstance(fields := getattr(cls, "_fields", None), tuple):
        shape = Shape(name_of(cls), cls, fields, tuple, _maker_of_tuple(cls, len(fields)))
    elif dataclasses.is_dataclass(cls):
        shape = _shape_of_dataclass(cls)
    else:
        return None
    if len(shape.fields) > FIELD_LIMIT or sum(map(len, shape.fields)) > NAMES_LIMIT:
        why = f"has {len(shape.fields)} fields or members; {FIELD_LIMIT} is the most, with {NAMES_LIMIT} letters"
        raise CodecError(shape.name, why)
    return shape


def _shape_of_enum(cls: type[Enum]) -> Shape:
    named = {name: member for name, member in cls.__members__.items() if member._name_ == name}

    def refuse(_: Any) -> Any:
        raise CodecError(name_of(cls), "is an enumeration and has no fields")

    return Shape(name_of(cls), cls, tuple(named), refuse, refuse, tuple(named.values()))


def _maker_of_tuple(cls: type[Any], size: int) -> Callable[[list[Any]], Any]:
    new = tuple.__new__

    def make(items: list[Any]) -> Any:
        if len(items) != size + 1:
            raise CodecError(name_of(cls), f"has {size} fields, not {len(items) - 1}")
        return new(cls, items[1:])

    return make


def _shape_of_dataclass(cls: type[Any]) -> Shape:
    fields = dataclasses.fields(cls)
    names = tuple(field.name for field in fields)
    for name, kind in cls.__dataclass_fields__.items():
        if getattr(kind, "_field_type", None) is _INIT_VAR:
            raise CodecError(name_of(cls), f"is not made of its fields alone: {name!r} is only a parameter")
    if not hasattr(cls, "__post_init__"):
        return Shape(name_of(cls), cls, names, _reader(names), _maker(cls, names))
    given = [(place, field.name) for place, field in enumerate(fields, 1) if field.init]
    setters = _setters(cls, names)

    def make(items: list[Any]) -> Any:
        if len(items) != len(names) + 1:
            raise CodecError(name_of(cls), f"has {len(names)} fields, not {len(items) - 1}")
        made = cls(**{name: items[place] for place, name in given})
        for place, put in enumerate(setters, 1):  # what __post_init__ changed, it has changed before
            put(made, items[place])
        return made

    return Shape(name_of(cls), cls, names, _reader(names), make)


def _reader(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    if names:
        only = attrgetter(names[0])
        return lambda value: (only(value),)
    return lambda value: ()


def _setters(cls: type[Any], names: tuple[str, ...]) -> list[Callable[[Any, Any], None]]:
    """What sets each field of an object that may be frozen."""
    return [_setter(cls, name) for name in names]


def _setter(cls: type[Any], name: str) -> Callable[[Any, Any], None]:
    slot = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
    if isinstance(slot, MemberDescriptorType):
        return slot.__set__

    def put(made: Any, value: Any) -> None:
        object.__setattr__(made, name, value)

    return put


def _maker(cls: type[Any], names: tuple[str, ...]) -> Callable[[list[Any]], Any]:
    new, size, setters = object.__new__, len(names) + 1, tuple(_setters(cls, names))

    def wrong(items: list[Any]) -> CodecError:
        return CodecError(name_of(cls), f"has {len(names)} fields, not {len(items) - 1}")

    def make(items: list[Any]) -> Any:
        if len(items) != size:
            raise wrong(items)
        made = new(cls)
        place = 1
        for put in setters:
            put(made, items[place])
            place += 1
        return made

    if all(isinstance(slot, MemberDescriptorType) for slot in (getattr(cls, name, None) for name in names)):
        return make

    def fill(items: list[Any]) -> Any:
        if len(items) != size:
            raise wrong(items)
        made = new(cls)
        made.__dict__.update(zip(names, items[1:], strict=True))
        return made

    has_slots = any(isinstance(slot, MemberDescriptorType) for base in cls.__mro__ for slot in vars(base).values())
    return make if has_slots else fill


_shapes: dict[str, Shape] = {}


def register(cls: type[T]) -> type[T]:
    """Let instances of a dataclass, NamedTuple or Enum travel to other processes and hosts; returns ``cls``.

    A decorator, above ``@dataclass``.  Both sides have to register it, by importing the module that does.  The fields
    travel and nothing else; what ``__post_init__`` makes besides, it makes again.  Raises ``CodecError`` for any other
    class, for a dataclass with an ``InitVar``, and if another class has the name.  Again is fine.
    """
    shape = shape_of(cls)
    if shape is None:
        raise CodecError(name_of(cls), "is neither a dataclass nor a NamedTuple nor an Enum")
    if _shapes.setdefault(shape.name, shape).cls is not cls:
        raise CodecError(shape.name, "is the name of another class, which is registered already")
    return cls


def shape_by_name(name: str, *, is_trusting: bool) -> Shape | None:
    """The shape of a registered class; or, when trusting, of one that a loaded module holds by this name."""
    found = _shapes.get(name)
    if found is None and is_trusting and (cls := class_by_name(name)) is not None:
        return shape_of(cls)
    return found


def class_by_name(name: str) -> type[Any] | None:
    """The class that is called ``module:Outer.Inner``, in a module that is loaded; nothing is imported for it."""
    module, _, path = name.partition(":")
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, "__dict__", {}).get(part)
        if not isinstance(found, type):
            return None
    return found if found is not None and name_of(found) == name else None


for known in (
    exits.Normal, exits.Shutdown, exits.Kill, exits.Killed, exits.NoProc, exits.NoConnection, exits.Crashed,
    exits.Apoptosis, exits.Remains, messages.Pid, messages.Down, messages.Exit, messages.DeadLetter,
    messages.Undelivered, evidence.Evidence, evidence.Harm,
):  # fmt: skip
    register(known)
