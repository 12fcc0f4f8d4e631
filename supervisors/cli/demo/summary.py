"""What came of it, in numbers that have to add up."""

from __future__ import annotations

from dataclasses import dataclass

from .load import Tally
from .service import Desk
from .watch import Death, Watch, time_of


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one play.  ``alone``, ``storm`` and ``processes``: seconds from crash to answer, sorted;
    ``pauses``: those in which nobody served while one life replaced another.

    ``prices`` and ``reservations``: how many there were, and how many the last lives of those who count them know of.
    """

    deaths: int
    taken: int
    restarts: int
    failed_starts: int
    unrepaired: int
    missing: int
    alone: list[float]
    storm: list[float]
    processes: list[float]
    tally: Tally
    notices_sent: int
    notices_handled: int
    notices_dead: int
    replaced: int
    aged: int
    kept: int
    repairs: int
    recovered: int
    pauses: list[float]
    prices: tuple[int, int]
    reservations: tuple[int, int]

    @classmethod
    def of(
        cls,
        watch: Watch,
        storm: list[Death],
        desk: Desk,
        tally: Tally,
        missing: int,
        counted: tuple[int, int],
    ) -> Summary:
        """Count; deaths that had to wait are left out of the times.  ``counted``: prices and reservations."""
        apart = [death for death in watch.deaths if death.path in watch.elsewhere]
        alone = [death for death in watch.deaths if not death.waited and death not in [*storm, *apart]]
        return cls(
            deaths=sum(death.culprit is None for death in watch.deaths),
            taken=sum(death.culprit is not None for death in watch.deaths),
            restarts=watch.restarts,
            failed_starts=watch.failed_starts,
            unrepaired=watch.pending + watch.overdue,
            missing=missing,
            alone=sorted(death.seconds for death in alone if death.seconds is not None),
            storm=sorted(death.seconds for death in storm if death.seconds is not None),
            processes=sorted(death.seconds for death in apart if death.seconds is not None),
            tally=tally,
            notices_sent=desk.notices_sent,
            notices_handled=desk.notices_handled,
            notices_dead=watch.lost_notices,
            replaced=len(watch.replaced),
            aged=sum(event.cause == "age" for event in watch.replaced),
            kept=watch.kept,
            repairs=watch.repairs,
            recovered=watch.recovered,
            pauses=sorted(event.paused for event in watch.replaced),
            prices=(desk.priced, counted[0]),
            reservations=(len(desk.log), counted[1]),
        )

    @property
    def notices_lost(self) -> int:
        """Notices that were neither handled nor reported as dead letters: there must be none."""
        return self.notices_sent - self.notices_handled - self.notices_dead

    @property
    def forgotten(self) -> int:
        """What a life knew and its successor does not, or knows wrongly: there must be nothing."""
        priced, known = self.prices
        return max(0, priced - known) + abs(self.reservations[0] - self.reservations[1])

    @property
    def adds_up(self) -> bool:
        """Everybody is back, and nothing vanished."""
        return not (self.unrepaired or self.missing or self.tally.lost or self.notices_lost or self.forgotten)

    def lines(self) -> list[tuple[str, str]]:
        """Headings and figures."""
        tally = self.tally
        kinds = ", ".join(f"{count} {name}" for name, count in tally.failed.most_common())
        failed = f"{tally.failed.total():,} failed with an error to the asker" + (f" ({kinds})" if kinds else "")
        planned = (
            f"{self.replaced:,}: {self.aged:,} by age, {self.replaced - self.aged:,} by damage; {self.kept:,} failed"
        )
        repaired = f"{self.repairs:,} repairs before, of which {self.recovered:,} helped"
        told = f"{self.notices_sent:,} = {self.notices_handled:,} handled + {self.notices_dead:,} dead letters"
        return [
            ("deaths", f"{self.deaths:,} crashed or were killed, {self.taken:,} more were taken along"),
            (
                "restarts",
                f"{self.restarts:,}, and {self.failed_starts:,} starts that failed; not back: {self.unrepaired}",
            ),
            ("crash to first answer", _spread(self.alone)),
            ("the same in the storm", _spread(self.storm)),
            ("the same of a process", _spread(self.processes)),
            ("replaced in time", f"{planned}; {repaired}"),
            ("nobody served for", _spread(self.pauses)),
            ("handed over", f"{_known(self.prices)} prices and {_known(self.reservations)} reservations are known"),
            ("requests", f"{tally.asked:,} = {tally.answered:,} answered + {failed} + {tally.lost:,} lost"),
            ("notices told", f"{told} + {self.notices_lost:,} lost"),
            ("verdict", "the numbers add up" if self.adds_up else "THE NUMBERS DO NOT ADD UP"),
        ]


def _known(figures: tuple[int, int]) -> str:
    """How many there were, and how many of them are known."""
    return f"{figures[1]:,} of {figures[0]:,}"


def _spread(times: list[float]) -> str:
    if not times:
        return "-"
    count = len(times)
    tail = times[min(count - 1, count * 99 // 100)]
    return f"median {time_of(times[count // 2])}, p99 {time_of(tail)}, of {count}"
