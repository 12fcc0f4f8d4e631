"""Print a run against the peers."""

from __future__ import annotations

from rich.console import Console

from ..report import VERDICTS, grid, plain, quantity
from .registry import OURS
from .rounds import Row, find, ratio
from .suite import FIGURES, PeerReport
from .targets import Target

EXTRAS = {"storm": "ns", "bytes": "B"}
"""Figures that only some contenders have, and their units."""


def show(report: PeerReport, console: Console) -> None:
    """The figures of each contender, ours as ratios to theirs, who was skipped and why, and the targets."""
    present = [row for row in report.rows if row.figures]
    headings = ("", *FIGURES, "version", "note")
    body = [
        (row.contender.name, *(_median(row, name) for name in FIGURES), row.version or "", row.contender.note)
        for row in present
    ]
    grid(console, headings, body, title="Time for each, medians")
    ours = find(report.rows)
    others = [row for row in present if row.contender.name != OURS]
    ratios = [(row.contender.name, *(_ratio(ratio(ours, row, name)) for name in FIGURES)) for row in others]
    grid(
        console,
        ("planaria through", *FIGURES),
        ratios,
        title="Ratios within a round, medians: below 1.00 planaria takes less",
    )
    for row in present:
        extras = [f"{name} {quantity(row.median(name) or 0.0, EXTRAS[name])}" for name in row.figures if name in EXTRAS]
        if extras:
            plain(console, f"{row.contender.name}, for each: {', '.join(extras)}")
    for row in report.rows:
        if row.why_not is not None:
            plain(console, f"{row.contender.name}: {row.why_not}")
    for result in report.suite.failed:
        plain(console, f"{result.scenario}: failed: {result.error}")
    rows = [_target(target) for target in report.targets]
    styles = [VERDICTS[target.passed][1] for target in report.targets]
    grid(
        console,
        ("figure", "against", "measured", "at most", "verdict"),
        rows,
        styles=styles,
        title="What it must reach",
    )
    note = "smoke run: figures are not to be believed; " if report.quick else ""
    plain(console, f"{note}{report.machine}")


def _median(row: Row, figure: str) -> str:
    value = row.median(figure)
    return "-" if value is None else quantity(value, "ns")


def _ratio(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if value >= 0.1 else f"1/{1 / value:,.0f}"


def _target(target: Target) -> tuple[str, str, str, str, str]:
    value = "-" if target.value is None else quantity(target.value, target.unit)
    return target.figure, target.than, value, quantity(target.at_most, target.unit), VERDICTS[target.passed][0]
