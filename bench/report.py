"""Show a report: tables in a terminal, plain lines everywhere else."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .compare import Comparison, Verdict
from .results import Figure, Report, Result, Target

VERDICTS = {True: ("pass", "green"), False: ("FAIL", "bold red"), None: ("not measured", "yellow")}
"""What is said of a target, and how it looks."""

STYLES = {Verdict.BETTER: "green", Verdict.WORSE: "red", Verdict.SAME: "dim", Verdict.UNSURE: "yellow"}


def quantity(value: float, unit: str) -> str:
    """A number as people read it: 5,430 ns is ``5.43 µs``, 2,750 B stays ``2,750 B``, a ratio is ``1.230 x``."""
    if unit == "ns":
        for limit, divisor, name in ((1e3, 1.0, "ns"), (1e6, 1e3, "µs"), (1e9, 1e6, "ms")):
            if abs(value) < limit:
                return f"{value / divisor:.3g} {name}" if divisor > 1 else f"{value:.0f} {name}"
        return f"{value / 1e9:.3g} s"
    if unit == "B":
        return f"{value:,.0f} B"
    if unit == "count":
        return f"{value:.3g}" if abs(value) < 100 and value != round(value) else f"{value:,.0f}"
    return f"{value:.3f} {unit}" if unit == "x" else f"{value:.1f} {unit}"


def show(report: Report, console: Console) -> None:
    """Print every scenario with its question, median, p99, spread and range; the targets; what it ran on."""
    for result in report.results:
        if console.is_terminal:
            _table(result, console)
        else:
            _lines(result, console)
    show_targets(report, console)
    note = "smoke run: figures are not to be believed; " if report.quick else ""
    console.print(escape(f"{note}{report.machine}"), style="dim", soft_wrap=True)


def show_targets(report: Report, console: Console) -> None:
    """Print what has to be reached and whether it was, if anything has to; in a smoke run nothing is judged."""
    rows, styles = [], []
    for result in report.results:
        for target in result.targets:
            figure = result.figure(target.figure)
            verdict, style = VERDICTS[None if report.quick else target.passed(figure)]
            value = worst(figure, target) if target.every else figure.median
            rows.append(
                (result.scenario, figure.name, quantity(value, figure.unit), bound(target, figure.unit), verdict)
            )
            styles.append(style)
    if rows:
        headings = ("scenario", "figure", "measured", "target", "verdict")
        grid(console, headings, rows, styles=styles, title="What it must reach")


def worst(figure: Figure, target: Target) -> float:
    """The repeat that is nearest to missing ``target``, or misses it most."""
    return figure.low if target.at_most is None else figure.high


def bound(target: Target, unit: str) -> str:
    """What a figure has to be, as text."""
    if target.at_most is not None and target.at_least is not None:
        return f"{quantity(target.at_least, unit)} to {quantity(target.at_most, unit)}"
    if target.at_most is not None:
        return quantity(0, unit) if target.at_most == 0 else f"at most {quantity(target.at_most, unit)}"
    return "-" if target.at_least is None else f"at least {quantity(target.at_least, unit)}"


def cells(figure: Figure) -> tuple[str, str, str, str]:
    """Median, p99, spread (interquartile, as a share of the median) and range of a figure, as text; ``-`` for none."""
    middle, tail = quantity(figure.median, figure.unit), quantity(figure.p99, figure.unit)
    if len(figure.samples) == 1:
        return middle, tail if figure.tails else "-", "-", "-"
    share = 100 * figure.spread / abs(figure.median) if figure.median else 0.0
    low, high = quantity(figure.low, figure.unit), quantity(figure.high, figure.unit)
    return middle, tail, f"{share:.0f} %", f"{low} to {high}"


def _table(result: Result, console: Console) -> None:
    title = f"[bold]{escape(result.scenario)}[/bold]  {escape(result.question)}"
    table = Table(title=title, title_justify="left", title_style="", caption_justify="left")
    table.add_column("figure")
    for heading in ("median", "p99", "spread", "range"):
        table.add_column(heading, justify="right")
    for figure in result.figures:
        table.add_row(escape(figure.name), *cells(figure))
    if result.error is not None:
        table.caption = f"[red]failed: {escape(result.error)}[/red]"
    console.print(table)


def _lines(result: Result, console: Console) -> None:
    plain(console, f"{result.scenario}: {result.question}")
    for figure in result.figures:
        middle, tail, spread, extent = cells(figure)
        details = [("p99", tail), ("spread", spread), ("range", extent)]
        plain(
            console,
            f"  {figure.name}: {middle}" + "".join(f", {label} {text}" for label, text in details if text != "-"),
        )
    if result.error is not None:
        plain(console, f"  failed: {result.error}")


def show_comparison(comparison: Comparison, console: Console, *, everything: bool = False) -> None:
    """Print the changes beyond the noise, or all of them, then what only one of the runs has."""
    shown = [change for change in comparison.changes if everything or change.verdict is not Verdict.SAME]
    rows = [
        (
            change.scenario,
            change.figure,
            quantity(change.before, change.unit),
            quantity(change.after, change.unit),
            f"{100 * change.change:+.1f} %",
            f"±{100 * change.band:.1f} %",
            change.verdict.value,
        )
        for change in shown
    ]
    if not comparison.same_machine:
        console.print("the two runs are from different machines or interpreters: only ratios compare", style="yellow")
    grid(
        console,
        ("scenario", "figure", "before", "after", "change", "noise", "verdict"),
        rows,
        styles=[STYLES[change.verdict] for change in shown],
    )
    hidden = len(comparison.changes) - len(shown)
    worse = len(comparison.worse)
    plain(console, f"{len(comparison.changes)} figures compared, {worse} worse, {hidden} within noise and not shown")
    for label, names in (("only before", comparison.only_before), ("only after", comparison.only_after)):
        if names:
            plain(console, f"{label}: {', '.join(names)}")


def grid(
    console: Console,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    styles: Sequence[str | None] = (),
    title: str | None = None,
) -> None:
    """A table in a terminal; elsewhere columns padded with blanks, for people, ``grep`` and ``awk`` alike."""
    if console.is_terminal:
        table = Table(*(escape(heading) for heading in headings), title=title and escape(title), title_justify="left")
        for number, row in enumerate(rows):
            table.add_row(*(escape(cell) for cell in row), style=styles[number] if styles else None)
        console.print(table)
        return
    if title:
        plain(console, title)
    widths = [max(len(cell) for cell in column) for column in zip(headings, *rows, strict=True)]
    for row in (headings, *rows):
        plain(console, "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def plain(console: Console, text: str) -> None:
    """A line as it is: no markup, no colours, no wrapping."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)
