"""``planaria demo``: play it."""

from __future__ import annotations

import random

import click
from click.core import ParameterSource

from actors.engines import loop
from supervisors.cli.terminal import output
from supervisors.cli.tree import drawn, show
from supervisors.cli.wound.command import wound
from supervisors.running import running

from .acts import Play
from .load import CLIENTS, Load
from .service import SESSIONS, Count, Desk, Ping, session, shop
from .summary import Summary
from .view import LiveStage, PlainStage, summarise

SECONDS = 28.0
LONGEST = 55.0


@click.group(invoke_without_command=True)
@click.option("--seed", type=int, default=0, show_default=True, help="Which clients ask what, and who is struck.")
@click.option("--plain", is_flag=True, help="Plain lines, as without a terminal.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=1.0, max=LONGEST),
    default=SECONDS,
    show_default=True,
    help="How long the play lasts.",
)
@click.pass_context
def demo(ctx: click.Context, seed: int, plain: bool, seconds: float) -> int:
    """Crash a service under load on purpose, and watch it heal.

    For each death: who died, why, what the supervisor decided, and the microseconds until the replacement answered.  At
    last a worker grows old and another one corrupt: they are replaced before they die.

    Ends by itself.  Exit codes: 0 the numbers add up, 1 they do not.
    """
    if ctx.invoked_subcommand is not None:
        given = [name for name in ctx.params if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT]
        if given:
            raise click.UsageError(f"the options of {ctx.invoked_subcommand} go behind its name: --{given[0]}", ctx)
        return 0
    summary = loop.run(play(seed, plain, seconds))
    return 0 if summary.adds_up else 1


demo.add_command(wound)


async def play(seed: int, plain: bool, seconds: float) -> Summary:
    """Start the shop, let clients in, play all acts, stop it, and count."""
    console = output()
    stage = PlainStage(console) if plain or not console.is_terminal else LiveStage(console)
    rng = random.Random(seed)
    desk = Desk()
    tree = shop(desk)
    if isinstance(stage, LiveStage):
        console.clear()
    else:
        show(drawn(tree, brief=True), console)
    async with running(tree, seed=seed, log=False) as handle:
        for number in range(1, SESSIONS + 1):
            await handle.at("sessions").start_child(session(desk, number))
        visitors = [f"sessions/visitor-{number}" for number in range(1, SESSIONS + 1)]
        stage.note(f"{handle.system.statistics().actors} actors serve, {CLIENTS} clients ask")
        async with Load(handle, random.Random(seed + 1), visitors) as load:
            acts = Play(handle, desk, load, rng, stage, visitors)
            with stage.shown(handle, acts.watch, load.tally):
                await acts.run(seconds)
        missing = len(handle.missing())
        await handle.ref("stock/notifier").ask(Ping())  # behind the last notice
        prices, reservations = [await handle.ref(f"stock/{who}").ask(Count()) for who in ("catalogue", "inventory")]
        acts.watch.close()
        summary = Summary.of(acts.watch, acts.storm, desk, load.tally, missing, (prices, reservations))
    summarise(summary, console)
    return summary
