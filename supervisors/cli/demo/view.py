"""Two stages: plain lines, and the whole tree live with the deaths rolling below it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from supervisors.apoptosis.events import Replaced
from supervisors.cli.terminal import line
from supervisors.events import counted
from supervisors.introspect import Snapshot
from supervisors.running import Running

from .load import Tally
from .summary import Summary
from .watch import Death, Watch, time_of

FRAMES = 8
"""Pictures a second."""

FOLDED = 16
"""A supervisor with more children than this is one row."""

LEAST_ROLLING = 6
"""Rows of deaths that are shown at least; in a small terminal the tree is folded for them."""

FRAME = 7
"""Rows around the tree and the deaths."""


class PlainStage:
    """Lines, for a pipe, a log or ``--plain``.

    They are kept while a repair is under way and printed after it, so that printing is not what is measured.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._kept: deque[Text] = deque()
        self._running: Running
        self._watch: Watch
        self._tally: Tally

    @contextmanager
    def shown(self, running: Running, watch: Watch, tally: Tally) -> Iterator[None]:
        """The play goes on inside the block."""
        self._running, self._watch, self._tally = running, watch, tally
        drawing = asyncio.ensure_future(self._animate())
        try:
            yield
        finally:
            drawing.cancel()
            self.draw()

    async def _animate(self) -> None:
        while True:
            await asyncio.sleep(1 / FRAMES)
            if not any(death.seconds is None and not death.waited for death in self._watch.deaths):
                self.draw()

    def draw(self) -> None:
        """Show what there is to show."""
        while self._kept:
            self._console.print(self._kept.popleft(), soft_wrap=True)

    def act(self, title: str, why: str) -> None:
        """A new act begins."""
        self._say(Text("\n").append(title, style="bold").append(f"  ({why})"))

    def death(self, death: Death) -> None:
        """A death was made up for."""
        self._say(Text(f"{self._time()}  ").append(told(death)))

    def replaced(self, event: Replaced) -> None:
        """A life was replaced before it died."""
        self._say(Text(f"{self._time()}  ").append(succeeded(event)))

    def note(self, text: str) -> None:
        """Something else that happened."""
        self._say(line(f"{self._time()}  {text}", "dim"))

    def _time(self) -> str:
        return f"{time.monotonic() - self._began:7.3f} s"

    def _say(self, text: Text) -> None:
        self._kept.append(text)


class LiveStage(PlainStage):
    """The tree as it is, and below it the last deaths."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._rolling: deque[Text] = deque(maxlen=200)
        self._title = Text("all is well", style="bold")
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="crop")

    @contextmanager
    def shown(self, running: Running, watch: Watch, tally: Tally) -> Iterator[None]:
        """The play goes on inside the block."""
        with self._live, super().shown(running, watch, tally):
            yield

    def act(self, title: str, why: str) -> None:
        """A new act begins."""
        self._title = Text(title, style="bold").append(f"  {why}", style="not bold")
        self._rolling.append(Text(title, style="bold"))

    def _say(self, text: Text) -> None:
        self._rolling.append(text)

    def draw(self) -> None:
        """A new picture."""
        snapshot = self._running.snapshot()
        replaced = Counter(event.path for event in self._watch.replaced)
        tree = picture(snapshot, replaced)
        room = self._console.height - tree.row_count - FRAME
        if room < LEAST_ROLLING:
            tree = picture(snapshot, replaced, folded=0)
            room = max(LEAST_ROLLING, self._console.height - tree.row_count - FRAME)
        width = self._console.width - 1
        rows = [row for text in list(self._rolling)[-room:] for row in text.wrap(self._console, width)][-room:]
        self._live.update(Group(self._title, self._figures(), Text(), tree, Text(), *rows), refresh=True)

    def _figures(self) -> Text:
        tally = self._tally
        watch = self._watch
        deaths = f"{len(watch.deaths):,} deaths, {watch.restarts:,} restarts, {len(watch.replaced):,} replaced"
        requests = f"{tally.answered:,} answered, {tally.failed.total():,} failed"
        return Text(f"{self._time()}   {requests}   {deaths}", style="dim")


def picture(root: Snapshot, replaced: Mapping[str, int], folded: int = FOLDED) -> Table:
    """The tree as a table: place, status, life, messages handled and waiting, restarts, planned deaths.

    ``replaced``: how often each place was.  A supervisor below the root with more children than ``folded`` is one row.
    """
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("place")
    table.add_column("status")
    for heading in ("life", "handled", "waiting", "restarts", "replaced"):
        table.add_column(heading, justify="right")
    _rows(table, root, replaced, folded, "", "")
    return table


def _rows(table: Table, node: Snapshot, replaced: Mapping[str, int], folded: int, first: str, rest: str) -> None:
    workers = [each for each in node.walk() if each.kind == "worker"]
    is_folded = bool(first) and len(node.children) > folded
    name = node.path.rpartition("/")[2]
    label = f"{first}{name}  {node.strategy}" if node.strategy else f"{first}{name}"
    if is_folded:
        label = f"{first}{name}  {len(node.children)} of them"
    shown = workers if is_folded else [node]
    planned = sum(replaced.get(each.path, 0) for each in shown)
    restarts = sum(each.incarnation - 1 for each in shown) - planned
    away = sum(each.is_missing for each in shown)
    status = f"{away} away" if is_folded and away else node.status
    style = "red" if away else "green" if node.kind == "supervisor" else "bright_green" if restarts else "green"
    table.add_row(
        Text(label, style="bold cyan" if node.kind == "supervisor" else ""),
        Text(status, style=style),
        str(max(each.incarnation for each in shown)),
        f"{sum(each.handled for each in shown):,}",
        f"{sum(each.mailbox for each in shown):,}",
        Text(f"{restarts:,}", style="yellow" if restarts else "dim"),
        Text(f"{planned:,}", style="cyan" if planned else "dim"),
    )
    for number, below in enumerate(() if is_folded else node.children, 1):
        last = number == len(node.children)
        _rows(table, below, replaced, folded, rest + ("└── " if last else "├── "), rest + ("    " if last else "│   "))


def told(death: Death) -> Text:
    """A death on one line: who, why, what was decided, how long."""
    who, _, what = death.describe().partition(" ")
    text = Text(who, style="bold")
    before, _, after = what.rpartition("; ")
    return text.append(f" {before}; ", style="not bold").append(after, style="green not bold")


def succeeded(event: Replaced) -> Text:
    """A planned death on one line: who, why, and how the next life took over."""
    moved = f", {counted(event.moved, 'message', 'messages')} moved" if event.moved else ""
    why = "age" if event.cause == "age" else "damage"
    text = Text(event.path, style="bold").append(f" was replaced: {why}; ", style="not bold")
    return text.append(
        f"life {event.life} was ready after {time_of(event.took)}, took over in {time_of(event.paused)}"
        f"{moved}, inherits {event.estate}",
        style="green not bold",
    )


def summarise(summary: Summary, console: Console) -> None:
    """Print the figures."""
    console.print()
    table = Table.grid(padding=(0, 1, 0, 0))
    for heading, figures in summary.lines():
        style = "" if heading != "verdict" else "bold green" if summary.adds_up else "bold red"
        if console.is_terminal:
            table.add_row(Text(heading, style="bold", no_wrap=True), Text(figures, style=style))
        else:
            console.print(Text(f"{heading:22}{figures}"), soft_wrap=True)
    if console.is_terminal:
        console.print(table)
