"""What one life has told its siblings, in the order in which it did: a numbered stream of which only the live is kept.

A life numbers its changes 1, 2, 3, ...  Whoever knows its stream *up to version v* has heard of all changes up to v:
what of them is not there is dead.  So one number says all that two cells have to know of each other to find out who
lacks what, a stream costs no more than what is alive in it, and to tell everything from the beginning is the same as to
tell the latest (van Renesse, Dumitriu, Gough and Thomas, Efficient Reconciliation and Flow Control for Anti-Entropy
Protocols, LADIS 2008, "Scuttlebutt").

An entry dies in two ways.  What takes its place in the same stream comes with it, so it can go at once.  What beats it
in another stream, or takes it away, may be lost with its owner; so the entry is still held for a while, *faded*, and
passed on to those who lack it: they either hear of what beat it, or still have it.

Besides entries of values a stream holds notes: entries of others that were taken away, how far its owner has passed its
self-checks, and what it renounces.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from actors.messages import Pid

from ..plain import pack
from .notes import Checked, Held

LIVES_LIMIT = 4_096
"""Versions that are listed in one go, at most."""

_SLACK = 32
"""Dead places in the order of a stream, besides as many as there are live ones, before they are swept."""


@dataclass(slots=True)
class Ahead:
    """What has come from ``source`` beyond what is known, up to ``upto`` of ``goal``; none of it counts before all.

    ``until``: before then more of it is expected from there, and nothing is taken from elsewhere but all at once.
    """

    source: str
    upto: int
    goal: int
    until: float = 0.0
    held: list[tuple[int, Held]] = field(default_factory=list)
    size: int = 0


class Stream:
    """The stream of one life, as far as it is known here.

    ``version``: all changes up to it are known; ``ahead``: more has come, but not all.  ``checked``: up to there they
    were made in health, as the note at ``check_at`` says.  ``held``: by version, what is alive or not forgotten:
    ``alive`` entries, whose versions make up the hash ``live``; ``notes`` notes besides the last ``Checked``; and what
    has ``faded``.  Two copies at the same version that differ in ``live`` have not heard of the same removals.
    ``shadows``: of what has faded the entries that were beaten by a later one of the same life since its last
    self-check, by value and key; they are what a successor gets if the later one turns out to be corrupt.
    """

    __slots__ = (
        "_head", "_order", "ahead", "alive", "check_at", "checked", "faded", "held", "live", "notes", "pid", "shadows",
        "version",
    )  # fmt: skip

    def __init__(self, pid: Pid) -> None:
        self.pid = pid
        self.version = 0
        self.ahead: Ahead | None = None
        self.checked = 0
        self.check_at = 0
        self.alive = 0
        self.live = 0
        self.notes = 0
        self.held: dict[int, Held] = {}
        self.faded: set[int] = set()
        self.shadows: dict[tuple[str, Any], int] = {}
        # Versions in ascending order, those of the dead among them until they are swept.
        self._order: list[int] = []
        self._head = len(pack([pid.name, pid.incarnation])) + 32

    def __repr__(self) -> str:
        return f"Stream({self.pid}, version={self.version}, alive={self.alive})"

    @property
    def is_empty(self) -> bool:
        """Whether nothing is alive in it.  It need not be spoken of: whoever has something of it speaks himself."""
        return not self.alive and not self.notes

    def hold(self, version: int, held: Held) -> None:
        """Hold something under a version above all before."""
        self.version = version
        self.held[version] = held
        self._order.append(version)
        self._count(version, held, 1)

    def fade(self, version: int) -> None:
        """The entry that is held there is dead, but not to be forgotten yet."""
        if version not in self.faded:
            self._count(version, self.held[version], -1)
            self.faded.add(version)

    def drop(self, version: int) -> Held | None:
        """Forget what is held there, if anything; returns it."""
        held = self.held.pop(version, None)
        if held is not None:
            if version in self.faded:
                self.faded.discard(version)
            else:
                self._count(version, held, -1)
            if len(self._order) > 2 * len(self.held) + _SLACK:
                self._order = [each for each in self._order if each in self.held]
        return held

    def _count(self, version: int, held: Held, by: int) -> None:
        if held.value:
            self.alive += by
            self.live ^= _mixed(version)
        elif not isinstance(held.entry, Checked):
            self.notes += by

    def has(self, version: int) -> bool:
        """Whether the entry of that version is alive."""
        return version in self.held and version not in self.faded

    def after(self, version: int) -> Iterator[tuple[int, Held]]:
        """What is held above ``version``, in ascending order."""
        order, held = self._order, self.held
        for place in range(bisect_right(order, version), len(order)):
            number = order[place]
            if number in held:
                yield number, held[number]

    def entries(self) -> list[tuple[int, Held]]:
        """The entries that are held, in ascending order."""
        return [(version, held) for version, held in self.after(0) if held.value]

    def cut(self, since: int, room: int, wanted: int | None = None) -> tuple[list[Any], int] | None:
        """As much of what is above ``since`` as fits, and how many bytes that takes; ``None``: nothing fits.

        The first entry may take all of the ``room``, the others only up to ``wanted`` bytes of it.
        """
        if since >= self.version:
            return None
        upto, size = self.version, self._head
        values: dict[str, list[Any]] = {}
        for version, (value, _, packed) in self.after(since):
            more = len(packed) + (8 if value in values else 14 + len(value.encode()))
            if size + more > (room if not values or wanted is None else min(room, wanted)):
                upto = version - 1
                break
            values.setdefault(value, []).extend((version - since, packed))
            size += more
        if upto == since or size > room:
            return None
        part = [self.pid.name, self.pid.incarnation, since, upto, values]
        return part if upto == self.version else [*part, self.version], size

    def lives(self, since: int, room: int) -> tuple[int, list[int]]:
        """The versions of entries that are alive above ``since``, as differences, and up to where they are listed."""
        steps: list[int] = []
        last = since
        for version, held in self.after(since):
            if not held.value or version in self.faded:
                continue
            if 5 * len(steps) + 5 > room or len(steps) == LIVES_LIMIT:
                return version - 1, steps
            steps.append(version - last)
            last = version
        return self.version, steps


@lru_cache(4096)
def _mixed(number: int) -> int:
    """32 bits that have nothing in common with those of other numbers (the finalizer of MurmurHash3)."""
    number ^= number >> 32
    number = (number ^ number >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    number = (number ^ number >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return number ^ number >> 16
