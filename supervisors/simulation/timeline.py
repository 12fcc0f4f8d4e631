"""The timeline of a run: what happened, a line each, and what only repeats itself as one line.  Pure.

Entries are put together to *scenes*: one begins when all is well and ends when all is well again.  Within a scene, what
has been shown three times (the same kind of thing happening to the same place, with the same decision, or to one place
after the other) is only counted from then on, until something new comes; and a scene that goes like three scenes before
it is only counted as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from supervisors.events import Died, StartFailure, SupervisionEvent

from .durations import clock

SHOWN = 3
"""Times that the same thing is shown before it is only counted."""

FAULT, CALM, END = "fault", "calm", "end"

UNREST = frozenset({"Died", "StartFailure", "Stopped", "Orphaned"})
"""Kinds of events after which somebody may be missing."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened ``at`` a moment, at ``path``, in words; ``key`` (kind, path, decision) tells what repeats
    itself.

    ``kind``: the type of the event, or ``fault``, ``calm`` (everything serves again), ``end``.  ``starts``: it counts
    as a restart.
    """

    at: float
    path: str
    kind: str
    text: str
    key: tuple[str, str, str]
    starts: bool = False
    event: SupervisionEvent | None = field(default=None, compare=False)

    @property
    def sort(self) -> tuple[str, str]:
        """What it has in common with the same thing happening at another place."""
        return self.key[0], self.key[2]

    def __str__(self) -> str:
        return f"{clock(self.at)}  {self.text}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        plain = {"at": self.at, "kind": self.kind, "path": self.path, "text": self.text}
        return plain | ({"event": self.event.to_dict()} if self.event is not None else {})


def entry_of(event: SupervisionEvent) -> Entry:
    """The entry for an event of the tree."""
    kind = type(event).__name__
    decision = getattr(event, "decision", None)
    key = (kind, event.path, decision.value if decision is not None else "")
    return Entry(event.at, event.path, kind, event.describe(), key, isinstance(event, Died | StartFailure), event)


def said(kind: str, at: float, path: str, text: str, what: str = "") -> Entry:
    """An entry for what is no event of the tree; ``what`` tells it from others of its kind at that place."""
    return Entry(at, path, kind, text, (kind, path, what))


@dataclass(slots=True)
class Scene:
    """Entries from when all was well to when all is well again."""

    entries: list[Entry] = field(default_factory=list)

    @property
    def signature(self) -> tuple[tuple[str, ...], ...]:
        """What kinds of things happened, in the order of their first time; siblings are alike where nobody was down."""
        if any(entry.kind in UNREST for entry in self.entries):
            return tuple(dict.fromkeys(entry.key for entry in self.entries))
        return tuple(dict.fromkeys((entry.kind, entry.path.rpartition("/")[0]) for entry in self.entries))

    def lines(self) -> Iterator[str]:
        """The scene, with what repeats itself counted."""
        seen: Counter[tuple[str, str, str]] = Counter()
        bucket: list[Entry] = []
        sort, alike = ("", ""), 0
        for entry in self.entries:
            seen[entry.key] += 1
            alike = alike + 1 if entry.sort == sort else 1
            sort = entry.sort
            if seen[entry.key] > SHOWN or alike > SHOWN:
                bucket.append(entry)
                continue
            yield from _counted(bucket)
            bucket = []
            yield str(entry)
        yield from _counted(bucket)


def scenes(entries: Sequence[Entry]) -> list[Scene]:
    """Cut a run into scenes.  Between two of them time passes, and everything serves."""
    found: list[Scene] = []
    is_calm = True
    for entry in entries:
        last = found[-1].entries[-1] if found else None
        if last is None or (is_calm and entry.at > last.at):
            found.append(Scene())
        found[-1].entries.append(entry)
        if entry.kind == CALM:
            is_calm = True
        elif entry.kind in UNREST:
            is_calm = False
    return found


def timeline(entries: Sequence[Entry], *, everything: bool = False) -> list[str]:
    """The lines of a run; ``everything``: nothing is left out."""
    if everything:
        return [str(entry) for entry in entries]
    lines: list[str] = []
    seen: Counter[tuple[tuple[str, ...], ...]] = Counter()
    bucket: list[Entry] = []
    for scene in scenes(entries):
        signature = scene.signature
        seen[signature] += 1
        if seen[signature] > SHOWN:
            bucket.extend(scene.entries)
            continue
        lines.extend(_counted(bucket))
        bucket = []
        lines.extend(scene.lines())
    lines.extend(_counted(bucket))
    return lines


def _counted(bucket: Sequence[Entry]) -> Iterator[str]:
    """What was left out, in one line: restarts and replacements by place, or else what kinds of things."""
    if len(bucket) < 2:
        yield from map(str, bucket)
        return
    restarts = Counter(entry.path for entry in bucket if entry.starts)
    replaced = Counter(entry.path for entry in bucket if entry.kind == "Replaced")
    last = bucket[-1].at
    parts = [*_more(restarts, "restart"), *_more(replaced, "replacement")]
    if not parts:
        kinds = Counter(entry.kind for entry in bucket)
        parts = [f"{count:,} more {_WORDS.get(kind, f'{kind} events')}" for kind, count in kinds.items()]
    yield f"{' ' * len(clock(last))}  ... {', '.join(parts)} until {clock(last)}"


_WORDS = {
    FAULT: "strikes",
    CALM: "times everything served again",
    "Stopped": "stopped",
    "Serving": "serving",
    "Waiting": "waiting",
    "Damaged": "observations of damage",
    "Postponed": "postponed",
    "Orphaned": "ended with their supervisor",
}


def _more(counts: Counter[str], what: str) -> list[str]:
    if len(counts) <= SHOWN:
        return [f"{count:,} more {what}{'' if count == 1 else 's'} of {path}" for path, count in counts.items()]
    return [f"{counts.total():,} more {what}s of {len(counts):,} places"]
