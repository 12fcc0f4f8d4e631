"""Who takes part without having said so: the siblings of one who looks for them, and the successor of one who did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.cell import Cell
from actors.keeper import Keeper
from actors.lifecycle import LIVING

from .words import Word

if TYPE_CHECKING:
    from .site import Site


def rejoin(site: Site, cell: Cell, groups: list[str]) -> None:
    """The next life at a place is in the groups of the last one, whether it says so itself or not."""
    for group in groups:
        take_part(site, cell, group)


def take_part(site: Site, cell: Cell, group: str) -> None:
    """Have the life in ``cell`` be in a group, wherever it is."""
    if cell.extras is not None and cell.extras.port is not None:
        cell.extras.port.say(Word.TAKE_PART, group)
    elif not cell.actor.is_stand_in:
        site.body(cell).presence(group)


def enlist(site: Site, cell: Cell) -> None:
    """Have the siblings of a life take part that have not so far: the supervisor's other children, or, of an actor that
    the system itself has started, the others of these.
    """
    if site.hosts.enlist(cell):
        return
    parent = cell.parent
    if parent is None:
        siblings = site.system.roots()
    else:
        siblings = [*parent.extras.places.values()] if parent.extras is not None else []
    for sibling in siblings:
        is_worker = sibling.actor is not None and not isinstance(sibling.actor, Keeper)  # a keeper takes no messages
        if is_worker and sibling.state in LIVING and sibling is not cell:
            take_part(site, sibling, parent.name if parent is not None else "")
