"""Results go to stdout, complaints and progress to stderr; colours only to a terminal that wants them."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

PLAIN_WIDTH = 10_000
"""Without a terminal a line is never broken: ``grep`` and ``awk`` read it."""


def output() -> Console:
    """The console of stdout, made when it is needed: stdout may have been replaced.  Honours ``NO_COLOR``."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PLAIN_WIDTH, soft_wrap=True)


def messages() -> Console:
    """The console of stderr."""
    console = Console(stderr=True, highlight=False)
    return console if console.is_terminal else Console(stderr=True, highlight=False, width=PLAIN_WIDTH, soft_wrap=True)


def complain(text: str) -> None:
    """One line on stderr."""
    line = " ".join(text.split())
    click.echo(f"planaria: {line}", err=True)


def print_json(value: object) -> None:
    """JSON on stdout, for programs."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def line(text: str, style: str = "") -> Text:
    """Text that is shown as it is, whatever brackets it holds; what would steer the terminal is shown by its code."""
    return Text(harmless(text), style=style)


def harmless(text: str) -> str:
    """``text`` without anything that a terminal obeys: an exception's text may be a visitor's input."""
    return "".join(each if each in "\n\t" or not _steers(each) else f"\\u{ord(each):04x}" for each in text)


def _steers(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs")


class Bar:
    """How far something is that takes longer than a second: a bar in a terminal, else a line for each part of it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("", total=None)
        self._part = ""

    def advance(self, part: str, detail: str = "", completed: float | None = None, total: float | None = None) -> None:
        """Say what is being done now; ``completed`` of ``total``, if that is known."""
        self._progress.update(self._task, description=f"{part} {detail}".strip(), completed=completed, total=total)
        if part != self._part and not self._console.is_terminal:
            self._console.print(line(part))
        self._part = part

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show it while the block runs."""
        with self._progress:
            yield


@contextmanager
def progress() -> Iterator[Bar]:
    """A bar on stderr."""
    bar = Bar(messages())
    with bar.shown():
        yield bar
