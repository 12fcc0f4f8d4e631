"""How a sheet looks in a terminal: the cells, the counters beside them, and what has happened below."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from .healing import Scene
from .notebook import Note
from .plan import Place

WIDE, NARROW = 2, 1
"""Columns of the terminal that a cell takes; two make it about square."""

COUNTERS = 42
"""Columns that the counters take."""

AROUND = 3
"""Rows above and between the parts."""

LEAST_NOTES, MOST_NOTES = 3, 9
"""Rows of what has happened, the last of it."""

SHADES = ((0.9, "red"), (0.3, "dark_orange3"), (0.1, "yellow3"), (0.0, "grey50"))
"""From which level of stress on which colour."""

NEWBORN, TRAIL, END = "green", "bright_cyan", "bold bright_white"


def fits(scene: Scene, console: Console) -> bool:
    """Whether a sheet has room in that terminal."""
    rows = max(scene.plan.rows, len(scene.figures.rows()))
    return scene.plan.columns * NARROW + COUNTERS <= console.width and rows + AROUND + LEAST_NOTES <= console.height


def screen(scene: Scene, width: int, height: int) -> RenderableType:
    """The whole picture, for a terminal of that size."""
    cell = WIDE if scene.plan.columns * WIDE + COUNTERS <= width else NARROW
    beside = Table.grid(padding=(0, 3, 0, 0))
    beside.add_row(cells(scene, cell), counters(scene))
    rows = max(scene.plan.rows, len(scene.figures.rows()))
    room = max(LEAST_NOTES, min(MOST_NOTES, height - rows - AROUND))
    title = Text("planaria demo wound: a sheet of actors, nobody in charge", style="bold", no_wrap=True)
    shown = [Text(line(note), no_wrap=True, overflow="ellipsis") for note in scene.notes[-room:]]
    return Group(title, Text(), beside, Text(), *shown)


def cells(scene: Scene, width: int) -> Text:
    """The sheet, a line for each row."""
    text = Text(no_wrap=True)
    on_trail = set(scene.trail)
    for row in range(scene.plan.rows):
        for column in range(scene.plan.columns):
            glyph, style = _look(scene, (row, column), on_trail)
            text.append(glyph * width, style)
        text.append("\n" if row < scene.plan.rows - 1 else "")
    return text


def _look(scene: Scene, place: Place, on_trail: set[Place]) -> tuple[str, str]:
    if place not in scene.living:
        return " ", ""
    if place in (scene.plan.inlet, scene.plan.outlet):
        return "#", END
    if place in on_trail:
        return "o", TRAIL
    level = scene.stress.get(place, 0.0)
    if place in scene.newborn and level < SHADES[0][0]:
        return "█", NEWBORN
    return "█", next(style for least, style in SHADES if level >= least)


def counters(scene: Scene) -> Table:
    """The figures, a row each."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for heading, figure in scene.figures.rows():
        table.add_row(Text(heading, style="dim", no_wrap=True), Text(figure, style="bold", no_wrap=True))
    return table


def line(note: Note) -> str:
    """What happened, and when."""
    return f"{note.at:+8.2f} s  {note.phase:13}  {note.text}"
