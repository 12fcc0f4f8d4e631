"""Who of this machine is asked: a tree or a host, by the name of either, or by its process id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from supervisors.autopsy.client import DoorError, Found, ask, found

from .guardian import NAME as GUARDIAN
from .loading import Unusable
from .processes import usage_of

HOST = "host "
"""What stands before the name of a host that runs no tree of its own."""


def is_tree(door: Found) -> bool:
    """Whether a tree runs there; a host alone has none of its own."""
    return not door.tree.startswith(HOST)


def host_at(door: Found) -> str | None:
    """The name that the process has among hosts; ``None``: it is none, or does not say."""
    try:
        known = ask(door.path, {"verb": "hosts"})
        return next((str(each["name"]) for each in known if each["here"]), None)
    except (DoorError, LookupError, TypeError):
        return None


def is_guarded_by(door: Found, pid: int) -> bool:
    """Whether process ``pid`` is the guardian of the one there: its parent, or a child that took that one's place."""
    node, other = usage_of(door.pid), usage_of(pid)
    if node is None or other is None or other.name != GUARDIAN:
        return False
    return node.parent == other.pid or other.parent == node.pid


def called(doors: Iterable[Found], name: str | None) -> list[Found]:
    """Those of that name, or process id, its own or its guardian's, which is the one that was started.

    A name may be the tree's or that of the host which its process is.
    """
    doors = list(doors)
    exact = [each for each in doors if name in (None, each.tree, each.tree.removeprefix(HOST), str(each.pid))]
    if not exact and name is not None and name.isdecimal():
        exact = [each for each in doors if is_guarded_by(each, int(name))]
    return exact or [each for each in doors if is_tree(each) and host_at(each) == name]


def spell(doors: Sequence[Found]) -> str:
    """Who there is, with the names by which they can be called."""
    return ", ".join(f"{each}, host {host}" if _has(each, host := host_at(each)) else str(each) for each in doors)


def _has(door: Found, host: str | None) -> bool:
    return is_tree(door) and host not in (None, door.tree)


def one_tree(name: str | None, otherwise: str) -> tuple[list[Found], str]:
    """The trees of that name, and what could not be asked.  Raises ``Unusable``, which says who there is.

    ``otherwise``: what to do if no tree runs here at all.
    """
    doors, complaints = found()
    also = f" ({'; '.join(complaints)})" if complaints else ""
    trees = [each for each in doors if is_tree(each)]
    named = called(trees, name)
    if named:
        return named, also
    if trees:
        raise Unusable(f"no tree {name!r} runs here; there are {spell(trees)}{also}")
    hosts = [each for each in doors if not is_tree(each)]
    if hosts:
        at = hosts[0].tree.removeprefix(HOST)
        raise Unusable(
            f"no tree of yours runs here with a door, only {spell(hosts)}, for trees of others: they are asked where "
            f"they run, and `planaria hosts --at {at}` lists the hosts{also}; {otherwise}"
        )
    raise Unusable(f"no tree of yours runs here with a door{also}; {otherwise}")
