"""How many bytes does it take to tell a group what has changed: whole states, deltas, or what is new of them?

15 cells add one element a round each to a set, on a ring and on a mesh in which each has four neighbours; each round
everybody sends to each neighbour

- *full state*: the whole set;
- *delta*: what was added here, and every delta that has come since the last round and held anything new;
- *delta + BP + RR*: the same, but nothing to whom it came from ("avoid back-propagation"), and of what has come only
  what was new ("remove redundancy");
- *contact state*: our own cells at their own pace of 0.2 s, a round being a second.  They need no reliable channel as
  the others do here, so their versions, questions and confirmations are in the count.

Virtual time; 20 meshes at random, their median and the worst; a ring is a ring, so there only ours has seeds.  Lengths
are those on the wire, in msgpack.

Targets, the order of Enes, Almeida, Baquero and Leitao, ICDE 2019: on the mesh deltas alone save less than half of the
full state, BP and RR together at least three quarters of that; and ours stays below plain deltas on both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.topology import Graph, regular, ring
from actors.tissue.core import Effect
from actors.tissue.crdt.orset import ORSet
from actors.tissue.plain import pack
from actors.tissue.state.contact_state import ContactState

from ..harness import Context
from ..virtual import SEEDS

GROUP = "tissue"
MAX_REPEAT = 1
CELLS = 15
DEGREE = 4
ROUNDS = 12
NOBODY = "nobody"
QUIET = 10.0
"""Seconds until nobody has anything left to tell, and within which all must agree."""


async def run(ctx: Context) -> None:
    """One repeat."""
    await asyncio.to_thread(compare, ctx)


def compare(ctx: Context) -> None:
    """Both graphs; pure arithmetic, so away from the loop."""
    rounds, seeds = ctx.size(ROUNDS, 1), range(ctx.size(SEEDS, 1))
    meshes = [regular(CELLS, DEGREE, seed) for seed in seeds]
    for name, graphs in (("ring", [ring(CELLS)]), ("mesh", meshes)):
        full = [flooded(ctx, graph, rounds, full_state) for graph in graphs]
        deltas = [flooded(ctx, graph, rounds, delta) for graph in graphs]
        news = [flooded(ctx, graph, rounds, delta_bp_rr) for graph in graphs]
        ours = [ours_on(ctx, graphs[seed % len(graphs)], rounds, seed) for seed in seeds]
        for kind, sizes in {
            "full state": full,
            "delta": deltas,
            "delta + BP + RR": news,
            "contact state": ours,
        }.items():
            ctx.report_all(f"bytes, {name}, {kind}", sizes, "B")
        ctx.report(f"delta / full state, {name}", sum(deltas) / sum(full), "x")
        ctx.report(f"delta + BP + RR / delta, {name}", sum(news) / sum(deltas), "x")
        ctx.report(f"contact state / delta, {name}, worst seed", max(ours) / min(deltas), "x")
        ctx.target(f"contact state / delta, {name}, worst seed", at_most=1.0)
    ctx.target("delta / full state, mesh", at_least=0.5)
    ctx.target("delta + BP + RR / delta, mesh", at_most=0.25)


class Cell:
    """One cell of the others: its set, and what it has to tell, with from whom it has it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.set = ORSet(Pid(name, 1))
        self.buffer: list[tuple[str, ORSet]] = []
        self.all: ORSet | None = None

    def add(self, element: str) -> None:
        """Add an element here."""
        self.buffer.append((self.name, self.set.add(element)))

    def joined(self, deltas: Iterable[ORSet]) -> ORSet:
        """The join of what is to be sent."""
        group = ORSet(self.set.owner)
        for each in deltas:
            group.merge(each)
        return group


Sync = Callable[[Cell, str], ORSet]
"""What a cell sends to a neighbour in this round."""


def full_state(cell: Cell, to: str) -> ORSet:
    """The whole set."""
    return cell.set


def delta(cell: Cell, to: str) -> ORSet:
    """All that has come since the last round, the same for each neighbour."""
    if cell.all is None:
        cell.all = cell.joined(each for _, each in cell.buffer)
    return cell.all


def delta_bp_rr(cell: Cell, to: str) -> ORSet:
    """The same without what came from there; the buffer holds only what was new."""
    return cell.joined(each for source, each in cell.buffer if source != to)


def flooded(ctx: Context, graph: Graph, rounds: int, sync: Sync) -> float:
    """Bytes until all know the same, each sending to each neighbour in each round, over channels that lose nothing."""
    cells, total = {name: Cell(name) for name in graph}, 0
    for turn in range(rounds + CELLS):
        if turn < rounds:
            for name, cell in cells.items():
                cell.add(f"{name}/{turn}")
        if all(len(cell.set) == rounds * CELLS for cell in cells.values()):
            break
        sent = [(name, to, sync(cell, to)) for name, cell in cells.items() for to in graph[name]]
        wires = {id(each): each.encode() for each in {id(each): each for _, _, each in sent if each}.values()}
        total += sum(len(pack(wires[id(each)])) for _, _, each in sent if each)
        copies = {key: ORSet(Pid(NOBODY, 1)).decode(wire) for key, wire in wires.items()}
        for cell in cells.values():
            cell.buffer.clear()
            cell.all = None
        for name, to, each in sent:
            if each:
                new = cells[to].set.merge(copies[id(each)])
                if new:
                    cells[to].buffer.append((name, new if sync is delta_bp_rr else copies[id(each)]))
    ctx.expect("elements known to all", min(len(cell.set) for cell in cells.values()), rounds * CELLS)
    return float(total)


def ours_on(ctx: Context, graph: Graph, rounds: int, seed: int) -> float:
    """Bytes of our cells from the first change until all is quiet."""
    arena: Arena[ContactState] = Arena(seed, strict=True)
    for name in graph:
        arena.add(name, lambda pid, rng, now: ContactState(pid, rng, now, peers=graph[pid.name]))
    arena.run(QUIET)
    before = arena.bytes.total()
    for turn in range(rounds):
        for name in graph:
            arena.tell(name, lambda state, now, turn=turn: add(state, f"{state.pid.name}/{turn}"))  # type: ignore[misc]
        arena.run(arena.now + 1.0)
    arena.run(arena.now + QUIET)
    known = min(len(state.share("set", ORSet)) for state in arena.cells.values())
    ctx.expect("elements known to all of ours", known, rounds * CELLS)
    return float(arena.bytes.total() - before)


def add(state: ContactState, element: str) -> list[Effect]:
    """Add an element to the shared set."""
    state.share("set", ORSet).add(element)
    return []
