"""The scoreboards: what others reach, what ours does, and whether that is what it has to be, a row each.

The tissue's: rows 1 to 18 are the mechanisms one by one, W1 to W10 what they do together.  Each is measured by a
scenario, whose targets are the row's.  Beside them stands the reference: what was published, or was measured of a
prototype of the published algorithm.  From 20 seeds unless the scenario says otherwise, median and worst.

That of the places, rows P1 and on: what it costs and how it fails where an actor lives in another process.  Their
figures belong to a machine, so the reference is measured with them in the same repeat where it can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Console

from .harness import REPEATS, UnknownScenario
from .report import VERDICTS, bound, grid, plain, quantity, worst
from .results import Figure, Report, Result, Target


class Row(NamedTuple):
    """A row: its name, what is measured, by which scenario, and what the reference reaches."""

    name: str
    what: str
    scenario: str
    reference: str


ROWS = (
    Row("1", "first detection, n = 64", "first_detection", "8.7 s; published at n = 100: 9.7 to 9.8 s"),
    Row("2", "false deaths, 4 of 64 slow", "false_deaths", "3,878 without, 0.8 with Lifeguard; published: 50 times"),
    Row("3", "delivery after a mass kill, n = 1,000", "overlay_kill", "98.0 % where 90 % died"),
    Row("4", "gossip rounds to all, n = 256", "epidemic", "7; 9 at 30 % loss"),
    Row("5", "push-sum", "push_sum", "ratio 0.491 (in theory 0.496), 18 rounds"),
    Row("6", "updates lost over a crash", "warm_replacement", "4.94 on average, 9.9 at p99"),
    Row("7", "checks to exit, alpha-count", "alpha_count", "1 %: > 150,000; 50 %: 9; 100 %: 3"),
    Row("8", "spawns a death", "contact_inhibition", "1.04; 7.0 naive"),
    Row("9", "gradient heals", "gradient_heal", "290 and 2,171 rounds classic; 21.5 and 6.4 path-vector"),
    Row("10", "re-route after a crush", "reroute", "1 round, 0.4 % lost, stretch 1.00"),
    Row("11", "p99 with one slow replica", "slow_replica", "25.5 s random, 6.6 s two choices, 1.4 s"),
    Row("12", "five times the load, no controller", "scale_without_controller", "peak 2.31, HPA 2.79; 21 s, HPA 25 s"),
    Row("13", "runaway, 20 % of the cells lie", "lying_cells", "2.59 peak, 5 % swing; without quorum unbounded"),
    Row("14", "back from an outage at 85 % load", "metastable", "0 s; with jitter alone never"),
    Row("15", "load diffuses, 64 cells", "load_diffusion", "19 rounds"),
    Row("16", "actor against process restart", "microreboot", "published: some 10 times"),
    Row("17", "front of a wound", "wound_front", "0.34 cells a period"),
    Row("18", "delivery, 3 hops of 30 % loss", "lossy_links", "0.34 raw"),
    Row("W1", "wound healing", "wound", "-"),
    Row("W2", "skateboard", "skateboard", "-"),
    Row("W3", "falcon", "falcon", "-"),
    Row("W4", "caesarean", "caesarean", "-"),
    Row("W5", "Arizona", "arizona", "-"),
    Row("W6", "forest", "forest", "-"),
    Row("W7", "datacentre fire", "datacentre_fire", "-"),
    Row("W8", "metastable trap, cache flushed", "cache_flush", "never by the cache alone"),
    Row("W9", "ageing", "ageing", "-"),
    Row("W10", "cancer", "cancer", "-"),
)

PLACES = (
    Row("P1", "ask to an isolate", "isolate_ask", "bare link: some 30 µs; Thespian 1.2 to 1.9 ms"),
    Row("P2", "one way to an isolate, 100 B", "isolate_tell", "bare link: 2,000 to 4,000 k/s; Thespian 0.5 to 0.9 k/s"),
    Row("P3", "payloads of 1 MB", "isolate_payload", "bare link, as measured beside it"),
    Row("P4", "kill -9 to serving", "isolate_kill", "Thespian, when told at once: 19 ms"),
    Row("P5", "40 killed at once, 200 rounds", "isolate_deaths", "Thespian: of two deaths, one untold in 2 of 15"),
    Row("P6", "host killed, 3 hosts", "host_death", "Thespian: 3.4 s at best, 22 min by default; actors never told"),
    Row("P7", "partition, and healing", "partition", "-"),
    Row("P8", "mutual TLS between hosts", "mutual_tls", "bare link with TLS, as measured beside it"),
    Row("P9", "two isolates against one loop", "isolate_scale", "two bare processes, as measured beside it"),
    Row("P10", "memory of an idle isolate", "isolate_memory", "a process by itself, as measured beside it"),
)

BOARDS = {"tissue": ROWS, "places": PLACES}
"""By name; see :func:`choose`."""

HEADINGS = ("row", "what", "reference", "figure", "ours", "worst", "target", "verdict")


def choose(names: Sequence[str]) -> list[Row]:
    """The rows of these names, a board's name standing for all of its rows; the tissue's if none is named.

    Raises ``UnknownScenario``.
    """
    known = {row.name.casefold(): [row] for board in BOARDS.values() for row in board}
    known |= {name: list(board) for name, board in BOARDS.items()}
    for name in names:
        if name.casefold() not in known:
            everything = (*BOARDS, *(row.name for board in BOARDS.values() for row in board))
            raise UnknownScenario(name, everything, "row")
    return list(dict.fromkeys(row for name in names or ("tissue",) for row in known[name.casefold()]))


def repeats(rows: Sequence[Row], *, quick: bool = False) -> int:
    """How often each is to be measured: once where it has seeds, else as often as any scenario."""
    return 1 if quick or any(row in ROWS for row in rows) else REPEATS


def passed(row: Row, report: Report) -> bool | None:
    """Whether all that a row asks for was reached; ``None`` if a smoke run measured it."""
    result = report.result(row.scenario)
    if result.error is not None or not result.targets:
        return False
    return None if report.quick else all(map(result.passed, result.targets))


def show(report: Report, rows: Sequence[Row], console: Console) -> None:
    """Print the rows with a verdict each, then how many of them passed, and what it ran on."""
    table, styles = [], []
    for row in rows:
        result = report.result(row.scenario)
        head = (row.name, row.what, row.reference)
        if result.error is not None:
            table.append((*head, "failed", result.error, "-", "-", "FAIL"))
            styles.append(VERDICTS[False][1])
        for target in result.targets:
            verdict, style = VERDICTS[None if report.quick else result.passed(target)]
            table.append((*head, *_cells(result, target), verdict))
            styles.append(style)
            head = ("", "", "")
    grid(console, HEADINGS, table, styles=styles, title="Scoreboard")
    verdicts = {row.name: passed(row, report) for row in rows}
    missed = [name for name, verdict in verdicts.items() if verdict is False]
    said = f"{sum(verdict is True for verdict in verdicts.values())} of {len(rows)} rows pass"
    plain(console, said + (f"; missed: {', '.join(missed)}" if missed else ""))
    note = "smoke run: nothing is judged; " if report.quick else ""
    plain(console, f"{note}{report.machine}")


def _cells(result: Result, target: Target) -> tuple[str, str, str, str]:
    figure = result.figure(target.figure)
    value = worst(figure, target) if target.every else figure.median
    other = _worst_of(result, figure)
    shown = quantity(other.median, other.unit) if other is not None else "-"
    return figure.name, quantity(value, figure.unit), shown, bound(target, figure.unit)


def _worst_of(result: Result, figure: Figure) -> Figure | None:
    """The figure of the worst seed that stands beside a median: named as that is, with a word more."""
    parts = figure.name.split(", ")
    names = {
        ", ".join((*parts[:at], word, *parts[at:]))
        for word in ("worst", "worst seed")
        for at in range(1, len(parts) + 1)
    }
    return next((each for each in result.figures if each.name in names), None)
