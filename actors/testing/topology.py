"""Graphs on which spreading goes well or badly: who is next to whom, as a dict from a name to its neighbours."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import combinations

Graph = dict[str, list[str]]


def line(n: int) -> Graph:
    """A row: the longest way there is."""
    return _from_edges(n, [(i, i + 1) for i in range(n - 1)])


def ring(n: int) -> Graph:
    """A row that bites its tail."""
    return _from_edges(n, [(i, (i + 1) % n) for i in range(n)])


def grid(rows: int, columns: int) -> Graph:
    """A sheet of cells, four neighbours each but at its rim; ``r,c`` is number ``r * columns + c``."""
    right = [(r * columns + c, r * columns + c + 1) for r in range(rows) for c in range(columns - 1)]
    down = [(r * columns + c, (r + 1) * columns + c) for r in range(rows - 1) for c in range(columns)]
    return _from_edges(rows * columns, right + down)


def torus(rows: int, columns: int) -> Graph:
    """A sheet without a rim."""
    right = [(r * columns + c, r * columns + (c + 1) % columns) for r in range(rows) for c in range(columns)]
    down = [(r * columns + c, (r + 1) % rows * columns + c) for r in range(rows) for c in range(columns)]
    return _from_edges(rows * columns, right + down)


def geometric(n: int, radius: float, seed: int = 0) -> tuple[Graph, dict[str, tuple[float, float]]]:
    """Points in the unit square, neighbours within ``radius``; with the points.  May be in several pieces."""
    rng = random.Random(f"geometric/{seed}")
    points = [(rng.random(), rng.random()) for _ in range(n)]
    near = [(a, b) for a, b in combinations(range(n), 2) if math.dist(points[a], points[b]) <= radius]
    return _from_edges(n, near), {_name(i): point for i, point in enumerate(points)}


def regular(n: int, degree: int, seed: int = 0) -> Graph:
    """A random graph in which everybody has ``degree`` neighbours (``n * degree`` must be even): spreads fast.

    By pairing stubs at random and beginning anew when that gives a loop or a double edge.
    """
    if n * degree % 2 or degree >= n:
        raise ValueError(f"no graph of {n} has {degree} neighbours each")
    rng = random.Random(f"regular/{seed}")
    while True:
        edges = _pair([i for i in range(n) for _ in range(degree)], rng)
        if edges is not None:
            return _from_edges(n, sorted(edges))


def small_world(n: int, degree: int, rewired: float, seed: int = 0) -> Graph:
    """A ring with ``degree`` neighbours each, a share of whose edges lead anywhere (Watts and Strogatz 1998)."""
    rng = random.Random(f"small world/{seed}")
    edges = {tuple(sorted((i, (i + k) % n))) for i in range(n) for k in range(1, degree // 2 + 1)}
    for edge in sorted(edges):
        if rng.random() < rewired:
            other = tuple(sorted((edge[0], rng.randrange(n))))
            if other[0] != other[1] and other not in edges:
                edges.remove(edge)
                edges.add(other)
    return _from_edges(n, sorted(edges))


def barbell(n: int) -> Graph:
    """Two cliques of ``n`` and one bridge between them."""
    left = list(combinations(range(n), 2))
    right = [(a + n, b + n) for a, b in left]
    return _from_edges(2 * n, [*left, *right, (n - 1, n)])


def star(n: int) -> Graph:
    """One in the middle, number 0, and ``n`` around it."""
    return _from_edges(n + 1, [(0, i) for i in range(1, n + 1)])


def hypercube(dimensions: int) -> Graph:
    """Two to the power of ``dimensions`` cells; neighbours differ in one bit."""
    n = 1 << dimensions
    return _from_edges(n, [(i, i ^ (1 << bit)) for i in range(n) for bit in range(dimensions) if i < i ^ (1 << bit)])


def complete(n: int) -> Graph:
    """Everybody next to everybody."""
    return _from_edges(n, list(combinations(range(n), 2)))


def ball(graph: Graph, centre: str, size: int) -> list[str]:
    """The ``size`` cells nearest to ``centre`` by hops, itself first: a rack, a wound."""
    seen, rim = [centre], [centre]
    while rim and len(seen) < size:
        rim = [near for cell in rim for near in graph[cell] if near not in seen]
        seen.extend(dict.fromkeys(rim))
    return seen[:size]


def _pair(stubs: list[int], rng: random.Random) -> set[tuple[int, int]] | None:
    rng.shuffle(stubs)
    edges = set()
    for a, b in zip(stubs[::2], stubs[1::2], strict=True):
        edge = (min(a, b), max(a, b))
        if a == b or edge in edges:
            return None
        edges.add(edge)
    return edges


def _name(number: int) -> str:
    return f"c{number}"


def _from_edges(n: int, edges: Sequence[tuple[int, ...]]) -> Graph:
    names = [_name(i) for i in range(n)]
    graph: Graph = {name: [] for name in names}
    for a, b in edges:
        graph[names[a]].append(names[b])
        graph[names[b]].append(names[a])
    return graph
