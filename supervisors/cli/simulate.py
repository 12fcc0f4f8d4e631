"""``planaria simulate``: what a tree would do if this or that went wrong, in virtual time."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console

from supervisors import simulation
from supervisors.simulation import Outcome, overview, parse_duration, summary, timeline
from supervisors.spec import Tree

from .loading import Unusable, tree_argument
from .terminal import line, output, print_json, progress

WELL, NOT_WELL = 0, 1


class Duration(click.ParamType[float]):
    """Seconds, written as ``500ms``, ``10s``, ``5m`` or ``1h30m``."""

    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read it."""
        try:
            seconds = parse_duration(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if seconds == 0:
            self.fail(f"{value!r} is no time at all", param, ctx)
        return seconds


FAULTS = """\b
Faults:
  PATH down DURATION [at TIME]
  PATH crash [at TIME] [every DURATION] [times N]
  PATH slow DURATION [at TIME] [for DURATION]
  PATH hang [at TIME]
  PATH stuck-start [at TIME] [times N]
  PATH damage WEIGHT [at TIME] [every DURATION] [times N]
"""


@click.command(epilog=FAULTS)
@tree_argument
@click.option("--fault", "faults", multiple=True, metavar="FAULT", help='Such as "inventory down 10m"; repeatable.')
@click.option("--for", "length", type=Duration(), help="How long to run: 30m, or 10m more than the faults speak of.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of everything random; the same, the same run.")
@click.option("--runs", type=click.IntRange(min=1), default=1, show_default=True, help="Runs, with seeds from SEED on.")
@click.option("--all", "everything", is_flag=True, help="Leave nothing out of the timeline.")
@click.option("--json", "as_json", is_flag=True, help="The whole run as JSON; of several, the figures.")
def simulate(
    tree: Tree,
    faults: tuple[str, ...],
    length: float | None,
    seed: int,
    runs: int,
    everything: bool,
    as_json: bool,
) -> int:
    """Run a tree's policy in virtual time, with stand-ins for its workers, and let faults happen to it.

    PATH is a full path, the end of one that only one worker has, or a pattern such as "orders/*".  TIME may be boot.
    Exit codes: 0 everything served at the end, 1 it did not (in any run), 2 it could not be run.
    """
    outcomes: list[Outcome] = []
    try:
        with progress() as bar:
            for number in range(runs):
                bar.advance("", f"run {number + 1:,} of {runs:,}", number, runs)
                outcomes.append(simulation.simulate(tree, faults, length=length, seed=seed + number))
                if runs > 1:
                    outcomes[-1].entries.clear()
    except (simulation.FaultError, simulation.TargetError) as error:
        raise Unusable(str(error)) from error
    survey = simulation.Survey.of(outcomes)
    match runs, as_json:
        case 1, True:
            print_json(outcomes[0].to_dict())
        case 1, False:
            _show(outcomes[0], output(), everything=everything)
        case _, True:
            print_json({"tree": tree.name, "seed": seed, "length": outcomes[0].length, **survey.to_dict()})
        case _:
            _print(overview(survey, tree.name), output())
    return WELL if all(outcome.is_well for outcome in outcomes) else NOT_WELL


def _show(outcome: Outcome, console: Console, *, everything: bool) -> None:
    for row in timeline(outcome.entries, everything=everything):
        console.print(line(row), soft_wrap=True)
    console.print()
    _print(summary(outcome), console)


def _print(rows: list[str], console: Console) -> None:
    """The first line is the verdict."""
    for number, row in enumerate(rows):
        console.print(line(row, "" if number else "bold"), soft_wrap=True)
