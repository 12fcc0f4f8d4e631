"""What a stream holds: entries of values, and notes on other entries and lives; and pieces of it, as they travel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from actors.messages import Pid

from ..crdt.context import Dot
from ..crdt.dotted import Dotted
from ..plain import read_bytes, read_list, read_name, read_number, unpack

NOTE = ""
"""In the place of a value's name: this is a note."""


class Taken(NamedTuple):
    """Note: these entries of others were taken away."""

    dots: tuple[Dot, ...]

    def wire(self) -> list[Any]:
        """As plain values, by owner."""
        owners: dict[Pid, list[int]] = {}
        for owner, number in self.dots:
            owners.setdefault(owner, []).append(number)
        return [0, [[owner.name, owner.incarnation, numbers] for owner, numbers in owners.items()]]


class Checked(NamedTuple):
    """Note: the owner passed its self-check; all changes up to ``version`` were made in health."""

    version: int

    def wire(self) -> list[Any]:
        """As plain values."""
        return [1, self.version]


class Renounced(NamedTuple):
    """Note: a life of this place does not inherit from life ``life`` of it: what is after its last check, or all."""

    life: int
    all: bool

    def wire(self) -> list[Any]:
        """As plain values."""
        return [2, self.life, self.all]


Note = Taken | Checked | Renounced


def read_note(raw: Any) -> Note:
    """A note from its plain values.  Raises ``TypeError`` or ``ValueError``."""
    code, *rest = read_list(raw, 2, 3)
    if code == 0:
        dots = [
            (Pid(read_name(name), read_number(life, 1)), read_number(number, 1))
            for name, life, numbers in read_list(rest[0])
            for number in read_list(numbers)
        ]
        return Taken(tuple(dots))
    if code == 1:
        return Checked(read_number(rest[0]))
    if code == 2:
        life, everything = rest
        return Renounced(read_number(life, 1), everything is True)
    raise ValueError(f"no note has the code {code!r}")


class Held(NamedTuple):
    """What a stream holds under a version: an entry of a value (by its name on the wire) or a note; and as bytes."""

    value: str
    entry: Any
    packed: bytes


class Part(NamedTuple):
    """A piece of a stream without gaps: all that its sender holds of the changes above ``since``, up to ``upto``.

    ``head``: up to where the sender knows the stream.  What lies above ``upto`` may have taken the place of something
    below, which then is missing: until all up to there has come, nothing of it counts.
    """

    pid: Pid
    since: int
    upto: int
    head: int
    held: list[tuple[int, Held]]


def read_part(raw: Any, value: Callable[[str], Dotted[Any]], entry_bytes: int, now: float) -> Part:
    """A part from its plain values (:meth:`~.streams.Stream.cut`).  Raises ``TypeError`` or ``ValueError``.

    ``value``: the value of that name on the wire, which knows how to read and to vet its entries; ``entry_bytes``: the
    longest entry.
    """
    name, life, since, upto, values, *more = read_list(raw, 5, 6)
    pid, head = Pid(read_name(name), read_number(life, 1)), more[0] if more else upto
    held: dict[int, Held] = {}
    if not read_number(since) < read_number(upto) <= read_number(head):
        raise ValueError("a part that ends before it begins, or after its stream")
    for wire, flat in values.items():
        home = None if wire == NOTE else value(wire)
        for step, packed in zip(flat[::2], flat[1::2], strict=True):
            version = since + read_number(step, 1)
            if version > upto or version in held or len(read_bytes(packed)) > entry_bytes:
                raise ValueError(f"no entry of such a part: {len(packed)} bytes at {version}")
            plain = unpack(packed)
            if home is None:
                held[version] = Held(NOTE, read_note(plain), packed)
            else:
                entry = home.read(pid, plain)
                home.vet(entry, now)
                held[version] = Held(wire, entry, packed)
    return Part(pid, since, upto, head, sorted(held.items()))
