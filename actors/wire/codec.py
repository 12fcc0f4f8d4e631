"""Values as bytes between two processes that know each other: one msgpack call in C, and Python for what it lacks.

Plain values are msgpack's own.  What has parts and a type is a list that begins with its type's number (an ext), so it
is packed in the same call and counted in the same depth; what has no parts is an ext.  Numbers are a link's own: the
sender announces each with the name and fields of its class before it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgpack

from ..errors import CodecError
from . import arrays, depth, failures
from .leaves import WRITERS
from .reading import MEMBER, TYPE, Tag, Unreadable, head_of, make_reader, short, without_doubles
from .types import FIELD_LIMIT, Shape, name_of, shape_by_name, shape_of

TUPLE, SET, FROZENSET, REF, FAILURE, ARRAY = range(6)
FIRST_NUMBER, TYPE_LIMIT = 32, 65_536
FAILURE_DEPTH = 4
"""Exceptions within the arguments of exceptions, at most; deeper ones come without theirs."""

PACKER_BYTES = 1 << 21
"""Bytes that a packer is kept for."""

Announcement = list[Any]
"""``[number, name, fields]`` of a class that is about to be used."""


def _ext(number: int) -> msgpack.ExtType:
    return msgpack.ExtType(TYPE, number.to_bytes(1 if number < 256 else 2))


class Wire:
    """One end's codec of one link.  Not thread-safe; ``export`` and ``resolve`` must not come back to it.

    ``None``, bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset, datetime, date, time, timedelta,
    UUID, Decimal, exceptions, NumPy's arrays and scalars, refs, exit reasons, and the dataclasses, NamedTuples and
    Enums that were registered (:func:`~actors.wire.types.register`).  Exactly these: a subclass would come back as
    something else and is refused, and so is a combined flag.  A bytearray or memoryview comes back as bytes, an aware
    datetime with its offset in place of its time zone, an array read-only, an exception as
    :mod:`~actors.wire.failures` says.

    ``export`` makes a plain value of a ref and ``resolve`` a ref of that.  ``is_trusting``: the other side is ours
    (same user, authenticated); then classes that are not registered travel too if a loaded module holds them by their
    name, and dicts are not searched for keys that came twice.  ``max_bytes`` bounds a value's bytes, ``max_depth`` (1
    to 100) how deep it nests.  Every refusal is a ``CodecError``, limits out of range a ``ValueError``.
    """

    def __init__(
        self,
        export: Callable[[Any], Any],
        resolve: Callable[[Any], Any],
        *,
        is_trusting: bool = False,
        max_bytes: int = 1 << 24,
        max_depth: int = 32,
    ) -> None:
        for limit, value, most in ("max_bytes", max_bytes, 2**31 - 1), ("max_depth", max_depth, 100):
            if isinstance(value, bool) or not 1 <= value <= most:
                raise ValueError(f"Wire.{limit} must be from 1 to {most}; got {value!r}")
        self.is_trusting, self.max_bytes, self.max_depth = is_trusting, max_bytes, max_depth
        self._export, self._resolve = export, resolve
        self._news: list[Announcement] = []
        self._next_number = FIRST_NUMBER
        self._failures = 0
        self._writers: dict[type, Callable[[Any], Any]] = {
            **WRITERS,
            tuple: _Parts(TUPLE),
            set: _Parts(SET),
            frozenset: _Parts(FROZENSET),
        }
        self._tags: dict[bytes, Tag] = {
            bytes((number,)): Tag(make)
            for number, make in (
                (TUPLE, lambda items: tuple(items[1:])),
                (SET, lambda items: without_doubles(set(items[1:]), items)),
                (FROZENSET, lambda items: without_doubles(frozenset(items[1:]), items)),
                (REF, self._find),
                (FAILURE, self._rebuild),
                (ARRAY, lambda items: arrays.put_together(*items[1:])),
            )
        }
        self._pack = msgpack.Packer(default=self._default, strict_types=True).pack
        self._read = make_reader(self._tags, is_trusting=is_trusting)

    def pack(self, value: object) -> bytes:
        """The bytes of a value.  Raises ``CodecError`` for what is not known, too large or too deep.

        Ask for :meth:`announcements` afterwards, and send them first.
        """
        try:
            packed: bytes = self._pack(value)
        except CodecError:
            raise
        except Exception as error:
            raise self._explained(error) from error
        if len(packed) > PACKER_BYTES:  # it keeps its buffer
            self._pack = msgpack.Packer(default=self._default, strict_types=True).pack
        if len(packed) > self.max_bytes:
            why = f"takes {len(packed)} bytes; the wire's max_bytes is {self.max_bytes}: send it in parts"
            raise CodecError("the value", why)
        depth.check(packed, self.max_depth)
        return packed

    def unpack(self, data: bytes | bytearray | memoryview) -> Any:
        """The value in bytes.  Raises ``CodecError``, and nothing else, whatever the bytes are.

        It is ``Unreadable`` where the bytes are sound, but the two sides do not know the same.

        The types of fields are not checked.  Of constructors only those of dataclasses with ``__post_init__`` run.
        A ``MemoryError`` is none of the bytes' and goes on.
        """
        try:
            if len(data) > self.max_bytes:
                raise CodecError("the frame", f"has {len(data)} bytes; the wire's max_bytes is {self.max_bytes}")
            depth.check(data, self.max_depth)
            return self._read(data)
        except (CodecError, MemoryError):
            raise
        except msgpack.ExtraData:
            raise CodecError("the frame", "goes on after its value") from None
        except Exception as error:
            raise CodecError("the frame", f"cannot be read: {type(error).__name__} {short(error)}") from error

    def unpack_each(self, data: bytes | bytearray | memoryview) -> Iterator[tuple[Any, Unreadable | None]]:
        """The elements of a list one by one; of each that is unreadable its first plain parts, and why.

        Raises ``CodecError`` for what :meth:`unpack` does, except the unreadable.
        """
        depth.check(data, self.max_depth)
        outer = msgpack.Unpacker(max_buffer_size=max(len(data), 1))
        outer.feed(data)
        try:
            for _ in range(outer.read_array_header()):
                start = outer.tell()
                outer.skip()
                part = data[start : outer.tell()]
                try:
                    yield self.unpack(part), None
                except Unreadable as error:
                    error.parts = self._parts(part)
                    yield head_of(part), error
        except (ValueError, msgpack.UnpackException) as error:
            raise error if isinstance(error, CodecError) else CodecError("the frame", f"is no list: {error}") from None

    def _parts(self, data: Any, level: int = 0) -> list[Any]:
        """The parts of a list, and of the lists in it; in the place of one that is unreadable, why."""
        outer = msgpack.Unpacker(max_buffer_size=max(len(data), 1))
        outer.feed(data)
        parts: list[Any] = []
        for _ in range(outer.read_array_header()):
            start = outer.tell()
            outer.skip()
            part = data[start : outer.tell()]
            try:
                parts.append(self.unpack(part))
            except CodecError as error:
                is_list = not level and (part[0] >> 4 == 9 or part[0] in (0xDC, 0xDD))
                parts.append(self._parts(part, 1) if is_list else error)
        return parts

    @property
    def has_news(self) -> bool:
        """Whether there are announcements."""
        return bool(self._news)

    def announcements(self) -> list[Announcement]:
        """What :meth:`pack` has used for the first time since this was last called; the other side's to learn."""
        news, self._news = self._news, []
        return news

    def learn(self, announcements: Any) -> None:
        """Take the other side's announcements, before the frames that use them.

        A class that is not known here, or has other fields, is refused when an object of it comes.  Raises
        ``CodecError`` for what is no announcement.
        """
        try:
            for number, name, fields in announcements:
                key = bytes(_ext(number).data)
                if type(number) is not int or not FIRST_NUMBER <= number < TYPE_LIMIT or key in self._tags:
                    raise CodecError("a type's number", f"is {number!r}, which is taken or out of range")
                if type(name) is not str or len(name) > 1024 or len(fields) > FIELD_LIMIT:
                    raise CodecError("a type's name", "is no name, or the type has too many fields")
                if not all(type(field) is str for field in fields):
                    raise CodecError(f"type {name[:100]!a}", "has fields without a name")
                self._tags[key] = self._tag(name, tuple(fields))
        except CodecError:
            raise
        except Exception as error:
            raise CodecError("an announcement", f"is not made as it should be: {short(error)}") from error

    def _tag(self, name: str, fields: tuple[str, ...]) -> Tag:
        def shape() -> Shape:
            found = shape_by_name(name, is_trusting=self.is_trusting)
            if found is None:
                way = "import its module" if self.is_trusting else "register it, with actors.register"
                raise Unreadable(f"type {name[:100]!a}", f"is not known on this side; {way}")
            if found.fields != fields:
                odd = ", ".join(sorted(set(found.fields) ^ set(fields))) or "their order"
                raise Unreadable(name, f"has other fields on the other side (different: {odd[:200]}): versions differ")
            return found

        def make(items: list[Any]) -> Any:
            tag.make = shape().make
            return tag.make(items)

        def members() -> tuple[Any, ...]:
            known = shape().members
            tag.members = lambda: known
            return known

        tag = Tag(make)
        tag.members = members
        return tag

    def _default(self, value: Any) -> Any:
        kind = type(value)
        try:
            write = self._writers.get(kind)
            if write is None:
                write = self._writers[kind] = self._writer(kind, value)
            return write(value)
        except CodecError:
            raise
        except Exception as error:
            raise CodecError(name_of(kind), f"cannot be packed: {type(error).__name__} {short(error)}") from error

    def _writer(self, kind: type[Any], value: Any) -> Callable[[Any], Any]:
        """How objects of a class that has not been seen before are packed."""
        if issubclass(kind, BaseException):
            return self._take_apart
        if hasattr(kind, "_cell") and getattr(getattr(value, "_cell", None), "ref", None) is value:
            return lambda ref: [_ext(REF), self._export(ref)]
        if arrays.take_apart(value) is not None:
            return lambda array: [_ext(ARRAY), *(arrays.take_apart(array) or ())]
        name = name_of(kind)
        shape = shape_by_name(name, is_trusting=self.is_trusting)
        if shape is None or shape.cls is not kind:
            raise self._refusal(kind)
        number = self._next_number
        if number >= TYPE_LIMIT:
            raise CodecError(name, "is one type too many for this link")
        self._next_number += 1
        self._news.append([number, name, list(shape.fields)])
        if shape.members:
            return _Members(number, shape)
        tag, read = _ext(number), shape.read
        return lambda record: [tag, *read(record)]

    def _refusal(self, kind: type[Any]) -> CodecError:
        name = name_of(kind)
        if shape_of(kind) is not None:
            if self.is_trusting:
                return CodecError(name, "cannot be found by its name; define it at the top of a module, or register it")
            return CodecError(name, "is not registered; decorate it with actors.register, on both sides")
        for base in kind.__mro__[1:]:
            if base in WRITERS or base in (str, bytes, float, list, dict, tuple, set, frozenset):
                return CodecError(name, f"would come back as {base.__name__}, which it is a subclass of; send that")
        why = "is of no type that travels; send a dataclass, NamedTuple or plain values that say the same"
        return CodecError(name, why)

    def _take_apart(self, error: BaseException) -> list[Any]:
        return [_ext(FAILURE), *failures.take_apart(error, self._pack_apart)]

    def _pack_apart(self, value: Any) -> bytes | None:
        """Bytes within bytes; ``None`` for what cannot travel, and far down."""
        if self._failures >= FAILURE_DEPTH:
            return None
        self._failures += 1
        try:
            packed: bytes = msgpack.Packer(default=self._default, strict_types=True).pack(value)
            if len(packed) > self.max_bytes // 2:
                return None
            depth.check(packed, self.max_depth)
            return packed
        except Exception:
            return None
        finally:
            self._failures -= 1

    def _rebuild(self, items: list[Any]) -> BaseException:
        if self._failures > FAILURE_DEPTH:  # the innermost has nothing in it
            raise CodecError("an exception", f"holds others, deeper than {FAILURE_DEPTH}")
        self._failures += 1
        try:
            return failures.put_together(items[1:], self.unpack, is_trusting=self.is_trusting)
        finally:
            self._failures -= 1

    def _find(self, items: list[Any]) -> Any:
        _, handle = items
        return self._resolve(handle)

    def _explained(self, error: Exception) -> CodecError:
        if isinstance(error, UnicodeEncodeError):
            return CodecError("a str", f"is no text that UTF-8 knows: {short(error)}")
        if isinstance(error, ValueError) and "recursion" in str(error):
            return CodecError("the value", f"nests deeper than {self.max_depth}, the wire's max_depth, or holds itself")
        return CodecError("the value", f"cannot be packed: {type(error).__name__} {short(error)}")


class _Parts:  # of a collection, after the number of its type
    __slots__ = ("tag",)

    def __init__(self, number: int) -> None:
        self.tag = _ext(number)

    def __call__(self, parts: Any) -> list[Any]:
        return [self.tag, *parts]


class _Members:  # of an enumeration, as their places in the announced list
    __slots__ = ("exts", "name")

    def __init__(self, number: int, shape: Shape) -> None:
        self.name = shape.name
        key = bytes(_ext(number).data)
        self.exts = {id(each): msgpack.ExtType(MEMBER, at.to_bytes(2) + key) for at, each in enumerate(shape.members)}

    def __call__(self, member: Any) -> msgpack.ExtType:
        ext = self.exts.get(id(member))
        if ext is None:
            raise CodecError(self.name, "has no such member: combined flags are not members; send the members")
        return ext
