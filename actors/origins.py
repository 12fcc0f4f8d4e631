"""Where an exception came up: the chain as Python prints it, and of each one the places that are worth showing.

Reading is done at each crash and so does no more than it must: a place is kept as a code object and a line.  Of an
exception from another process or host the same was read there, and came along as plain values.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from types import CodeType, TracebackType
from typing import NamedTuple

from .errors import RemoteError

CHAIN = 8
"""Exceptions of a chain that are kept, the outermost first; a chain is rarely longer than three."""

TEXT = 500
"""Characters of an exception's text that are kept."""

MEMBERS = 3
"""Members of an exception group that are kept."""

OURS = tuple(f"{Path(__file__).parents[1] / name}{os.sep}" for name in ("actors", "supervisors"))
"""Our packages; a frame in them says nothing to whom it is shown to."""

Place = tuple[CodeType, int]

Spot = tuple[str, int, str]
"""A place elsewhere: file, line and function."""


class Trace(NamedTuple):
    """One exception: how it belongs to the one before (``cause``, ``context``, ``member``, or nothing), what it was,
    and where.

    ``where``: the innermost frame outside our packages; ``via``: the innermost one in the package that the actor's own
    code is in.
    """

    relation: str
    type: str
    text: str
    where: Place | Spot | None
    via: Place | Spot | None


def traces(error: BaseException) -> tuple[Trace, ...]:
    """The chain of ``error``, the last raised first: a cause, or a context not suppressed."""
    if (
        error.__cause__ is None
        and error.__context__ is None
        and not isinstance(error, BaseExceptionGroup | RemoteError)
    ):
        return (_trace("", error),)
    found: list[Trace] = []
    seen: set[int] = set()
    relation, each = "", error
    while id(each) not in seen and len(found) < CHAIN:
        seen.add(id(each))
        found.append(_trace(relation, each))
        remote = remote_of(each)
        if remote is not None:
            found.extend(remote.origins[1:])
            break
        if isinstance(each, BaseExceptionGroup):
            found.extend(_trace("member", member) for member in each.exceptions[:MEMBERS])
        if each.__cause__ is not None:
            relation, each = "cause", each.__cause__
        elif each.__context__ is not None and not each.__suppress_context__:
            relation, each = "context", each.__context__
    return tuple(found[:CHAIN])


def _trace(relation: str, error: BaseException) -> Trace:
    where: Place | Spot | None = None
    via: Place | Spot | None = None
    home: str | None = None
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        code = frame.f_code
        if not is_ours(code.co_filename):
            package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
            if home is None:
                home = package
            where = (code, trace.tb_lineno)
            if package == home:
                via = where
        trace = trace.tb_next
    remote = remote_of(error)
    if remote is not None and remote.origins:  # it went on here from where somebody waited for it
        there = remote.origins[0]
        where, via = there.where or where, via or there.via
    return Trace(relation, name_of(error), text_of(error), where, via)


def remote_of(error: BaseException) -> RemoteError | None:
    """What is known of ``error`` from the process or host in which it was raised, if it was elsewhere."""
    if isinstance(error, RemoteError):
        return error
    cause, cls = error.__cause__, type(error)
    if isinstance(cause, RemoteError) and cause.kind == f"{cls.__module__}:{cls.__qualname__}":
        return cause
    return None


def told_there(error: BaseException) -> str:
    """The traceback of ``error`` in words, if it was raised elsewhere and nobody's code but ours let it go on here."""
    remote = remote_of(error)
    trace = error.__traceback__
    while trace is not None and is_ours(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return remote.traceback if remote is not None and trace is None else ""


def without_ours(trace: TracebackType | None) -> TracebackType | None:
    """A traceback from the first frame on that is not ours; as it is if there is none."""
    each = trace
    while each is not None and is_ours(each.tb_frame.f_code.co_filename):
        each = each.tb_next
    return each if each is not None else trace


def name_of(error: BaseException) -> str:
    """The name of an exception's class, also where that is not known here."""
    return error.kind.rpartition(":")[2] if isinstance(error, RemoteError) else type(error).__name__


def text_of(error: BaseException) -> str:
    """The text of an exception with its notes, within bounds; never fails."""
    if isinstance(error, RemoteError):
        text, notes = error.text, None
    else:
        try:
            text = str(error)
        except Exception as broken:
            text = f"its text cannot be read, {type(broken).__name__}"
        notes = getattr(error, "__notes__", None)
    if notes:
        text = "; ".join([text, *map(str, notes)])
    return text if len(text) <= TEXT else f"{text[:TEXT]}…"


@lru_cache(maxsize=4096)
def is_ours(filename: str) -> bool:
    """Whether a file is one of our packages', or of the import machinery."""
    return filename.startswith((*OURS, "<frozen "))
