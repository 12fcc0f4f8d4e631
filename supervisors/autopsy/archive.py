"""The deaths that are remembered: the last of all, and the last few of each place, within bounds."""

from __future__ import annotations

from collections import OrderedDict, deque

from actors import Abandoned, Quarantined
from actors.places.whereabouts import Whereabouts
from supervisors.apoptosis.events import Damaged, Replacing

from .death import Death

KEPT = 1000
"""Deaths that are remembered, whoever died."""

EACH = 5
"""Deaths of each place that are remembered, however long ago they were."""

PLACES = 10_000
"""Places whose deaths are remembered; those that have not had one for the longest time are forgotten first."""


class Place:
    """What is remembered of one place: its deaths, the oldest first, and what was said about the life that it has."""

    __slots__ = ("abandoned", "deaths", "evidence", "lodged", "quarantined", "replacing")

    def __init__(self) -> None:
        self.deaths: list[Death] = []
        self.evidence: deque[Damaged] | None = None
        self.quarantined: Quarantined | None = None
        self.abandoned: Abandoned | None = None
        self.replacing: Replacing | None = None
        self.lodged: dict[int, Whereabouts] | None = None


class Archive:
    """Remembers the last thousand deaths and, of up to ten thousand places, the last five of each.

    ``total`` counts all deaths that were ever put in, and so numbers them.
    """

    def __init__(self) -> None:
        self.total = 0
        self._recent: deque[str] = deque()
        self._places: OrderedDict[str, Place] = OrderedDict()

    def put(self, death: Death) -> None:
        """Remember a death, and forget what is too old."""
        path = death.path
        place = self.place(path)
        self._places.move_to_end(path)  # it is the last to be forgotten now
        place.deaths.append(death)
        self._recent.append(path)
        if len(self._recent) > KEPT:
            oldest = self._recent.popleft()
            if oldest != path:
                self._trim(self._places.get(oldest))
        self._trim(place)

    def _trim(self, place: Place | None) -> None:
        """Beyond the last few of a place only what is among the last of all is remembered."""
        if place is None:
            return
        deaths, limit = place.deaths, self.total - KEPT
        while len(deaths) > EACH and deaths[0].number <= limit:
            del deaths[0]

    def place(self, path: str) -> Place:
        """What is remembered of a place, which may be nothing yet."""
        place = self._places.get(path)
        if place is None:
            if len(self._places) >= PLACES:
                self._places.popitem(last=False)
            place = self._places[path] = Place()
        return place

    def known(self, path: str) -> Place | None:
        """What is remembered of a place, ``None`` if nothing is."""
        return self._places.get(path)

    def of(self, path: str) -> list[Death]:
        """The deaths of a place, the oldest first."""
        place = self._places.get(path)
        return place.deaths if place is not None else []

    def latest(self, path: str) -> Death | None:
        """The last death of a place."""
        deaths = self.of(path)
        return deaths[-1] if deaths else None

    def find(self, path: str, number: int) -> Death | None:
        """A certain death of a place, if it is remembered still."""
        return next((death for death in reversed(self.of(path)) if death.number == number), None)

    def paths(self) -> list[str]:
        """The places that have a death to tell of, those of the latest deaths last."""
        return [path for path, place in self._places.items() if place.deaths]
