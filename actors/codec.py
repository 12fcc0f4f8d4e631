"""Messages as bytes: values, registered types and refs, for another process or a file.

A frame is a version and then one value, as a flat run of msgpack objects.  What has parts (a list, a dataclass) is an
ext of their number, and they follow; msgpack's own arrays and maps are refused.  So depth is counted here and nothing
is allocated because a frame declares it.  Names are looked up among what was registered; nothing is imported.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from uuid import UUID

import msgpack

from .errors import CodecError
from .handlers import routes_of
from .messages import Down, Exit, Impulse

if TYPE_CHECKING:
    from .actor import Actor
    from .ref import Ref
    from .system import ActorSystem

T = TypeVar("T")
VERSION, RECORD = 1, 6
LEAVES = {type(None), bool, int, float, str, bytes}
CONTAINERS: dict[type, int] = {list: 1, tuple: 2, set: 3, frozenset: 4, dict: 5}
MAKERS = {code: kind for kind, code in CONTAINERS.items()}


class _Shape(NamedTuple):  # of what travels by name and fields: how to make it of them, and to read them
    name: str
    cls: type[Any]
    fields: tuple[str, ...]
    make: Callable[..., Any]
    read: Callable[[Any], Iterable[Any]] | None = None


def _moment(text: str, fold: int) -> datetime:
    return datetime.fromisoformat(text).replace(fold=fold)


BUILT_IN = [
    _Shape("datetime", datetime, ("text", "fold"), _moment, lambda moment: (str(moment), moment.fold)),
    _Shape("date", date, ("year", "month", "day"), date),
    _Shape("timedelta", timedelta, ("days", "seconds", "microseconds"), timedelta),
    _Shape("UUID", UUID, ("bytes",), UUID),
    _Shape("Decimal", Decimal, ("value",), Decimal, lambda number: (str(number),)),
]


def _shape_of(cls: type[Any]) -> _Shape | None:
    if issubclass(cls, Enum):
        member = partial(_member, cls)
        return _Shape(_name(cls), cls, ("_name_",), member, lambda value: (member(value._name_)._name_,))
    fields = getattr(cls, "_fields", None) if issubclass(cls, tuple) else None
    if dataclasses.is_dataclass(cls):
        fields = [field.name for field in dataclasses.fields(cls)]
    return None if fields is None else _Shape(_name(cls), cls, tuple(fields), cls)


def _member(cls: type[Enum], _name_: str) -> Enum:  # never a combined flag: Python would remember each for ever
    if _name_ not in cls.__members__:
        raise CodecError(_name(cls), f"has no member {_short(_name_)}; combined flags are not members")
    return cls.__members__[_name_]


def _name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _short(value: object) -> str:
    return ascii(value[:100]) if isinstance(value, str) else f"a value of type {type(value).__name__}"


def _tried(what: str, function: Callable[..., T], *args: object) -> T:
    """Call what may raise anything, such as a constructor or ``__hash__``."""
    try:
        return function(*args)
    except CodecError:
        raise
    except Exception as error:
        raise CodecError(what, f"cannot be read or made: {type(error).__name__} {_short(str(error))}") from error


def _next(unpacker: Any) -> Any:
    try:
        return unpacker.unpack()
    except msgpack.OutOfData:
        raise CodecError("the frame", "ends too early") from None
    except Exception as error:
        raise CodecError("the frame", f"is not msgpack as it should be: {_short(str(error))}") from error


class Codec:
    """Turns messages and refs of ``system`` into bytes, and back.

    Known are ``None``, bool, int (-2**63 to 2**64 - 1), float, str, bytes, list, tuple, dict, set, frozenset, datetime,
    date, timedelta, UUID, Decimal, refs, and the dataclasses, NamedTuples and Enums that were registered: in ``types``,
    by :meth:`register` or by :meth:`learn`.  Exactly these: a subclass would come back as something else and is
    refused.  An aware datetime comes back with its offset in place of its time zone.

    ``max_bytes`` bounds a frame, ``max_depth`` (at most 100) how deep all but the first six nest in it.  Every refusal
    is a ``CodecError``, limits out of range a ``ValueError``.  Not thread-safe, like the system.
    """

    def __init__(
        self, system: ActorSystem, *, types: Iterable[type[Any]] = (), max_bytes: int = 1_048_576, max_depth: int = 32
    ) -> None:
        for limit, value, most in ("max_bytes", max_bytes, 2**31 - 1), ("max_depth", max_depth, 100):
            if isinstance(value, bool) or not 1 <= value <= most:
                raise ValueError(f"Codec.{limit} must be from 1 to {most}; got {value!r}")
        self.system, self.max_bytes, self.max_depth = system, max_bytes, max_depth
        refs = _Shape("ref", object, ("system", "name"), self._find, self._locate)
        self._shapes: dict[str | type, _Shape] = {shape.name: shape for shape in (refs, *BUILT_IN)}
        self._shapes.update((shape.cls, shape) for shape in BUILT_IN)
        for cls in types:
            self.register(cls)

    def register(self, cls: type[T]) -> type[T]:
        """Let instances of a dataclass, NamedTuple or Enum travel, by its qualified name; returns ``cls``.

        The other side has to know it by that name (a class of ``__main__`` has another one elsewhere).  Raises
        ``CodecError`` for any other class, for one whose constructor does not take exactly the fields (``init=False``,
        ``InitVar``), and if another class has the name.  Again is fine.
        """
        shape = _shape_of(cls)
        if shape is None:
            raise CodecError(_name(cls), "is neither a dataclass nor a NamedTuple nor an Enum")
        if odd := sorted(set(shape.fields) ^ set(inspect.signature(shape.make).parameters)):
            raise CodecError(shape.name, f"is not made of its fields alone: {odd[0]!r} is only a field or a parameter")
        if self._shapes.setdefault(shape.name, shape).cls is not cls:
            raise CodecError(shape.name, "is the name of another class, which is registered already")
        self._shapes[cls] = shape
        return cls

    def learn(self, actor_class: type[Actor]) -> tuple[type[Any], ...]:
        """Register the dataclasses, NamedTuples and Enums that the handlers of an actor class take; returns them.

        Subclasses, answers and the types of fields have to be registered by themselves.  Raises what :meth:`register`
        does, and ``HandlerError`` for a class whose annotations cannot be read.
        """
        kinds = [kind for kind in routes_of(actor_class).table if kind not in (Down, Exit, Impulse)]
        return tuple(self.register(kind) for kind in kinds if _shape_of(kind))

    def encode(self, message: object) -> bytes:
        """The frame of a message.  Raises ``CodecError`` for what is not known, too large or too deep, and for a ref
        that nobody could find by its name: of another system, anonymous, or of somebody who is gone.
        """
        frame, waiting, pack = bytearray((VERSION,)), [(message, 0)], msgpack.Packer(buf_size=256).pack
        while waiting:
            value, depth = waiting.pop()
            if type(value) is int and not -(2**63) <= value < 2**64:
                raise CodecError(f"an int of {value.bit_length()} bits", "is not from -2**63 to 2**64 - 1")
            if type(value) in LEAVES:
                frame += _tried("a str", pack, value)  # the only one that may fail
            elif depth >= self.max_depth:
                raise CodecError("the message", f"nests deeper than {depth}, the codec's max_depth, or holds itself")
            else:
                parts = self._parts(value)
                frame += bytes((0xD6, CONTAINERS.get(type(value), RECORD))) + len(parts).to_bytes(4)  # ext of 4 bytes
                waiting.extend((part, depth + 1) for part in reversed(parts))
            if len(frame) > self.max_bytes:
                raise CodecError("the message", f"takes more than {self.max_bytes} bytes, the codec's max_bytes")
        return bytes(frame)

    def decode(self, data: bytes | bytearray | memoryview) -> Any:
        """The message in a frame.  Raises ``CodecError``, and nothing else, whatever the bytes are.

        Constructors run (``__post_init__``), but the types of fields are not checked.  A ref is whoever has the name
        now.  Takes up to fifty times the memory of the bytes (a frame full of empty sets).
        """
        size = _tried("the frame", lambda: memoryview(data).nbytes)
        if size > self.max_bytes:
            raise CodecError("the frame", f"has {size} bytes; the codec's max_bytes is {self.max_bytes}")
        unpacker = msgpack.Unpacker(max_buffer_size=size or 1, max_array_len=0, max_map_len=0, ext_hook=lambda *e: e)
        _tried("the frame", unpacker.feed, data)
        if type(version := _next(unpacker)) is not int or version != VERSION:
            raise CodecError("the frame", f"is not of version {VERSION}")
        message = self._get(unpacker, 0)
        if unpacker.tell() < size:
            raise CodecError("the frame", "goes on after its message")
        return message

    def _get(self, unpacker: Any, depth: int) -> Any:
        item = _next(unpacker)
        if type(item) in LEAVES:
            return item
        code, data = item if type(item) is tuple else (type(item).__name__, b"")
        if len(data) != 4 or (code not in MAKERS and code != RECORD):
            raise CodecError("the frame", f"holds an ext or type {code!r} of {len(data)} bytes, which is not known")
        if depth >= self.max_depth:
            raise CodecError("the frame", f"nests deeper than {depth}, the codec's max_depth")
        parts = [self._get(unpacker, depth + 1) for _ in range(int.from_bytes(data))]
        if code == RECORD:
            return self._record(parts[0] if parts else None, parts[1::2], parts[2::2])
        kind: type[Any] = MAKERS[code]
        whole = _tried(f"a {kind.__name__}", kind, zip(*[iter(parts)] * 2, strict=True) if kind is dict else parts)
        if len(whole) != (len(parts) // 2 if kind is dict else len(parts)):
            raise CodecError(f"a {kind.__name__}", "holds the same key or element twice")
        return whole

    def _record(self, name: Any, fields: list[Any], values: list[Any]) -> Any:
        shape = self._shapes.get(name) if type(name) is str else None
        if shape is None:
            raise CodecError(_short(name), "is not the name of a registered type")
        for number, field in enumerate(fields):
            if type(field) is not str or field not in shape.fields or field in fields[:number]:
                raise CodecError(shape.name, f"has no field {_short(field)}, or has it once")
        if missing := [field for field in shape.fields if field not in fields]:
            raise CodecError(shape.name, f"lacks the field {missing[0]!r}")
        return _tried(shape.name, lambda: shape.make(**dict(zip(fields, values, strict=True))))

    def _parts(self, value: Any) -> list[Any]:
        kind = type(value)
        if kind in CONTAINERS:
            return list(value) if kind is not dict else [part for pair in value.items() for part in pair]
        shape = self._shapes.get(kind)
        if hasattr(kind, "_cell") and getattr(getattr(value, "_cell", None), "ref", None) is value:  # it is a ref
            shape = self._shapes["ref"]
        if shape is None:
            why = "is not registered; use register() or learn()" if _shape_of(kind) else "is of no type that is known"
            raise CodecError(_name(kind), why)
        read = shape.read or (lambda value: [getattr(value, field) for field in shape.fields])
        pairs = zip(shape.fields, _tried(shape.name, read, value), strict=True)
        return [shape.name, *(part for pair in pairs for part in pair)]

    def _locate(self, ref: Ref[Any]) -> tuple[str, str]:
        if ref.system is not self.system:
            raise CodecError(f"ref {ref}", f"is of system {ref.system.name!r}, not of {self.system.name!r}")
        for name in (ref.name, *getattr(ref._cell.extras, "names", ())):
            if self.system.whereis(name) is ref:
                return self.system.name, name
        why = "is anonymous; spawn it with a name" if isinstance(ref._cell.label, int) else "has lost its name"
        raise CodecError(f"ref {ref}", f"cannot be found by name: it {why}")

    def _find(self, system: str, name: str) -> Ref[Any]:
        if system != self.system.name:
            raise CodecError(f"ref {_short(name)}", f"is of system {_short(system)}, not of {self.system.name!r}")
        if (ref := self.system.whereis(name)) is None:
            raise CodecError(f"ref {_short(name)}", f"leads nowhere: nobody in {self.system.name!r} has that name now")
        return ref
