"""What is kept of an exception once it is over, in words: a reason, whom it waited for, and where it came up.

What is read of it is told in :mod:`actors.origins`; a place is turned into words when somebody asks.
"""

from __future__ import annotations

import sys
from pathlib import Path

from actors import ActorDied, Crashed, Reason
from actors.origins import CHAIN, TEXT, Place, Spot, name_of, text_of


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


def place(where: Place | Spot) -> str:
    """``shop/orders.py:41 in reserve``; the file as one would import it, or relative to the current directory."""
    if len(where) == 3:
        file, line, function = where
    else:
        code, line = where
        file, function = code.co_filename, code.co_name
    return f"{_short(file)}:{line} in {function}"


def _short(filename: str) -> str:
    path = Path(filename)
    if not path.is_absolute():
        return filename
    roots = [Path(entry) for entry in sys.path if entry and Path(entry).is_absolute()]
    inside = [root for root in (Path.cwd(), *roots) if path.is_relative_to(root)]
    return str(path.relative_to(max(inside, key=lambda root: len(root.parts)))) if inside else filename
