"""What is written down of a wound and its healing by somebody who only looks on, phase by phase."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from .plan import Place, Plan

if TYPE_CHECKING:
    from .cell import Cell


class Phase(StrEnum):
    """The phases of healing, as those of skin are called."""

    CLOT = "clot"
    INFLAMMATION = "inflammation"
    PROLIFERATION = "proliferation"
    REMODELLING = "remodelling"


@dataclass(frozen=True, slots=True)
class Note:
    """What happened, and when, in seconds since the wound."""

    at: float
    phase: Phase
    text: str


class Notebook:
    """See the module's text: the :class:`~.cell.Lab` of one sheet.  ``now``: the time.

    ``cells``: who lives where; ``newborn``: the places whose first cell is dead; ``claims`` and ``births``: when, in
    which place; ``gaps``: when one was found; ``forgotten``: by how much each newborn knows less than was done;
    ``sent`` and ``answered_at``: by number, when; ``walks``: the hops of each request; ``detour``: the first one after
    the wound that arrived; ``reach``: how far from the wound the farthest cell was that was inflamed.
    """

    def __init__(self, plan: Plan, now: Callable[[], float]) -> None:
        self.plan = plan
        self.cells: dict[Place, Cell] = {}
        self.newborn: set[Place] = set()
        self.inflamed_places: set[Place] = set()
        self.notes: list[Note] = []
        self.wounded_at = 0.0
        self.wound: list[Place] = []
        self.layers: dict[Place, int] = {}
        self.claims: list[tuple[float, Place]] = []
        self.births: list[tuple[float, Place]] = []
        self.gaps: list[float] = []
        self.surplus = 0
        self.remembered = 0
        self.forgotten: list[int] = []
        self.reach = 0
        self.most_inflamed = 0
        self.sent: dict[int, float] = {}
        self.answered_at: dict[int, float] = {}
        self.walks: list[int] = []
        self.given_up = 0
        self.detour: int | None = None
        self._now = now
        self._deeds: dict[Place, int] = {}
        self._far: dict[Place, int] = {}

    @property
    def since(self) -> float:
        """Seconds since the wound."""
        return self._now() - self.wounded_at

    def note(self, phase: Phase, text: str) -> None:
        """Write something down."""
        self.notes.append(Note(self.since, phase, text))

    # -- what is done to the sheet -------------------------------------------------------------------------------------

    def hurt(self, wound: list[Place]) -> None:
        """These are about to die."""
        self.wounded_at, self.wound = self._now(), wound
        self.layers = self.plan.layers(wound)
        self._far = self.plan.away(wound)
        self._deeds = {place: self.cells.pop(place).deeds for place in wound}

    @property
    def lost_before(self) -> int:
        """Requests that were given up of those that were sent before the wound."""
        missing = [number for number in self.sent if number not in self.answered_at]
        early = sum(self.sent[number] < self.wounded_at for number in missing) if self.wound else len(missing)
        return min(self.given_up, early)

    def asks(self, number: int) -> None:
        """A request is about to be sent."""
        self.sent[number] = self._now()

    # -- what the cells say --------------------------------------------------------------------------------------------

    def joined(self, cell: Cell) -> None:
        """See :class:`~.cell.Lab`."""
        self.cells[cell.place] = cell
        if cell.life:
            self.newborn.add(cell.place)
            self.births.append((self._now(), cell.place))
            layer = self.layers.get(cell.place, 0)
            left = [place for place in self.wound if place not in self.cells]
            if not any(self.layers[place] == layer for place in left):
                rest = f"{len(left)} are missing" if left else "the wound is closed"
                self.note(Phase.PROLIFERATION, f"layer {layer} from the rim is filled; {rest}")

    def gap(self, cell: Cell, place: Place) -> None:
        """See :class:`~.cell.Lab`."""
        if not self.gaps:
            self.note(Phase.CLOT, "the neighbours of the dead know, cut their links and secrete stress")
        self.gaps.append(self._now())

    def claimed(self, cell: Cell, place: Place) -> None:
        """See :class:`~.cell.Lab`."""
        if not self.claims:
            self.note(Phase.PROLIFERATION, "the first place is claimed")
        self.claims.append((self._now(), place))

    def left(self, cell: Cell) -> None:
        """See :class:`~.cell.Lab`."""
        self.surplus += 1
        if self.cells.get(cell.place) is cell:
            del self.cells[cell.place]
        self.note(Phase.REMODELLING, "a cell finds its place taken and leaves")

    def recalled(self, cell: Cell, deeds: int) -> None:
        """See :class:`~.cell.Lab`."""
        known = self._deeds.get(cell.place, 0)
        self.remembered += deeds > 0 or known == 0
        self.forgotten.append(max(0, known - deeds))

    def inflamed(self, cell: Cell, level: float, is_on: bool) -> None:
        """See :class:`~.cell.Lab`."""
        if not is_on:
            self.inflamed_places.discard(cell.place)
            return
        if not self.most_inflamed:
            self.note(Phase.INFLAMMATION, "the first cell is inflamed: it looks around twice as often, and works less")
        self.inflamed_places.add(cell.place)
        self.most_inflamed = max(self.most_inflamed, len(self.inflamed_places))
        self.reach = max(self.reach, self._far.get(cell.place, 0))

    def answered(self, number: int) -> None:
        """See :class:`~.cell.Lab`."""
        if number in self.answered_at:
            return
        self.answered_at[number] = self._now()
        if self.wound and self.sent[number] >= self.wounded_at and self.detour is None:
            took = (self._now() - self.sent[number]) * 1e3
            self.detour = number
            self.note(Phase.CLOT, f"a request finds its way around the gap, in {took:.0f} ms")

    def walked(self, hops: int) -> None:
        """See :class:`~.cell.Lab`."""
        self.walks.append(hops)

    def lost(self) -> None:
        """See :class:`~.cell.Lab`."""
        self.given_up += 1
