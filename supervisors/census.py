"""A supervisor's children, counted by what they are doing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .actions import ALIVE, PLANNED, Child, Status


@dataclass(frozen=True, slots=True)
class Census:
    """``running``: children that serve; ``missing``: those that should and do not, ``first_missing`` is one of them.

    ``supervisors``: the children that are supervisors and live.
    """

    running: int
    missing: int
    first_missing: str | None
    supervisors: tuple[Child, ...]


def census_of(children: Iterable[Child]) -> Census:
    """Count them."""
    running = missing = 0
    first: str | None = None
    supervisors = []
    for child in children:
        if child.spec.kind == "supervisor" and child.status in ALIVE:
            supervisors.append(child)
        if child.status is Status.RUNNING:
            running += 1
        elif child.status in PLANNED or child.status is Status.STARTING:
            missing += 1
            first = first or child.id
    return Census(running, missing, first, tuple(supervisors))
