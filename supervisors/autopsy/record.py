"""An autopsy as a value: everything that is known of one death, with the death that led to it inside.

It holds plain data only, so it can be written as JSON and read back equal, in another process or years later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

from supervisors.apoptosis.vitals import Vitals
from supervisors.events import Decision
from supervisors.rules import Rule, Ruling

from .kinds import How, Kind
from .sentences import paragraphs, rule_of

T = TypeVar("T")

DEPTH = 16
"""Deaths of a chain that are followed; a tree is rarely half as deep."""


class Unreadable(ValueError):
    """What was to be read as an autopsy is none, for the reason ``why``."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"not an autopsy: {why}")


@dataclass(frozen=True, slots=True)
class Raised:
    """One exception of a chain, the one that ended the life first.

    ``relation`` to the one before it: ``cause``, ``context`` (that one came up while this one was handled) or
    ``member`` (of a group); empty for the first.  ``where``: the innermost frame outside our packages; ``via``: the
    innermost one in the package of the actor's own code; each as ``file:line in function``.
    """

    relation: str
    type: str
    text: str
    where: str | None = None
    via: str | None = None


@dataclass(frozen=True, slots=True)
class Successor:
    """The life that took the place over, ``after`` so many seconds.  At a replacement: how long it had been started."""

    life: int
    after: float


@dataclass(frozen=True, slots=True)
class Because:
    """What led to a death: the death at ``path``, ``None`` where there is none or it is not kept any more."""

    how: How
    path: str
    death: Autopsy | None = None


@dataclass(frozen=True, slots=True)
class Autopsy:
    """One death.

    - ``path``, ``life``: who; of a life that did not start, the number of the attempt.  ``at``: when, by the system's
      clock.  ``kind``: how it ended.
    - ``reason``: the exit reason in words; ``raised``: the exceptions behind it.
    - ``message``, ``handler``: the type of the message in hand and what ran, by name.  ``quarantined``: the lives that
      this message had ended when it was taken out; ``abandoned``: the handler that did not end when it was killed.
    - ``lived``: seconds that it served; ``handled``: messages of this life; ``mailbox``: messages that waited;
      ``vitals``: what was measured where a policy watched it; ``evidence``: the last things that spoke against it.
    - ``decision`` about it, and ``ruling``, the facts of the rule that made it.  ``took``: seconds that a stop took,
      and whether it ended as ``expected``; ``ended``: how a life that was replaced ended later, if not as it should.
    - ``successor``: who serves since, ``None`` if nobody does.
    - ``because``: the death elsewhere that led to this one.
    - ``where``: the thread, process or host that it lived in; ``None``: on the loop.
    """

    path: str
    life: int
    kind: Kind
    at: float
    reason: str
    is_clean: bool = False
    raised: tuple[Raised, ...] = ()
    message: str | None = None
    handler: str | None = None
    quarantined: int | None = None
    abandoned: str | None = None
    lived: float | None = None
    handled: int | None = None
    mailbox: int | None = None
    vitals: Vitals | None = None
    evidence: tuple[str, ...] = ()
    decision: Decision | None = None
    ruling: Ruling | None = None
    took: float | None = None
    expected: bool = True
    ended: str | None = None
    successor: Successor | None = None
    because: Because | None = None
    where: str | None = None

    @property
    def rule(self) -> str:
        """The decision and the rule that made it, in one sentence; empty where nothing was decided."""
        return rule_of(self)

    @property
    def restarts(self) -> int | None:
        """Restarts in the window when it was decided, the one for this death included; ``None`` if none was counted."""
        return self.ruling.number if self.ruling is not None else None

    def chain(self) -> Iterator[Autopsy]:
        """This death, the one that led to it, and so on."""
        each: Autopsy | None = self
        while each is not None:
            yield each
            each = each.because.death if each.because is not None else None

    def describe(self) -> str:
        """The chain of causes in sentences: a headline for each death, what is known of it below, two blanks in."""
        return "\n".join("\n  ".join(said) for said in paragraphs(self))

    def to_dict(self) -> dict[str, Any]:
        """For JSON; ``rule`` is the sentence.  :meth:`from_dict` makes an equal value of it."""
        return {**_plain(self), "rule": self.rule}

    @classmethod
    def from_dict(cls, data: object) -> Autopsy:
        """Read what :meth:`to_dict` wrote.  Raises ``Unreadable``; fields that it does not know are passed over."""
        return _autopsy(data, DEPTH)

    def __str__(self) -> str:
        return self.describe()


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Ruling):
        return {key: _plain(item) for key, item in value._asdict().items()}
    if isinstance(value, Autopsy | Raised | Successor | Because | Vitals):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _autopsy(data: object, depth: int) -> Autopsy:
    read = _Reader(data)
    because = read.inner("because", lambda inner: _because(inner, depth - 1)) if depth > 0 else None
    return Autopsy(
        path=read.of("path", str),
        life=read.of("life", int),
        kind=read.word("kind", Kind),
        at=read.number("at"),
        reason=read.of("reason", str),
        is_clean=read.of("is_clean", bool),
        raised=read.many("raised", lambda inner: _value(Raised, inner)),
        message=read.maybe("message", str),
        handler=read.maybe("handler", str),
        quarantined=read.maybe("quarantined", int),
        abandoned=read.maybe("abandoned", str),
        lived=read.number("lived") if read.has("lived") else None,
        handled=read.maybe("handled", int),
        mailbox=read.maybe("mailbox", int),
        vitals=read.inner("vitals", lambda inner: _value(Vitals, inner)),
        evidence=read.many("evidence", _text),
        decision=read.word("decision", Decision) if read.has("decision") else None,
        ruling=read.inner("ruling", _ruling),
        took=read.number("took") if read.has("took") else None,
        expected=read.of("expected", bool),
        ended=read.maybe("ended", str),
        successor=read.inner("successor", lambda inner: _value(Successor, inner)),
        because=because,
        where=read.maybe("where", str),
    )


