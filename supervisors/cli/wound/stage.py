"""Where a run is shown: a live picture, plain lines, or nowhere until it is over."""

from __future__ import annotations

import time
from typing import Self

from rich.console import Console
from rich.live import Live

from supervisors.cli import terminal

from .healing import FRAME, Sheet
from .view import fits, line, screen

EVERY = 1.0
"""Seconds of the run between two plain lines."""


class Silent:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def show(self, sheet: Sheet) -> None:
        """Nothing."""


class Lines(Silent):
    """What happens, and the counters every second: the same lines from the same seed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told = 0
        self._next = 0.0

    def show(self, sheet: Sheet) -> None:
        """What is new."""
        notes = sheet.book.notes
        for note in notes[self._told :]:
            self._print(line(note))
        self._told = len(notes)
        figures = sheet.figures()
        if figures.time >= self._next - FRAME / 2:
            self._next += EVERY
            self._print(f"{figures.time:8.2f} s  {figures.line()}")

    def _print(self, text: str) -> None:
        self._console.print(terminal.line(text), soft_wrap=True)


class Picture(Silent):
    """The sheet, live; ``speed``: seconds of the run in a second, if the machine is fast enough."""

    def __init__(self, console: Console, speed: float) -> None:
        self._console = console
        self._pause = FRAME / speed
        self._live = Live(console=console, auto_refresh=False)
        self._next = 0.0
        self._lines: Lines | None = None

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.__exit__(None, None, None)

    def show(self, sheet: Sheet) -> None:
        """A new picture, when it is time; lines where there is no room for one."""
        scene = sheet.scene()
        if not fits(scene, self._console):
            self._lines = self._lines or Lines(self._console)
            self._lines.show(sheet)
            return
        now = time.monotonic()
        if now < self._next:
            time.sleep(self._next - now)
        self._next = max(self._next, now) + self._pause
        self._live.update(screen(scene, self._console.width, self._console.height), refresh=True)
