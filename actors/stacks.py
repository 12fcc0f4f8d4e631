"""Where a thread is: its stack from a given function on, short enough for a log."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterable
from pathlib import PurePath
from types import CodeType, FrameType

SHOWN = 20
"""Places of a stack that are kept: the outer ones and, of those in the middle, none."""

OUTER = 8
"""Of those, the outer ones, which say how it came there."""

DEEPEST = 10_000
"""Frames that are looked at; a deeper recursion is cut off at its outer end."""

LINE_WIDTH = 160
"""Characters of a source line that are shown."""

Place = tuple[str, int, str]
"""File, line and qualified name of a function; a file of ``""`` stands for so many places left out."""


def places_of(thread: int, below: CodeType) -> tuple[Place, ...]:
    """Where ``thread`` is, from the first call that ``below`` made outside its own package's plumbing, outermost first.

    Empty if the thread does not run ``below``, or is not there.
    """
    frame = sys._current_frames().get(thread)
    inner: list[FrameType] = []
    while frame is not None and frame.f_code is not below and len(inner) < DEEPEST:
        inner.append(frame)
        frame = frame.f_back
    if frame is None:
        return ()
    package = PurePath(below.co_filename).parent
    places = [(each.f_code.co_filename, each.f_lineno or 0, each.f_code.co_qualname) for each in reversed(inner)]
    at = 0
    while at < len(places) and PurePath(places[at][0]).parent == package:
        at += 1
    places = places[at:]
    left_out = len(places) - SHOWN
    if left_out <= 0:
        return tuple(places)
    return (*places[:OUTER], ("", left_out, ""), *places[OUTER + left_out :])


def describe_places(places: Iterable[Place]) -> list[str]:
    """A line each: ``file:line in function: source``.  Reads the files."""
    return [_describe(*place) for place in places]


def _describe(file: str, line: int, function: str) -> str:
    if not file:
        return f"... {line} more"
    source = linecache.getline(file, line).strip()
    if len(source) > LINE_WIDTH:
        source = f"{source[: LINE_WIDTH - 3]}..."
    return f"{file}:{line} in {function}" + (f": {source}" if source else "")