def _because(data: object, depth: int) -> Because:
    read = _Reader(data)
    return Because(
        read.word("how", How), read.of("path", str), read.inner("death", lambda inner: _autopsy(inner, depth))
    )


def _ruling(data: object) -> Ruling:
    return _value(Ruling, data)


@cache
def _types(kind: type) -> dict[str, tuple[type, ...]]:
    """The types that each field of a plain value may have."""
    return {name: get_args(hint) or (hint,) for name, hint in get_type_hints(kind).items()}


def _value(kind: type[T], data: object) -> T:
    """A value of plain fields, by their names and types; a whole number will do for any number."""
    given = _Reader(data).data
    known: dict[str, Any] = {}
    for name, types in _types(kind).items():  # type: ignore[arg-type]  # a class is hashable, whatever mypy says
        if name not in given:
            continue
        value = known[name] = given[name]
        if Rule in types:
            known[name] = _Reader(given).word(name, Rule)
        elif type(value) not in types and not (type(value) is int and float in types):
            raise Unreadable(f"{name} is {type(value).__name__}")
    try:
        return kind(**known)
    except TypeError as error:
        raise Unreadable(str(error)) from None


def _text(data: object) -> str:
    if not isinstance(data, str):
        raise Unreadable(f"{type(data).__name__} instead of text")
    return data


class _Reader:
    """A JSON object that is read field by field, each of a certain type."""

    def __init__(self, data: object) -> None:
        if not isinstance(data, Mapping):
            raise Unreadable(f"{type(data).__name__} instead of an object")
        self.data: Mapping[str, Any] = data

    def has(self, key: str) -> bool:
        return self.data.get(key) is not None

    def of(self, key: str, kind: type[T]) -> T:
        value = self.data.get(key)
        if type(value) is not kind:
            raise Unreadable(f"{key} is {type(value).__name__}, not {kind.__name__}")
        return value

    def maybe(self, key: str, kind: type[T]) -> T | None:
        return self.of(key, kind) if self.has(key) else None

    def number(self, key: str) -> float:
        value = self.data.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unreadable(f"{key} is {type(value).__name__}, not a number")
        return float(value)

    def word(self, key: str, words: Callable[[str], T]) -> T:
        try:
            return words(self.of(key, str))
        except ValueError as error:
            raise Unreadable(f"{key}: {error}") from None

    def inner(self, key: str, read: Callable[[object], T]) -> T | None:
        return read(self.data[key]) if self.has(key) else None

    def many(self, key: str, read: Callable[[object], T]) -> tuple[T, ...]:
        value = self.data.get(key, [])
        if not isinstance(value, list):
            raise Unreadable(f"{key} is {type(value).__name__}, not a list")
        return tuple(read(item) for item in value)
