"""A journal file read back: the autopsies of the runs it tells of, put together again.

Lines that cannot be read are passed over and counted: a file may be cut off, spoiled, or none of ours.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .chronicle import VERSION, older
from .record import DEPTH, Autopsy, Unreadable

LONGEST = 1 << 20
"""Bytes of a line; a longer one is none of ours."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One autopsy of a file: when it was (UTC, ISO 8601), and the number of the death that led to it."""

    time: str
    cause: int | None
    autopsy: Autopsy


@dataclass(slots=True)
class Run:
    """What a file tells of one run of a tree; ``entries`` by the number of the death."""

    tree: str
    pid: int
    time: str
    entries: dict[int, Entry] = field(default_factory=dict)

    def whole(self, number: int, depth: int = DEPTH) -> Autopsy:
        """An autopsy with the chain of those that led to it, as far as they are in the file."""
        entry = self.entries[number]
        because = entry.autopsy.because
        if because is None or depth <= 0:
            return dataclasses.replace(entry.autopsy, because=None)
        cause = self.entries.get(entry.cause) if entry.cause is not None else None
        death = self.whole(entry.cause, depth - 1) if cause is not None and entry.cause is not None else None
        return dataclasses.replace(entry.autopsy, because=dataclasses.replace(because, death=death))


class Annals:
    """The runs in a journal file and the one before it, the oldest first; ``unreadable`` counts lines that are not
    understood.

    Raises ``OSError`` if ``file`` cannot be read.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.runs: list[Run] = []
        self.lines = 0
        self.unreadable = 0
        self._run: Run | None = None
        self._known: dict[str, Run] = {}
        before = older(file)
        for each in (before, file) if before.is_file() else (file,):
            for line in _lines(each):
                self.lines += 1
                self.unreadable += not self._read(line)

    def _read(self, line: bytes) -> bool:
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            return False
        if not isinstance(data, dict):
            return False
        if "journal" in data:
            return self._begin(data)
        if "autopsy" in data:
            return self._enter(data)
        return "event" in data or "lost" in data

    def _begin(self, head: dict[str, Any]) -> bool:
        run, tree, pid, time = head.get("run"), head.get("tree"), head.get("pid"), head.get("time")
        known = head["journal"] == VERSION
        if not known or not isinstance(run, str) or not isinstance(tree, str) or not isinstance(time, str):
            self._run = None
            return False
        self._run = self._known.get(run)
        if self._run is None:
            self._run = self._known[run] = Run(tree, pid if type(pid) is int else 0, time)
            self.runs.append(self._run)
        return True

    def _enter(self, data: dict[str, Any]) -> bool:
        number, cause, time = data.get("number"), data.get("cause"), data.get("time")
        if self._run is None or type(number) is not int or not isinstance(time, str):
            return False
        try:
            autopsy = Autopsy.from_dict(data["autopsy"])
        except Unreadable:
            return False
        self._run.entries.pop(number, None)
        self._run.entries[number] = Entry(time, cause if type(cause) is int else None, autopsy)
        return True

    def why(self, path: str, tree: str | None = None) -> list[tuple[str, Autopsy]]:
        """The autopsies of ``path``, each with its time, the newest first; ``tree``: of trees of that name only."""
        found: list[tuple[str, Autopsy]] = []
        for run in reversed(self.runs):
            if tree is None or run.tree == tree:
                names = {"/".join(key for key in name.split("/") if key) for name in (path, f"{run.tree}/{path}")}
                numbers = [number for number, entry in run.entries.items() if entry.autopsy.path in names]
                found += [(run.entries[number].time, run.whole(number)) for number in sorted(numbers, reverse=True)]
        return found

    def paths(self, tree: str | None = None) -> list[str]:
        """The places that have a death to tell of, by name."""
        runs = [run for run in self.runs if tree is None or run.tree == tree]
        return sorted({entry.autopsy.path for run in runs for entry in run.entries.values()})


def _lines(file: Path) -> Iterator[bytes]:
    """The lines that have an end; of one that is too long, its pieces."""
    with file.open("rb") as stream:
        while line := stream.readline(LONGEST):
            if line.strip():
                yield line
