"""Whom a fault strikes: from a path, a suffix of one or a pattern, to the workers of a tree."""

from __future__ import annotations

import difflib
from fnmatch import fnmatchcase

from supervisors.checks.places import Place, walk
from supervisors.spec import DynamicSupervisor, Pool, Tree

SHOWN = 4
"""Paths that an error names."""


class TargetError(LookupError):
    """A pattern that no worker answers to, or several where one was meant."""


def workers_of(tree: Tree) -> dict[str, Place]:
    """Every worker that the tree starts with, by its path; those of a pool one by one, as they are numbered."""
    found: dict[str, Place] = {}
    for place in walk(tree):
        if place.tree is not None:
            continue
        if isinstance(place.overseer, Pool):
            found |= {f"{place.path}-{number}": place for number in range(1, place.overseer.most + 1)}
        else:
            found[place.path] = place
    return found


def targets(pattern: str, tree: Tree) -> list[str]:
    """The paths of the workers that ``pattern`` names.

    A full path, or the end of one if only one worker has it; ``*``, ``?`` and ``[]`` stand for parts of one id each,
    and then there may be several.  Raises ``TargetError`` with the nearest paths there are.
    """
    workers = workers_of(tree)
    if pattern in workers:
        return [pattern]
    wanted = pattern.split("/")
    found = [path for path in workers if _ends_with(path.split("/"), wanted)]
    if len(found) > 1 and not any(sign in pattern for sign in "*?["):
        raise TargetError(f"{pattern!r} may be any of {_listed(found)}; write more of the path")
    if not found:
        raise TargetError(f"the tree has no worker {pattern!r}; {_hint(pattern, wanted, tree, list(workers))}")
    return found


def _ends_with(parts: list[str], wanted: list[str]) -> bool:
    end = parts[len(parts) - len(wanted) :] if len(wanted) <= len(parts) else []
    return bool(end) and all(fnmatchcase(part, want) for part, want in zip(end, wanted, strict=True))


def _hint(pattern: str, wanted: list[str], tree: Tree, workers: list[str]) -> str:
    for place in walk(tree):
        if isinstance(place.spec, DynamicSupervisor) and (
            _ends_with(place.path.split("/"), wanted) or _ends_with(place.path.split("/"), wanted[:-1])
        ):
            return f"{place.path} is a dynamic supervisor: it starts empty, and a simulation brings it no children"
        if place.tree is not None and _ends_with(place.path.split("/"), wanted):
            return f"{place.path} is a supervisor; its workers are {place.path}/*"
    ids: dict[str, list[str]] = {}
    for path in workers:
        ids.setdefault(path.rpartition("/")[2], []).append(path)
    near = [path for id in difflib.get_close_matches(wanted[-1], ids, n=SHOWN) for path in ids[id]]
    near += [path for path in difflib.get_close_matches(pattern, workers, n=SHOWN) if path not in near]
    if near:
        return f"did you mean {' or '.join(near[:SHOWN])}?"
    return f"it has {_listed(workers)}" if workers else "it starts with no workers at all"


def _listed(paths: list[str]) -> str:
    more = len(paths) - SHOWN
    return ", ".join(paths[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")
