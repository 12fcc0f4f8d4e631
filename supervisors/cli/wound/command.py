"""``planaria demo wound``: run it."""

from __future__ import annotations

import dataclasses

import click

from supervisors.cli.terminal import line, output, print_json

from .healing import Settings, heal
from .plan import Plan
from .stage import Lines, Picture, Silent
from .watch import PERIOD

SIZE = "9x18"
SPEED = 2.0


def _plan(ctx: click.Context, param: click.Parameter, value: str) -> Plan:
    try:
        return Plan.read(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


@click.command()
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same run.")
@click.option(
    "--size",
    callback=_plan,
    default=SIZE,
    show_default=True,
    metavar="ROWSxCOLUMNS",
    help="Or one number, for a square.",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0.05, max=1000.0),
    default=SPEED,
    show_default=True,
    help="Seconds of the run that are shown in one.",
)
@click.option("--plain", is_flag=True, help="Plain lines, as without a terminal.")
@click.option("--json", "as_json", is_flag=True, help="The figures and what happened, as JSON.")
def wound(seed: int, size: Plan, speed: float, plain: bool, as_json: bool) -> int:
    """Kill a region of a sheet of cells, and watch it close from its rim inward.

    Each cell is an actor that knows the few beside it.  It senses that a place is empty, finds out with the others
    around it whose turn it is to fill it, and has one successor started.  Requests cross the sheet (o) from one side to
    the other, around the gap while there is one.

    Time is virtual, so a seed has one outcome.  Exit codes: 0 all is healed, 1 it is not.
    """
    console = output()
    stage = Silent() if as_json else Picture(console, speed) if console.is_terminal and not plain else Lines(console)
    with stage:
        sheet = heal(Settings(size, seed), stage.show)
    figures = sheet.figures()
    if as_json:
        print_json(figures.to_dict() | {"seed": seed, "notes": [dataclasses.asdict(note) for note in sheet.book.notes]})
    else:
        console.print()
        for sentence in figures.sentences(PERIOD):
            console.print(line(sentence))
    return 0 if figures.is_healed else 1
