"""The command group: how every command starts, and how every mistake ends (one line on stderr, exit code 2)."""

from __future__ import annotations

import importlib.metadata
import io
import sys
from collections.abc import Sequence
from typing import Any

import click

from .bench import bench
from .check import check
from .demo.command import demo
from .run import run
from .simulate import simulate
from .terminal import complain
from .tree import tree
from .why import why

UNUSABLE = 2
"""Exit code: what was asked for cannot be done at all."""

INTERRUPTED = 130
"""Exit code: ended by Ctrl-C."""


class Planaria(click.Group):
    """A group whose mistakes are one line each, with the nearest right word, and never a traceback."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line and exit with its code; a command's result is its exit code."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # no terminal is too old for a tree
        try:
            code = super().main(args, prog_name or "planaria", complete_var, standalone_mode=False, **extra)
        except click.ClickException as error:
            complain(error.format_message())
            code = UNUSABLE
        except click.Abort:
            complain("interrupted")
            code = INTERRUPTED
        sys.exit(code if isinstance(code, int) else 0)


def _version() -> str:
    try:
        return importlib.metadata.version("planaria")
    except importlib.metadata.PackageNotFoundError:
        return "(from a checkout, not installed)"


@click.group(
    "planaria",
    cls=Planaria,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
)
@click.version_option(_version(), prog_name="planaria", message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Erlang-style actors and supervision trees: run them, look at them, check them, crash them, measure them.

    MODULE:TREE names a tree in a module that can be imported from here, such as shop.main:tree; a function without
    parameters that returns one will do.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


for command in (run, tree, check, simulate, why, demo, bench):
    main.add_command(command)
