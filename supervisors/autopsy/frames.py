"""What is kept of an exception once it is over: types, texts and places, and nothing that holds on to its frames.

Reading is done at each crash and so does no more than it must: a place is kept as a code object and a line, and turned
into words by :func:`place` when somebody asks.
"""

from __future__ import annotations

import os
import re
import sys
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import NamedTuple

import actors
from actors import ActorDied, Crashed, Reason, RemoteError

CHAIN = 8
"""Exceptions of a chain that are kept, the outermost first; a chain is rarely longer than three."""

TEXT = 500
"""Characters of an exception's text that are kept."""

MEMBERS = 3
"""Members of an exception group that are kept."""

OURS = tuple(f"{folder}{os.sep}" for folder in (Path(actors.__file__).parent, Path(__file__).parents[1]))
"""Our packages; a frame in them says nothing to whom it is shown to."""

Place = tuple[CodeType, int]

REMOTE = re.compile(r'^ *File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<name>\S+)', re.MULTILINE)
"""A frame in the traceback of another process, which comes as text."""


class Trace(NamedTuple):
    """One exception: how it belongs to the one before (``cause``, ``context``, ``member``, or nothing), what it was,
    and where.

    ``where``: the innermost frame outside our packages; ``via``: the innermost one in the package that the actor's own
    code is in.
    """

    relation: str
    type: str
    text: str
    where: Place | str | None
    via: Place | None


def traces(error: BaseException) -> tuple[Trace, ...]:
    """The chain of ``error`` as Python prints it, the last raised first: a cause, or a context not suppressed."""
    if error.__cause__ is None and error.__context__ is None and not isinstance(error, BaseExceptionGroup):
        return (_trace("", error),)
    found: list[Trace] = []
    seen: set[int] = set()
    relation, each = "", error
    while id(each) not in seen and len(found) < CHAIN:
        seen.add(id(each))
        found.append(_trace(relation, each))
        if isinstance(each, BaseExceptionGroup):
            found.extend(_trace("member", member) for member in each.exceptions[:MEMBERS])
        if isinstance(each.__cause__, RemoteError):  # the same, with where it was raised there
            break
        if each.__cause__ is not None:
            relation, each = "cause", each.__cause__
        elif each.__context__ is not None and not each.__suppress_context__:
            relation, each = "context", each.__context__
    return tuple(found[:CHAIN])


def _trace(relation: str, error: BaseException) -> Trace:
    remote = error if isinstance(error, RemoteError) else error.__cause__
    if error.__traceback__ is None and isinstance(remote, RemoteError):
        return Trace(relation, name_of(error), text_of(error), _where_there(remote.traceback), None)
    where: Place | None = None
    via: Place | None = None
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
    return Trace(relation, name_of(error), text_of(error), where, via)


def _where_there(traceback: str) -> str | None:
    """The innermost frame outside our packages of a traceback in words."""
    frames = [found for found in REMOTE.finditer(traceback) if not is_ours(found["file"])]
    return f"{_short(frames[-1]['file'])}:{frames[-1]['line']} in {frames[-1]['name']}" if frames else None


def name_of(error: BaseException) -> str:
    """The name of an exception's class, also where that is not known here."""
    return error.kind.rpartition(":")[2] if isinstance(error, RemoteError) else type(error).__name__


def text_of(error: BaseException) -> str:
    """The text of an exception with its notes, within bounds; never fails."""
    try:
        text = error.text if isinstance(error, RemoteError) else str(error)
    except Exception as broken:
        text = f"its text cannot be read, {type(broken).__name__}"
    notes = getattr(error, "__notes__", None)
    if notes:
        text = "; ".join([text, *map(str, notes)])
    return text if len(text) <= TEXT else f"{text[:TEXT]}…"


def reason_text(reason: Reason) -> str:
    """A reason in words, within bounds; never fails."""
    if isinstance(reason, Crashed):
        text = text_of(reason.exception)
        name = name_of(reason.exception)
        return f"crashed({name}: {text})" if text else f"crashed({name})"
    try:
        text = str(reason)
    except Exception as broken:
        text = f"{type(reason).__name__}, whose text cannot be read, {type(broken).__name__}"
    return text if len(text) <= TEXT else f"{text[:TEXT]}…"


def awaited(error: BaseException) -> tuple[str, Reason] | None:
    """The actor that ``error``, or what it came from, says has died, and of what."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen and len(seen) < CHAIN:
        name = getattr(each.ref, "name", None) if isinstance(each, ActorDied) else None
        if isinstance(each, ActorDied) and isinstance(name, str):
            return name, each.reason
        seen.add(id(each))
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    return None


@lru_cache(maxsize=4096)
def is_ours(filename: str) -> bool:
    """Whether a file is one of our packages', or of the import machinery."""
    return filename.startswith((*OURS, "<frozen "))


def place(where: Place | str) -> str:
    """``shop/orders.py:41 in reserve``; the file as one would import it, or relative to the current directory."""
    if isinstance(where, str):
        return where
    code, line = where
    return f"{_short(code.co_filename)}:{line} in {code.co_name}"


def _short(filename: str) -> str:
    path = Path(filename)
    if not path.is_absolute():
        return filename
    roots = [Path(entry) for entry in sys.path if entry and Path(entry).is_absolute()]
    inside = [root for root in (Path.cwd(), *roots) if path.is_relative_to(root)]
    return str(path.relative_to(max(inside, key=lambda root: len(root.parts)))) if inside else filename
