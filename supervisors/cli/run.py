"""``planaria run``: a tree as a program, with what happens in it a line each."""

from __future__ import annotations

import json
import logging
from typing import Any

import click

from actors.cluster.errors import ClusterError
from supervisors.events import SupervisionEvent
from supervisors.runner import run as run_tree

from .guardian import guard as guard_it
from .loading import load
from .membership import member, membership_options, wants_cluster
from .terminal import line, messages
from .ward import Ward
from .workers import with_workers

STYLES = {logging.DEBUG: "dim", logging.WARNING: "yellow", logging.ERROR: "bold red", logging.CRITICAL: "bold red"}


class LineHandler(logging.Handler):
    """Log records on stderr: time, level, text; a traceback below, where there is one."""

    def __init__(self) -> None:
        super().__init__()
        self._console = messages()
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S"))

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record."""
        self._console.print(line(self.format(record), STYLES.get(record.levelno, "")), soft_wrap=True)


class JsonHandler(logging.Handler):
    """Every event of the tree on stdout, a JSON object a line."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print the event that was logged; other records are none."""
        event = getattr(record, "event", None)
        if isinstance(event, SupervisionEvent):
            click.echo(json.dumps(event.to_dict(), ensure_ascii=False))


@click.command()
@click.argument("target", metavar="MODULE:TREE")
@click.option("--seed", type=int, help="Make everything random in the tree repeatable.")
@click.option("--quiet", is_flag=True, help="Only warnings and errors.")
@click.option("--json", "as_json", is_flag=True, help="Events on stdout, a JSON object a line; stderr as with --quiet.")
@click.option("--journal", type=click.Path(dir_okay=False), help="Append events and autopsies to this file, as JSON.")
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Workers of each pool of processes; guards too.")
@click.option("--guard/--no-guard", default=None, help="Start it again if its process is killed (with --workers).")
@membership_options
@click.option("--door/--no-door", default=True, help="Whether planaria why may ask this tree; only this user's may.")
def run(
    target: str,
    seed: int | None,
    quiet: bool,
    as_json: bool,
    journal: str | None,
    workers: int | None,
    guard: bool | None,
    door: bool,
    **membership: Any,
) -> int:
    """Run a tree until it ends or is told to.

    Everything that its supervisors decide is logged to stderr.  SIGINT (Ctrl-C) or SIGTERM stops it in reverse order,
    each child within its time; a second one ends it at once.  Exit codes: 0 a clean stop, 1 the tree gave up or did not
    start, 2 it could not be loaded, 130 the second signal.

    --workers N: each pool whose workers live in processes has N of them, and the tree is guarded: if its own process is
    killed, another process starts it again, five times within 30 s at most; and the other way round, so end it by
    SIGTERM.  --guard: only that; --no-guard: only the former.

    With --join or --listen it is a host among others meanwhile, and children at place=Host(...) live on those.
    """
    is_host = wants_cluster(**membership)
    arguments = click.get_current_context().obj
    ward = Ward.here(arguments)
    if ward is None and (guard if guard is not None else workers is not None):
        return guard_it(arguments)
    tree = load(target)
    tree = with_workers(tree, workers) if workers is not None else tree
    cluster = member(tree.name, serves=False, **membership) if is_host else None
    log_to_stderr(logging.WARNING if quiet or as_json else logging.DEBUG)
    if as_json:
        logger = logging.getLogger("planaria")
        logger.setLevel(logging.DEBUG)
        logger.addHandler(JsonHandler())
    try:
        observer = ward.watch if ward is not None else None
        code = run_tree(tree, seed=seed, door=door, journal=journal, cluster=cluster, observer=observer)
    except ClusterError as error:
        raise click.ClickException(str(error)) from error
    if ward is not None:
        ward.farewell(code)
    return code


def log_to_stderr(level: int) -> None:
    """Send all logging to stderr: the tree's from ``level``, everybody else's from ``INFO`` or ``level``."""
    handler = LineHandler()
    handler.setLevel(level)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.INFO))
    logging.getLogger("planaria").setLevel(level)
