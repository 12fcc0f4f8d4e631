"""What a user says to contact, looked at before anything is done with it.

Each complaint is a ``ValueError`` that names the argument, what it has to be, and what it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from actors.messages import Pid
from actors.ref import Ref
from actors.tissue.crdt.dotted import Dotted
from actors.tissue.crdt.kinds import SHARED
from actors.tissue.crdt.topk import DEFAULT_K, TopK
from actors.tissue.plain import NAME_BYTES, NUMBER_LIMIT, is_number
from actors.tissue.state.store import VALUE_NAME_BYTES

from .hosts import HOSTS

if TYPE_CHECKING:
    from .body import Body


def named(what: str, raw: object, most: int = NAME_BYTES) -> str:
    """A name that can travel: text, not empty, of at most ``most`` bytes; also of an enumeration of texts."""
    if isinstance(raw, str) and raw:
        text = str.__str__(raw)
        try:
            if len(text.encode()) <= most:
                return text
        except UnicodeEncodeError:
            pass
    raise ValueError(f"{what} must be a text of 1 to {most} bytes; got {raw!r:.60}")


def number(what: str, raw: object, least: float = 0.0, most: float = float("inf")) -> float:
    """A finite number from ``least`` to ``most``; a boolean is none."""
    if is_number(raw) and least <= raw <= most:
        return float(raw)
    limits = f"from {least:g}" if most == float("inf") else f"from {least:g} to {most:g}"
    raise ValueError(f"{what} must be a finite number {limits}; got {raw!r:.60}")


def whole(what: str, raw: object, least: int, most: int = NUMBER_LIMIT - 1) -> int:
    """A whole number from ``least`` to ``most``; neither a boolean nor a float."""
    if type(raw) is int and least <= raw <= most:
        return raw
    is_far = most == NUMBER_LIMIT - 1 and not (type(raw) is int and raw > most)
    limits = f"from {least}" if is_far else f"from {least} to {most}"
    raise ValueError(f"{what} must be a whole number {limits}; got {raw!r:.60}")


def grouped(raw: object, home: str | None = None) -> str:
    """The name of a group, if it can travel; ``home``: of one that there is already."""
    if home is not None and raw == home:
        return home
    try:
        group = named("", raw)
    except ValueError:
        raise ValueError(f"a group's name is a text of 1 to {NAME_BYTES} bytes; got {raw!r:.60}") from None
    if group == HOSTS:
        raise ValueError(f"a group's name is any but {HOSTS!r}, in which hosts speak to each other")
    return group


def linked(other: object, body: Body) -> str:
    """The address of somebody to be linked to: a ref, a name of this system or an address, but not of oneself."""
    if isinstance(other, Ref):
        address = f"{other.name}@{other._cell.scheduler.system.name}"
    else:
        text = named("link() takes refs, names of this system and addresses (name@host); each", other)
        address = text if "@" in text else f"{text}@{body.site.name}"
    name, _, host = address.rpartition("@")
    if not name or not host:
        raise ValueError(f"link(): {address!r} is no address; one is name@host, as {body.pid.name!r}")
    if address == body.pid.name:
        raise ValueError(f"link(): {address!r} is this life itself, which is no neighbour of its own; leave it out")
    return named("link(): an address", address)


def living(pid: object) -> Pid:
    """Which life an event named."""
    if isinstance(pid, Pid):
        return pid
    raise ValueError(f"at(pid) takes a Pid, as events name one (event.to, event.sender, event.pid); got {pid!r:.60}")


def shared(name: object, kind: object, args: tuple[Any, ...]) -> str:
    """The name of a value, if there are such values: of a kind that can be shared, with arguments that fit it."""
    text = named("share(name)", name, VALUE_NAME_BYTES)
    kinds = ", ".join(sorted(each.__name__ for each in SHARED))
    if not isinstance(kind, type) or kind not in SHARED:
        got = repr(kind) if not isinstance(kind, type) else kind.__name__
        raise ValueError(f"share({text!r}, kind): kind must be one of {kinds}; got {got:.60}")
    if args and (kind is not TopK or len(args) > 1):
        takes = "its k only" if kind is TopK else "no arguments"
        raise ValueError(f"share({text!r}, {kind.__name__}): a {kind.__name__} takes {takes}; got {args!r:.60}")
    return text


def described(kind: type[Dotted[Any]], args: tuple[Any, ...]) -> str:
    """How a kind of value is asked for, in words."""
    k = args[0] if args else DEFAULT_K
    return f"{kind.__name__} with k={k}" if kind is TopK else kind.__name__


def computing(compute: object) -> Callable[[str], Any]:
    """What computes the values of a cache."""
    if not callable(compute):
        raise ValueError(f"cache(compute) must be a function of the key; got {compute!r:.60}")
    return compute
