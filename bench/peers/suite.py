"""The same work on planaria, on the floor and on its peers, in one run, and the targets planaria has set itself.

Each contender runs in a process of its own, in rounds that rotate; one that is not installed is skipped with a line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from .. import harness
from ..machine import Machine, describe
from ..results import Report
from . import targets
from .registry import CONTENDERS, OURS
from .rounds import Row, find, play, ratio
from .targets import Target

QUICK_SHARE = 0.01
FIGURES = ("ask", "tell", "hop", "spawn", "crash p50", "crash p99")


class UnknownPeer(Exception):
    """No contender has this name; ``known`` lists those there are."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.known = tuple(contender.name for contender in CONTENDERS)
        super().__init__(f"no peer {name!r}; there are {', '.join(self.known)}")


@dataclass(frozen=True, slots=True)
class PeerReport:
    """A run against the peers: a row for each contender, our scenarios that targets are read from, the targets."""

    machine: Machine
    quick: bool
    rows: tuple[Row, ...]
    suite: Report
    targets: tuple[Target, ...]

    def to_json(self) -> str:
        """Everything, with the ratios (ours through theirs) that the table shows."""
        ours = find(self.rows)
        rows = [{**asdict(row), "ratios": {name: ratio(ours, row, name) for name in row.figures}} for row in self.rows]
        body = {
            "machine": asdict(self.machine),
            "quick": self.quick,
            "rows": rows,
            "targets": [{**asdict(target), "passed": target.passed} for target in self.targets],
            "suite": json.loads(self.suite.to_json()),
        }
        return json.dumps(body, indent=2, ensure_ascii=False)


def run(
    names: Sequence[str] = (),
    *,
    quick: bool = False,
    repeat: int | None = None,
    on_progress: Callable[[harness.Progress], None] | None = None,
) -> PeerReport:
    """Measure the named contenders, all if none is named; ours and the floor are always there.

    ``quick``: a smoke run, small and once.  ``repeat``: rounds, 5 by default, 1 when quick.  Raises ``UnknownPeer``.
    """
    known = {contender.name.casefold(): contender for contender in CONTENDERS}
    unknown = next((name for name in names if name.casefold() not in known), None)
    if unknown is not None:
        raise UnknownPeer(unknown)
    wanted = {name.casefold() for name in names}
    base = {contender.name for contender in CONTENDERS if contender.module in ("planaria", "floor")}
    chosen = [
        contender
        for contender in CONTENDERS
        if not wanted or contender.name.casefold() in wanted or contender.name in base
    ]
    rounds = repeat or (1 if quick else harness.REPEATS)
    order = {contender.name: place for place, contender in enumerate(chosen, 1)}

    def on_round(name: str, number: int) -> None:
        if on_progress is not None:
            on_progress(harness.Progress(name, order[name], len(chosen), number, rounds))

    machine = describe()
    rows = play(chosen, rounds, QUICK_SHARE if quick else 1.0, on_round)
    suite = harness.run(targets.SCENARIOS, quick=quick, repeat=min(rounds, 3), on_progress=on_progress)
    return PeerReport(machine, quick, rows, suite, targets.judge(rows, suite))


__all__ = ["CONTENDERS", "FIGURES", "OURS", "PeerReport", "UnknownPeer", "run"]
