"""``planaria bench``: the benchmark suite.  It is a package of its own, found only when it is asked for.

It lies next to ours: as ``bench`` in a checkout, as ``planaria_bench`` where a wheel was installed.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from .loading import Unusable
from .terminal import output, print_json, progress

NAMES = ("planaria_bench", "bench")
HERE = Path(__file__).resolve().parents[2]

quick_option = click.option("--quick", is_flag=True, help="A smoke run, small and once: figures not to be believed.")
repeat_option = click.option("--repeat", type=click.IntRange(min=1), help="Repeats of each; 5 by default.")
json_option = click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")


@click.group(invoke_without_command=True)
@click.pass_context
def bench(ctx: click.Context) -> None:
    """Measure planaria, and compare: two runs with each other, or planaria with its peers."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@bench.command("list")
@json_option
def list_(as_json: bool) -> None:
    """The scenarios, each with the question it answers."""
    found = part("harness").list_scenarios()
    if as_json:
        print_json([{"name": info.name, "group": info.group, "question": info.question} for info in found])
        return
    rows = [(info.name, info.group, info.question) for info in found]
    part("report").grid(output(), ("scenario", "group", "question"), rows)


@bench.command("run")
@click.argument("scenarios", nargs=-1)
@click.option("--group", "groups", multiple=True, help="All of this group (see bench list); may be given again.")
@quick_option
@repeat_option
@json_option
def run_(scenarios: tuple[str, ...], groups: tuple[str, ...], quick: bool, repeat: int | None, as_json: bool) -> int:
    """Run SCENARIOS, or all, and report median, p99 and spread, and what they must reach if they say so.

    Exit codes: 0 all were measured, whatever they reached; 1 one of them failed.
    """
    report = measured(scenarios, groups=groups, quick=quick, repeat=repeat)
    if as_json:
        click.echo(report.to_json())
    else:
        part("report").show(report, output())
    return 1 if report.failed else 0


@bench.command("scoreboard")
@click.argument("rows", nargs=-1)
@quick_option
@click.option(
    "--repeat", type=click.IntRange(min=1), help="Repeats of each; 1 where there are seeds, 5 for the places alone."
)
@json_option
def scoreboard_(rows: tuple[str, ...], quick: bool, repeat: int | None, as_json: bool) -> int:
    """The scoreboard: the reference, ours, pass or FAIL, for ROWS: 1 to 18 and W1 to W10 of the tissue, P1 to P10 of
    the places; tissue and places stand for all of theirs.

    Without a name it is the tissue's, some 40 minutes; that of the places takes some 15.
    Exit codes: 0 all were measured, whatever they reached; 1 one of them failed.
    """
    board = part("scoreboard")
    try:
        chosen = board.choose(rows)
    except part("harness").UnknownScenario as error:
        raise unknown(error.what, error) from error
    wanted = repeat or board.repeats(chosen, quick=quick)
    report = measured([row.scenario for row in chosen], quick=quick, repeat=wanted)
    if as_json:
        click.echo(report.to_json())
    else:
        board.show(report, chosen, output())
    return 1 if report.failed else 0


@bench.command("compare")
@click.argument("before", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("after", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Also the figures that did not change.")
@json_option
def compare_(before: Path, after: Path, everything: bool, as_json: bool) -> int:
    """Judge the run in AFTER against the one in BEFORE (files made by bench run --json).

    A change is one only beyond the noise of both.  Exit codes: 0 nothing is worse, 1 something is.
    """
    comparison = part("compare").compare(_report(before), _report(after))
    if as_json:
        print_json(
            {
                "changes": [_fields(change) for change in comparison.changes],
                "only_before": comparison.only_before,
                "only_after": comparison.only_after,
                "same_machine": comparison.same_machine,
            }
        )
    else:
        part("report").show_comparison(comparison, output(), everything=everything)
    return 1 if comparison.worse else 0


@bench.command("peers")
@click.argument("names", nargs=-1, metavar="[PEERS]...")
@quick_option
@repeat_option
@json_option
def peers_(names: tuple[str, ...], quick: bool, repeat: int | None, as_json: bool) -> int:
    """The same work on planaria, on the floor and on PEERS, or all, as ratios; then the targets set beforehand.

    A peer that is not installed is skipped with a line: pip install 'planaria[peers]' brings them.
    Exit codes: 0 it was measured, 1 a scenario failed.
    """
    peers = part("peers")
    with progress() as bar:

        def advance(now: Any) -> None:
            bar.advance(f"{now.scenario} ({now.index} of {now.total})", f"{now.repeat}/{now.repeats}")

        try:
            report = peers.run(names, quick=quick, repeat=repeat, on_progress=advance)
        except peers.UnknownPeer as error:
            raise unknown("peer", error) from error
    if as_json:
        click.echo(report.to_json())
    else:
        part("peers.show").show(report, output())
    return 1 if report.suite.failed else 0


def measured(
    scenarios: Sequence[str], *, groups: Sequence[str] = (), quick: bool = False, repeat: int | None = None
) -> Any:
    """The report of a run, with its progress on the terminal.  Raises ``Unusable`` for a name that is none."""
    harness = part("harness")
    with progress() as bar:

        def advance(now: Any) -> None:
            done = now.index - 1 + (now.repeat - 1) / now.repeats
            bar.advance(f"{now.scenario} ({now.index} of {now.total})", f"{now.repeat}/{now.repeats}", done, now.total)

        try:
            return harness.run(scenarios, groups=groups, quick=quick, repeat=repeat, on_progress=advance)
        except harness.UnknownScenario as error:
            raise unknown(error.what, error) from error


def part(name: str) -> Any:
    """A module of the benchmark package that lies next to ours.  Raises ``Unusable`` if there is none."""
    for package in NAMES:
        found = importlib.util.find_spec(package)
        if found is not None and found.origin is not None and Path(found.origin).resolve().parent.parent == HERE:
            return importlib.import_module(f"{package}.{name}")
    raise Unusable(f"the benchmark suite is not installed next to {HERE / 'supervisors'}")


def unknown(what: str, error: Any) -> Unusable:
    """One line for a name that is none, with the nearest one that is."""
    near = difflib.get_close_matches(error.name, error.known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(error.known)}"
    return Unusable(f"no {what} {error.name!r}; {hint}")


def _report(path: Path) -> Any:
    results = part("results")
    try:
        return results.Report.from_json(path.read_text(encoding="utf-8"))
    except (results.ReportError, UnicodeDecodeError, OSError) as error:
        raise Unusable(f"{path}: {error}") from error


def _fields(change: Any) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(json.dumps({name: getattr(change, name) for name in change.__slots__}))
    return fields
