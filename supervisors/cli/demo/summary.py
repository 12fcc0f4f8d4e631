"""What came of it, in numbers that have to add up."""

from __future__ import annotations

from dataclasses import dataclass

from .load import Tally
from .service import Desk
from .watch import Death, Watch, time_of


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one play.  ``alone`` and ``storm``: seconds from crash to answer, sorted."""

    deaths: int
    taken: int
    restarts: int
    failed_starts: int
    unrepaired: int
    missing: int
    alone: list[float]
    storm: list[float]
    tally: Tally
    notices_sent: int
    notices_handled: int
    notices_dead: int

    @classmethod
    def of(cls, watch: Watch, storm: list[Death], desk: Desk, tally: Tally, missing: int) -> Summary:
        """Count; deaths that had to wait are left out of the times."""
        alone = [death for death in watch.deaths if not death.waited and death not in storm]
        return cls(
            deaths=sum(death.culprit is None for death in watch.deaths),
            taken=sum(death.culprit is not None for death in watch.deaths),
            restarts=watch.restarts,
            failed_starts=watch.failed_starts,
            unrepaired=watch.pending,
            missing=missing,
            alone=sorted(death.seconds for death in alone if death.seconds is not None),
            storm=sorted(death.seconds for death in storm if death.seconds is not None),
            tally=tally,
            notices_sent=desk.notices_sent,
            notices_handled=desk.notices_handled,
            notices_dead=watch.lost_notices,
        )

    @property
    def notices_lost(self) -> int:
        """Notices that were neither handled nor reported as dead letters: there must be none."""
        return self.notices_sent - self.notices_handled - self.notices_dead

    @property
    def adds_up(self) -> bool:
        """Everybody is back, and nothing vanished."""
        return not (self.unrepaired or self.missing or self.tally.lost or self.notices_lost)

    def lines(self) -> list[tuple[str, str]]:
        """Headings and figures."""
        tally = self.tally
        kinds = ", ".join(f"{count} {name}" for name, count in tally.failed.most_common())
        failed = f"{tally.failed.total():,} failed with an error to the asker" + (f" ({kinds})" if kinds else "")
        told = f"{self.notices_sent:,} = {self.notices_handled:,} handled + {self.notices_dead:,} dead letters"
        return [
            ("deaths", f"{self.deaths:,} crashed or were killed, {self.taken:,} more were taken along"),
            (
                "restarts",
                f"{self.restarts:,}, and {self.failed_starts:,} starts that failed; not back: {self.unrepaired}",
            ),
            ("crash to first answer", _spread(self.alone)),
            ("the same in the storm", _spread(self.storm)),
            ("requests", f"{tally.asked:,} = {tally.answered:,} answered + {failed} + {tally.lost:,} lost"),
            ("notices told", f"{told} + {self.notices_lost:,} lost"),
            ("verdict", "the numbers add up" if self.adds_up else "THE NUMBERS DO NOT ADD UP"),
        ]


def _spread(times: list[float]) -> str:
    if not times:
        return "-"
    count = len(times)
    tail = times[min(count - 1, count * 99 // 100)]
    return f"median {time_of(times[count // 2])}, p99 {time_of(tail)}, of {count}"
