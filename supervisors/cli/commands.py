"""The command group: how every command starts, and how every mistake ends (one line on stderr, exit code 2)."""

from __future__ import annotations

import importlib
import importlib.metadata
import io
import sys
from collections.abc import Sequence
from typing import Any

import click

from .terminal import complain

COMMANDS = {
    "run": "run", "tree": "tree", "check": "check", "simulate": "simulate", "top": "top", "why": "why", "host": "host",
    "hosts": "hosts", "drain": "drain", "keys": "keys", "demo": "demo.command", "bench": "bench",
}  # fmt: skip
"""Where each command is; it is loaded when it is wanted, as all together take a second."""

UNUSABLE = 2
"""Exit code: what was asked for cannot be done at all."""

INTERRUPTED = 130
"""Exit code: ended by Ctrl-C."""


class Planaria(click.Group):
    """A group whose mistakes are one line each, with the nearest right word, and never a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command; ``None``: there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = getattr(importlib.import_module(f"supervisors.cli.{COMMANDS[cmd_name]}"), cmd_name)
        return found

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
        extra.setdefault("obj", tuple(sys.argv[1:] if args is None else args))  # for who starts this again
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
