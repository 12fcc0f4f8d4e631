"""What does a field cost the loop?

A sheet of 100 by 100 actors on one loop, each linked to those beside it; four of them become sources, and in rounds of
0.2 s all the others find out how far the nearest is (up to 50 hops).  Figures are processor time, the whole process's,
so that packets, timers and the actors around the cores are in them.

Target: at most 1 ms a round for each 100 cells while it settles; at rest it should cost next to nothing.
"""

from __future__ import annotations

import asyncio
import gc
import time

from actors import Actor, ActorSystem, Ref
from actors.tissue import Reading

from ..harness import Context

GROUP = "tissue"
SIDE = 100
PERIOD = 0.2
"""Seconds a round takes: the default of fields."""

REST = 3.0
"""Seconds that are measured when all has settled."""

SETTLING = 0.8
"""Seconds until all has been told for the last time: some rounds."""

PATIENCE = 120.0


class Cell(Actor):
    """One of a sheet: linked to those above and to the left, and so to those below and to the right."""

    def __init__(self, row: int, column: int) -> None:
        self.sheet = self.contact.join("sheet", close=0, random=0)
        self.sheet.link(*(name(r, c) for r, c in ((row - 1, column), (row, column - 1)) if r >= 0 and c >= 0))

    @property
    def reading(self) -> Reading:
        """The field here."""
        return self.sheet.field("source")


def name(row: int, column: int) -> str:
    """What a cell is called."""
    return f"{row},{column}"


async def run(ctx: Context) -> None:
    """One repeat."""
    side = ctx.size(SIDE, 10)
    gc.collect()
    async with ActorSystem("field cost", watchdog=None) as system:
        began = time.process_time()
        refs: list[Ref[object]] = [
            await system.spawn(Cell, row, column, name=name(row, column))
            for row in range(side)
            for column in range(side)
        ]
        cells: list[Cell] = [ref._cell.actor for ref in refs]
        await asyncio.sleep(0)
        ctx.report("joining, a cell", (time.process_time() - began) / len(cells) * 1e9, "ns")
        gc.collect()  # what joining left to be looked at is not the field's
        began, since = time.process_time(), time.monotonic()
        sources = [(row, column) for row in (side // 4, side * 3 // 4) for column in (side // 4, side * 3 // 4)]
        for row, column in sources:
            cells[row * side + column].sheet.emit("source")
        while time.monotonic() - since < PATIENCE:
            await asyncio.sleep(PERIOD)
            if all(cell.reading.is_reached for cell in cells[::37]) and all(cell.reading.is_reached for cell in cells):
                break
        rounds = (time.monotonic() - since) / PERIOD
        spent = time.process_time() - began
        await asyncio.sleep(SETTLING)
        wrong = sum(
            cell.reading.distance
            != min(abs(number // side - row) + abs(number % side - column) for row, column in sources)
            for number, cell in enumerate(cells)
        )
        ctx.expect("cells with another distance than the shortest", wrong, 0)
        ctx.report("settling, a round of 100 cells", spent / rounds / len(cells) * 100 * 1e9, "ns")
        ctx.target("settling, a round of 100 cells", at_most=1e6)
        ctx.report("rounds to settle", rounds, "count")
        began = time.process_time()
        await asyncio.sleep(REST * max(ctx.scale, 0.05))
        rested = (time.process_time() - began) / (REST * max(ctx.scale, 0.05) / PERIOD)
        ctx.report("at rest, a round of 100 cells", rested / len(cells) * 100 * 1e9, "ns")
