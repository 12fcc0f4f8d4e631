"""The door to the places outside the loop: loaded by whoever lives there, and by nobody else."""

from __future__ import annotations

from .blueprint import Blueprint


def here(blueprint: Blueprint) -> Blueprint:
    """What lives here where ``blueprint`` is to live: its deputy, if that is elsewhere."""
    if blueprint.place is None:
        return blueprint
    from .places.deputy import deputise

    return deputise(blueprint)
