"""Messages as bytes: values, registered types and refs, for another process or a file.

A frame is a version and then one value, as a flat run of msgpack objects.  What has parts (a list, a dataclass) is an
ext that holds only their number, and they follow; arrays and maps of msgpack's own are refused.  So depth is counted
here, and nothing is allocated because a frame declares it.  Names are looked up among what was registered, no import.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, Flag
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from uuid import UUID

import msgpack

from .errors import CodecError
from .handlers import routes_of
from .messages import Down, Exit

if TYPE_CHECKING:
    from .actor import Actor
    from .ref import Ref
    from .system import ActorSystem

T = TypeVar("T")
VERSION, RECORD = 1, 6
LEAVES = {type(None), bool, int, float, str, bytes}
CONTAINERS: dict[type, int] = {list: 1, tuple: 2, set: 3, frozenset: 4, dict: 5}
MAKERS = {code: kind for kind, code in CONTAINERS.items()}


class _Shape(NamedTuple):
    """What travels by name and fields; ``read`` gives their values, ``make(**fields)`` makes it again."""

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
    """How instances of a dataclass, NamedTuple or Enum travel; ``None`` for other classes."""
    if issubclass(cls, Flag):
        return _Shape(_name(cls), cls, ("_value_",), lambda _value_: cls(_value_))  # noqa: PLW0108
    if issubclass(cls, Enum):
        return _Shape(_name(cls), cls, ("_name_",), lambda _name_: cls.__members__[_name_])
    fields = getattr(cls, "_fields", None) if issubclass(cls, tuple) else None
    if dataclasses.is_dataclass(cls):
        fields = [field.name for field in dataclasses.fields(cls)]
    return None if fields is None else _Shape(_name(cls), cls, tuple(fields), cls)


def _name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _short(value: object) -> str:
    return ascii(value[:100]) if isinstance(value, str) else f"a value of type {type(value).__name__}"


def _tried(what: str, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """Call what may raise anything, such as a constructor or ``__hash__``."""
    try:
        return function(*args, **kwargs)
    except CodecError:
        raise
    except Exception as error:
        raise CodecError(what, f"cannot be read or made: {type(error).__name__} {_short(str(error))}") from error


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
        self._shapes: dict[str | type, _Shape] = {"ref": refs}
        for shape in BUILT_IN:
            self._shapes[shape.name] = self._shapes[shape.cls] = shape
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
        kinds = [kind for kind in routes_of(actor_class).table if kind not in (Down, Exit)]
        return tuple(self.register(kind) for kind in kinds if _shape_of(kind))

    def encode(self, message: object) -> bytes:
        """The frame of a message.  Raises ``CodecError`` for what is not known, too large or too deep, and for a ref
        that nobody could find by its name: of another system, anonymous, or of somebody who is gone.
        """
        frame, waiting, pack = bytearray((VERSION,)), [(message, 0)], msgpack.Packer(buf_size=256).pack
        while waiting:
            value, depth = waiting.pop()
            if type(value) in LEAVES:
                frame += _tried(f"a value of type {type(value).__name__}", pack, value)
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

        Constructors run, ``__post_init__`` too, but the types of fields are not checked.  A ref is whoever has the name
        now.  Takes up to about forty times the memory of the bytes (a frame full of one-element sets).
        """
        reader = _Reader(self, data)
        if (version := reader.next()) is True or version != VERSION:
            raise CodecError("the frame", f"is of version {_short(version)}, not {VERSION}")
        message = reader.get(0)
        if reader.left():
            raise CodecError("the frame", "goes on after its message")
        return message

    def _parts(self, value: Any) -> list[Any]:
        kind = type(value)
        if kind in CONTAINERS:
            return list(value) if kind is not dict else [part for pair in value.items() for part in pair]
        shape = self._shapes.get(kind)
        if hasattr(kind, "_cell") and getattr(getattr(value, "_cell", None), "ref", None) is value:  # it is a ref
            shape = self._shapes["ref"]
        if shape is None:
            bases = [base.__name__ for base in kind.__mro__ if base in {*LEAVES, *CONTAINERS, *self._shapes}]
            why = f"would come back as a {bases[0]}; send one" if bases else "cannot be sent"
            raise CodecError(_name(kind), "is not registered; use register() or learn()" if _shape_of(kind) else why)
        read = shape.read or (lambda value: [getattr(value, field) for field in shape.fields])
        pairs = zip(shape.fields, _tried(shape.name, read, value), strict=True)
        return [shape.name, *(part for pair in pairs for part in pair)]

    def _locate(self, ref: Ref[Any]) -> tuple[str, str]:
        if ref.system is not self.system:
            raise CodecError(f"ref {ref}", f"is of system {ref.system.name!r}, not of {self.system.name!r}")
        cell = ref._cell
        for name in (ref.name, *(cell.extras.names if cell.extras else ())):
            if self.system.whereis(name) is ref:
                return self.system.name, name
        why = "is anonymous; spawn it with a name" if isinstance(cell.label, int) else "has lost its name"
        raise CodecError(f"ref {ref}", f"cannot be found by name: it {why}")

    def _find(self, system: str, name: str) -> Ref[Any]:
        if system != self.system.name:
            raise CodecError(f"ref {_short(name)}", f"is of system {_short(system)}, not of {self.system.name!r}")
        if (ref := self.system.whereis(name)) is None:
            raise CodecError(f"ref {_short(name)}", f"leads nowhere: nobody in {self.system.name!r} has that name now")
        return ref


