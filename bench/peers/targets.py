"""What planaria has to reach, and whether it did, here and now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..results import Report
from .registry import CALL_SOON, FIBERS, OTP, QUEUE
from .rounds import Row, find, ratio

SCENARIOS = ("idle_memory", "restart_storm", "tree_start_stop", "shutdown_in_retry")
"""The scenarios that some targets are read from."""

MILLION = "1,000,000"
FLAT = 1.3
"""What counts as flat or linear: the large case costs at most this much more per child than the small one."""


@dataclass(frozen=True, slots=True)
class Target:
    """One demand: ``figure``, against what (``than``), the value measured, the most it may be, and the unit.

    ``value`` is ``None`` where the other side is not there.
    """

    figure: str
    than: str
    value: float | None
    at_most: float
    unit: str

    @property
    def passed(self) -> bool | None:
        """Whether it is reached; ``None`` if it could not be measured."""
        return None if self.value is None else self.value <= self.at_most


# Like is compared with like: `ask, def` with those whose handlers are plain functions, `ask` with coroutine handlers.
RATIOS = (
    ("hop", FIBERS, 2.5),
    ("hop", QUEUE, 0.4),
    ("tell", FIBERS, 2.5),
    ("tell", OTP, 2.5),
    ("ask", FIBERS, 2.0),
    ("ask, def", CALL_SOON, 2.0),
    ("ask, def", "Pykka", 1 / 5),
    ("ask", "xoscar", 1 / 12),
    ("spawn", OTP, 1.0),
)


def judge(rows: Sequence[Row], suite: Report) -> tuple[Target, ...]:
    """All targets, from the rounds of the contenders and from our own scenarios, measured in one run."""
    ours = find(rows)

    def alone(figure: str) -> float | None:
        return ours.median(figure) if ours is not None else None

    targets = [
        Target(figure, than, ratio(ours, find(rows, than), figure, figure.partition(",")[0]), limit, "x")
        for figure, than, limit in RATIOS
    ]
    targets += [
        Target("spawn, to started", "10 µs", alone("spawn"), 10e3, "ns"),
        Target(
            "memory of an idle actor",
            f"1,000 B at {MILLION}",
            _of(suite, "idle_memory", f"bytes each at {MILLION}"),
            1000.0,
            "B",
        ),
        Target("crash to serving, one_for_one, p50", "60 µs", alone("crash p50"), 60e3, "ns"),
        Target("storm of 10,000, per child", "80 µs", _of(suite, "restart_storm", "per child of 10,000"), 80e3, "ns"),
        Target(
            "storm, per child, 100,000", "1,000 children", _of(suite, "restart_storm", "100,000 / 1,000"), FLAT, "x"
        ),
        Target(
            "tree start + stop, 100,000",
            "1,000 children",
            _of(suite, "tree_start_stop", "start + stop, 100,000 / 1,000"),
            FLAT,
            "x",
        ),
        Target(
            "shutdown in a retry loop, waiting",
            "100 ms",
            _of(suite, "shutdown_in_retry", "shutdown, waiting in backoff"),
            100e6,
            "ns",
        ),
        Target(
            "shutdown in a retry loop, starting",
            "100 ms",
            _of(suite, "shutdown_in_retry", "shutdown, without backoff"),
            100e6,
            "ns",
        ),
    ]
    return tuple(targets)


def _of(suite: Report, scenario: str, figure: str) -> float | None:
    try:
        return suite.result(scenario).figure(figure).median
    except KeyError:
        return None
