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
from .types import class_by_name, name_of

TEXT_LIMIT = 65_536
"""Characters of an exception's text that travel."""

TRACEBACK_LIMIT = 16_384
"""Characters of its traceback that travel: the last ones."""

_BUILT_IN = {name: kind for name, kind in vars(builtins).items() if isinstance(kind, type)}


def take_apart(error: BaseException, pack: Callable[[Any], bytes | None]) -> list[Any]:
    """Qualified name, arguments, attributes, text and traceback; ``pack`` returns ``None`` for what cannot travel."""
    if type(error) is RemoteError:  # it goes on as what it was
        return [error.kind, None, None, error.text, error.traceback]
    state = getattr(error, "__dict__", {})
    packed = [pair for pair in ((name, pack(value)) for name, value in state.items()) if pair[1] is not None]
    try:
        text = str(error)[:TEXT_LIMIT]
    except Exception:
        text = "cannot be printed"
    args = OSError.__reduce__(error)[1] if isinstance(error, OSError) else error.args  # with the names of files
    return [name_of(type(error)), pack(args), packed, text.encode(errors="replace").decode(), _trace(error)]


def _trace(error: BaseException) -> str:
    if error.__traceback__ is None and error.__cause__ is None and error.__context__ is None:
        return ""
    try:
        lines = traceback.format_exception(error, limit=-20)
    except Exception:
        return ""
    return "".join(lines)[-TRACEBACK_LIMIT:].encode(errors="replace").decode()


def put_together(items: list[Any], unpack: Callable[[bytes], Any], *, is_trusting: bool) -> BaseException:
    """The exception.  Raises ``CodecError`` for what :func:`take_apart` did not make."""
    name, args, state, text, trace = items
    if not all(type(part) is str for part in (name, text, trace)) or not isinstance(state, list | None):
        raise CodecError("an exception", "is not made as it should be")
    remote = RemoteError(name, text, trace)
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