class _Reader:
    def __init__(self, codec: Codec, data: bytes | bytearray | memoryview) -> None:
        if not isinstance(data, bytes | bytearray | memoryview):
            raise CodecError("the frame", f"is of type {type(data).__name__}, not bytes")
        self.codec, self.size = codec, memoryview(data).nbytes
        if self.size > codec.max_bytes:
            raise CodecError("the frame", f"has {self.size} bytes; the codec's max_bytes is {codec.max_bytes}")
        limits = {"max_buffer_size": self.size or 1, "max_array_len": 0, "max_map_len": 0}
        self.unpacker = msgpack.Unpacker(**limits, ext_hook=lambda *ext: ext)
        self.unpacker.feed(bytes(data))
        self.left: Callable[[], int] = lambda: self.size - self.unpacker.tell()

    def next(self) -> Any:
        try:
            return self.unpacker.unpack()
        except msgpack.OutOfData:
            raise CodecError("the frame", "ends too early") from None
        except Exception as error:
            raise CodecError("the frame", f"is not msgpack as it should be: {_short(str(error))}") from error

    def get(self, depth: int) -> Any:
        item = self.next()
        if type(item) in LEAVES:
            return item
        code, data = item if type(item) is tuple else (type(item).__name__, b"")
        if len(data) != 4 or (code not in MAKERS and code != RECORD):
            raise CodecError("the frame", f"holds an ext or type {code!r} of {len(data)} bytes, which is not known")
        if depth >= self.codec.max_depth:
            raise CodecError("the frame", f"nests deeper than {depth}, the codec's max_depth")
        count = int.from_bytes(data)
        if count > self.left():
            raise CodecError("the frame", f"declares {count} parts, but ends too early for them")
        parts = [self.get(depth + 1) for _ in range(count)]
        if code == RECORD:
            return self.record(parts[0] if parts else None, parts[1::2], parts[2::2])
        kind: type[Any] = MAKERS[code]
        whole = _tried(f"a {kind.__name__}", kind, zip(*[iter(parts)] * 2, strict=True) if kind is dict else parts)
        if len(whole) != (count // 2 if kind is dict else count):
            raise CodecError(f"a {kind.__name__}", "holds the same key or element twice")
        return whole

    def record(self, name: Any, fields: list[Any], values: list[Any]) -> Any:
        shape = self.codec._shapes.get(name) if type(name) is str else None
        if shape is None:
            raise CodecError(_short(name), "is not registered")
        for number, field in enumerate(fields):
            if type(field) is not str or field not in shape.fields or field in fields[:number]:
                raise CodecError(shape.name, f"has no field {_short(field)}, or not twice")
        if missing := [field for field in shape.fields if field not in fields]:
            raise CodecError(shape.name, f"lacks the field {missing[0]!r}")
        return _tried(shape.name, shape.make, **dict(zip(fields, values, strict=True)))
