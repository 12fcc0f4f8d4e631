"""``planaria run``: a tree as a program, with what happens in it a line each."""

from __future__ import annotations

import json
import logging

import click

from supervisors.events import SupervisionEvent
from supervisors.runner import run as run_tree
from supervisors.spec import Tree

from .loading import tree_argument
from .terminal import line, messages

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
@tree_argument
@click.option("--seed", type=int, help="Make everything random in the tree repeatable.")
@click.option("--quiet", is_flag=True, help="Only warnings and errors.")
@click.option("--json", "as_json", is_flag=True, help="Events on stdout, a JSON object a line; stderr as with --quiet.")
@click.option("--journal", type=click.Path(dir_okay=False), help="Append events and autopsies to this file, as JSON.")
@click.option("--door/--no-door", default=True, help="Whether planaria why may ask this tree; only this user's may.")
def run(tree: Tree, seed: int | None, quiet: bool, as_json: bool, journal: str | None, door: bool) -> int:
    """Run a tree until it ends or is told to.

    Everything that its supervisors decide is logged to stderr.  SIGINT (Ctrl-C) or SIGTERM stops it in reverse order,
    each child within its time; a second one ends it at once.  Exit codes: 0 a clean stop, 1 the tree gave up or did not
    start, 2 it could not be loaded, 130 the second signal.
    """
    log_to_stderr(logging.WARNING if quiet or as_json else logging.DEBUG)
    if as_json:
        logger = logging.getLogger("planaria")
        logger.setLevel(logging.DEBUG)
        logger.addHandler(JsonHandler())
    return run_tree(tree, seed=seed, door=door, journal=journal)


def log_to_stderr(level: int) -> None:
    """Send all logging to stderr: the tree's from ``level``, everybody else's from ``INFO`` or ``level``."""
    handler = LineHandler()
    handler.setLevel(level)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.INFO))
    logging.getLogger("planaria").setLevel(level)
