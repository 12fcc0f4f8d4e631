"""What ``planaria run --workers N`` makes of a tree: its pools of processes have N workers each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from actors.places.place import Process
from supervisors.spec import Pool, Supervisor, Tree

from .loading import Unusable


def with_workers(tree: Tree, size: int) -> Tree:
    """``tree`` with every pool whose workers live in processes at ``size``; a size of ``Desired`` decides for itself.

    Raises ``Unusable`` if there is no such pool.
    """
    made: Tree
    made, count = _resized(tree, size)
    if not count:
        own = sorted(_sizing_themselves(tree))
        if own:
            raise Unusable(
                f"--workers sets the size of pools of processes, and those of {tree.name} size themselves by "
                f"Desired(...): {', '.join(own)}; give them a number as size, or leave --workers away and use --guard"
            )
        raise Unusable(
            f"--workers sets the size of pools of processes, and {tree.name} has none: write Pool(name, child(..., "
            'place="process")), or leave --workers away and use --guard'
        )
    return made


def _is_of_processes(spec: Any) -> bool:
    return isinstance(spec, Pool) and isinstance(spec.worker.blueprint.place, Process)


def _sizing_themselves(spec: Any) -> Iterator[str]:
    """The names of the pools of processes whose size is no number."""
    if _is_of_processes(spec) and not isinstance(spec.size, int):
        yield spec.name
    elif isinstance(spec, Supervisor):
        for each in spec.children:
            yield from _sizing_themselves(each)


def _resized(spec: Any, size: int) -> tuple[Any, int]:
    """The spec, and how many pools in it were given the size."""
    if _is_of_processes(spec) and isinstance(spec.size, int):
        return replace(spec, size=size), 1
    if not isinstance(spec, Supervisor):
        return spec, 0
    below = [_resized(each, size) for each in spec.children]
    return replace(spec, children=tuple(each for each, _ in below)), sum(count for _, count in below)
