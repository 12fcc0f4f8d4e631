"""What the last life at an address leaves to the next: which lives it succeeds, and how much of theirs it may have."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

from actors.cell import Cell
from actors.evidence import Harm
from actors.messages import Pid
from actors.pulse import pulse_of
from actors.tissue.state.inheritance import Inheritance, inheritance

if TYPE_CHECKING:
    from .site import Site

LIVES = 16
"""As many lives of a place are remembered by their names there."""


class Will(NamedTuple):
    """What the last life at an address leaves to the next, and those before it that died of the same message.

    ``inheritance``: how much of what they told.  ``lives``: the last ones, by their numbers as actors; the will is that
    of number ``first`` and all after it.
    """

    lives: dict[int, Pid]
    first: int
    inheritance: Inheritance

    @property
    def pids(self) -> list[Pid]:
        """Whose will it is."""
        return [pid for number, pid in self.lives.items() if number >= self.first]


def inherited(site: Site, cell: Cell, pid: Pid, harms: Collection[Harm]) -> Inheritance:
    """What a successor may have of what the life in ``cell`` told its siblings as ``pid``."""
    pulse = pulse_of(cell)
    doubts = {*harms, *(pulse.doubts if pulse is not None else ())}
    is_poisoned = pulse is not None and pulse.is_poisoned
    return inheritance(harms=doubts, is_poisoned=is_poisoned or pid in site.poisoned)


def will_of(site: Site, cell: Cell, pid: Pid, harms: Collection[Harm]) -> Will:
    """What the life in ``cell``, ``pid`` to its siblings, leaves to the next."""
    number, before = cell.pid.incarnation, site.wills.get(pid.name)
    lives = [life for life in before.lives.items() if life[0] < number] if before is not None else []
    first = number + 1 - site.poisoned.get(pid, 1)
    return Will(dict([*lives[1 - LIVES :], (number, pid)]), first, inherited(site, cell, pid, harms))
