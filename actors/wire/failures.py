"""Exceptions as values: what travels of one, and what is made of it on the other side.

An exception is rebuilt if its class is known there, without its arguments if they cannot travel and its text says as
much; otherwise it is a :class:`~actors.errors.RemoteError` with its type and text.  The constructor of a user's class
is never run.
"""

from __future__ import annotations

import builtins
import sys
import traceback
from collections.abc import Callable
from typing import Any

from .. import errors
from ..errors import CodecError, RemoteError
from ..origins import CHAIN, Place, Spot, Trace, told_there, traces, without_ours
from .types import class_by_name, name_of

TEXT_LIMIT = 65_536
"""Characters of an exception's text that travel."""

TRACEBACK_LIMIT = 16_384
"""Characters of its traceback that travel: the last ones."""

NAME_LIMIT = 1024
"""Characters of the name of a file, a function or a class in its origins."""

_BUILT_IN = {name: kind for name, kind in vars(builtins).items() if isinstance(kind, type)}


def take_apart(error: BaseException, pack: Callable[[Any], bytes | None]) -> list[Any]:
    """Qualified name, arguments, attributes, text, traceback and origins.

    ``pack`` returns ``None`` for what cannot travel.
    """
    if type(error) is RemoteError:  # it goes on as what it was
        return [error.kind, None, None, error.text, error.traceback, _plain(error.origins)]
    state = getattr(error, "__dict__", {})
    packed = [pair for pair in ((name, pack(value)) for name, value in state.items()) if pair[1] is not None]
    try:
        text = str(error)[:TEXT_LIMIT]
    except Exception:
        text = "cannot be printed"
    args = OSError.__reduce__(error)[1] if isinstance(error, OSError) else error.args  # with the names of files
    was_raised = error.__traceback__ is not None or error.__cause__ is not None or error.__context__ is not None
    where = [_words(error), _plain(traces(error))] if was_raised else ["", []]
    return [name_of(type(error)), pack(args), packed, _clean(text), *where]


def _words(error: BaseException) -> str:
    """The traceback, from the first frame on that is not ours."""
    there = told_there(error)
    if there:
        return there
    try:
        lines = traceback.format_exception(type(error), error, without_ours(error.__traceback__), limit=-20)
    except Exception:
        return ""
    return _clean("".join(lines)[-TRACEBACK_LIMIT:])


def _clean(text: str) -> str:
    return text.encode(errors="replace").decode()


def _plain(origins: tuple[Trace, ...]) -> list[list[Any]]:
    return [
        [each.relation, _clean(each.type[:NAME_LIMIT]), _clean(each.text), _spot(each.where), _spot(each.via)]
        for each in origins
    ]


def _spot(place: Place | Spot | None) -> list[Any] | None:
    if place is None:
        return None
    file, line, function = place if len(place) == 3 else (place[0].co_filename, place[1], place[0].co_name)
    return [_clean(file[-NAME_LIMIT:]), line, _clean(function[:NAME_LIMIT])]


def _origins(plain: Any) -> tuple[Trace, ...]:
    """What :func:`_plain` made.  Raises ``ValueError`` or ``TypeError`` for anything else."""
    if type(plain) is not list or len(plain) > CHAIN:
        raise ValueError("no chain")
    found = []
    for relation, kind, text, *places in plain:
        if not all(type(each) is str for each in (relation, kind, text)):
            raise TypeError("no text")
        where, via = map(_place, places)
        found.append(Trace(relation, kind, text, where, via))
    return tuple(found)


def _place(plain: Any) -> Spot | None:
    if plain is None:
        return None
    file, line, function = plain
    if (type(file), type(line), type(function)) != (str, int, str):
        raise TypeError("no place")
    return file, line, function


def put_together(items: list[Any], unpack: Callable[[bytes], Any], *, is_trusting: bool) -> BaseException:
    """The exception.  Raises ``CodecError`` for what :func:`take_apart` did not make."""
    try:
        name, args, state, text, trace, plain = items
        if not all(type(part) is str for part in (name, text, trace)) or not isinstance(state, list | None):
            raise TypeError("no exception")
        remote = RemoteError(name, text, trace, _origins(plain))
    except (TypeError, ValueError):
        raise CodecError("an exception", "is not made as it should be") from None
    cls = _class_of(name, is_trusting=is_trusting)
    if cls is None or not isinstance(args, bytes | None):
        return remote
    try:
        values = (text,) if args is None else unpack(args)
        if type(values) is not tuple:
            return remote
        made = cls(*values) if cls.__module__ == "builtins" else cls.__new__(cls, *values)
        if not isinstance(made, OSError):
            made.args = values
        for key, value in state or ():
            if type(key) is str:
                made.__dict__[key] = unpack(value)
        says = str(made)
        if type(made) is not cls or (args is None and says != text):
            return remote
        if trace:
            made.__cause__ = remote
            made.__suppress_context__ = True
    except Exception:  # of the class's own __new__ or __str__, or values that are not known here
        return remote
    return made


def _class_of(name: str, *, is_trusting: bool) -> type[Exception] | None:
    module, _, kind = name.partition(":")
    found: Any = None
    if module == "builtins":
        found = _BUILT_IN.get(kind)
    elif module == errors.__name__:
        found = vars(errors).get(kind)
    elif is_trusting:
        found = class_by_name(name) if module in sys.modules else None
    return found if isinstance(found, type) and issubclass(found, Exception) else None
