"""The figures of a wound, as a value: what the counters show, and what is said at the end."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from supervisors.events import counted


@dataclass(frozen=True, slots=True)
class Figures:
    """A moment.  Times are seconds since the wound, ``inf`` before something has happened.

    ``surplus``: cells that found their place taken and left; ``extra``: those that have not, counted in the end;
    ``depth``: layers of cells that were lost; ``rounds``: periods until the last was replaced, or until now;
    ``stress``: the highest level now, ``peak``: ever; ``hops``: of the last requests, on average, ``before`` the wound,
    and of the ``longest`` way around it; ``stretch``: ``hops`` to those of the shortest way there is now.
    """

    time: float
    cells: int
    living: int
    deaths: int
    spawns: int
    surplus: int
    extra: int
    depth: int
    rounds: float
    closed: float
    stress: float
    peak: float
    inflamed: int
    most_inflamed: int
    reach: int
    faded: float
    sent: int
    answered: int
    lost: int
    lost_before: int
    hops: float
    stretch: float
    before: float
    longest: float
    home: float
    remembered: int
    forgotten: int

    @property
    def spawns_per_death(self) -> float:
        """Cells that were started for each that died."""
        return self.spawns / self.deaths if self.deaths else 0.0

    @property
    def speed(self) -> float:
        """Cells a period that the front advances."""
        return self.depth / self.rounds if self.rounds and math.isfinite(self.closed) else 0.0

    @property
    def under_way(self) -> int:
        """Requests of which nothing is known yet."""
        return self.sent - self.answered - self.lost

    @property
    def is_healed(self) -> bool:
        """Whether all are back, calm, and nothing is missing."""
        whole = self.living == self.cells and self.remembered == self.deaths and not (self.under_way or self.extra)
        return whole and math.isfinite(self.closed) and math.isfinite(self.faded)

    def rows(self) -> list[tuple[str, str]]:
        """The counters: what, and how much."""
        is_hurt = self.deaths > 0
        return [
            ("time", f"{self.time:.1f} s"),
            ("living", f"{self.living} of {self.cells}"),
            ("deaths", f"{self.deaths}"),
            ("spawns", f"{self.spawns}"),
            ("spawns per death", f"{self.spawns_per_death:.2f}" if is_hurt else "-"),
            ("rounds to heal", _rounds(self) if is_hurt else "-"),
            ("front speed", f"{self.speed:.2f} cells/round" if self.speed else "-"),
            ("stress, now / peak", f"{self.stress:.2f} / {self.peak:.2f}"),
            ("inflamed", f"{self.inflamed}"),
            ("requests sent", f"{self.sent}"),
            ("requests lost", f"{self.lost}"),
            ("trail, hops", f"{self.hops:.1f}"),
            ("trail, stretch", f"{self.stretch:.2f}"),
        ]

    def line(self) -> str:
        """The counters on one line."""
        healing = f"{self.deaths} dead, {self.spawns} started, " if self.deaths else ""
        trail = f"{self.sent} requests, {self.lost} lost, trail of {self.hops:.1f} hops, stretch {self.stretch:.2f}"
        return f"{self.living} of {self.cells} live, {healing}stress {self.stress:.2f}, {trail}"

    def sentences(self, period: float) -> list[str]:
        """What came of it."""
        each = f"{self.spawns_per_death:.2f} for each death"
        started = f"{counted(self.spawns, 'cell was', 'cells were')} started, {each}"
        one_too_many = f"; {self.surplus} found their place taken and left" if self.surplus else ""
        said = [f"{self.deaths} of {self.cells} cells died at once, {self.depth} layers deep; {started}{one_too_many}."]
        if math.isfinite(self.closed):
            said.append(
                f"The wound closed from its rim inward in {self.rounds:.1f} rounds of {period:g} s, "
                f"{self.speed:.2f} cells a round."
            )
        else:
            said.append(f"The wound did not close: {self.cells - self.living} are missing.")
        fades = f"and was below 5 % of that after {self.faded:.1f} s" if math.isfinite(self.faded) else "and lasts"
        said += [
            (
                f"Stress rose to {self.peak:.2f}, inflamed {self.most_inflamed} cells as far as {self.reach} hops "
                f"away, {fades}."
            ),
            f"Of {self.sent} requests {self.answered} arrived and {self.lost} were lost"
            + (f", {self.lost_before} of them before the wound" if self.lost_before else "")
            + (f"; of {self.under_way} nothing is known" if self.under_way else "")
            + ".",
            (
                f"Their trail was {self.before:.1f} hops long before the wound, {self.longest:.1f} around it, and "
                f"{self.hops:.1f} in the end, {self.stretch:.2f} times the shortest way there is."
            ),
            (
                f"{self.remembered} of {self.deaths} newborns know what their predecessors had done, but for "
                f"{counted(self.forgotten, 'piece', 'pieces')} of work."
            ),
        ]
        return said

    def to_dict(self) -> dict[str, Any]:
        """For JSON; what has not happened is ``None``."""
        found = asdict(self) | {
            "spawns_per_death": self.spawns_per_death,
            "speed": self.speed,
            "under_way": self.under_way,
            "healed": self.is_healed,
        }
        return {
            name: (round(value, 6) if math.isfinite(value) else None) if isinstance(value, float) else value
            for name, value in found.items()
        }


def _rounds(figures: Figures) -> str:
    return f"{figures.rounds:.1f}" if math.isfinite(figures.closed) else f"{figures.rounds:.1f} so far"
