"""Find the scenarios, run them several times over, keep every sample.

A scenario does its work once a repeat and reports figures to its :class:`Context`.  The harness collects garbage before
each repeat, gives each a fresh event loop, and warms the interpreter with one small repeat that is thrown away.
Contenders that are compared with each other run inside one repeat, in an order that rotates, so that drift of the
machine (heat, neighbours) cancels; ratios are taken within a repeat, and only then is their median.

Logging is off: what a thousand crashes cost is not what a thousand log records cost, and OTP and the peers are measured
without theirs too.
"""

from __future__ import annotations

import gc
import importlib
import inspect
import logging
import pkgutil
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Protocol, cast

from actors.engines import loop

from . import scenarios
from .checks import expect
from .machine import describe
from .quantiles import median, p99
from .results import Better, Figure, Report, Result, Target

QUICK_SCALE = 0.01
"""Share of the full size that ``quick`` runs: every scenario ends within a second."""

REPEATS = 5
"""Repeats unless asked otherwise: the quartiles of five ignore one disturbed repeat on either side."""

GROUPS = ("messages", "recovery", "apoptosis", "overload", "tissue", "places")
"""What a scenario is about, in the order of the list."""

Contender = Callable[[], Awaitable[float]]


class UnknownScenario(Exception):
    """No scenario, or no group (``what``), has this name; ``known`` lists those there are."""

    def __init__(self, name: str, known: Sequence[str], what: str = "scenario") -> None:
        self.name = name
        self.known = tuple(known)
        self.what = what
        super().__init__(f"no {what} {name!r}; there are {', '.join(known)}")


@dataclass(slots=True)
class Context:
    """What one repeat of a scenario is told, and where it reports.

    ``scale``: share of the full size, 1.0 unless ``quick``.  ``turn``: which repeat this is, from 0.
    """

    scale: float = 1.0
    turn: int = 0
    figures: dict[str, Figure] = field(default_factory=dict)
    targets: dict[str, Target] = field(default_factory=dict)

    @property
    def is_quick(self) -> bool:
        """Whether this is a smoke run, whose figures are not to be believed."""
        return self.scale < 1.0

    def size(self, full: int, least: int = 10) -> int:
        """``full`` scaled down for a smoke run, but never below ``least``."""
        return min(full, max(least, round(full * self.scale)))

    def report(self, name: str, value: float, unit: str, better: Better = "lower") -> None:
        """Record one number.  Units: ``ns``, ``s`` (of virtual time), ``B``, ``x`` (a ratio), ``%``, ``count``."""
        self.figures[name] = Figure(name, unit, better, (value,))

    def report_all(self, name: str, values: Sequence[float], unit: str, better: Better = "lower") -> None:
        """Record a distribution: the median of ``values`` is the sample, their p99 the tail."""
        self.figures[name] = Figure(name, unit, better, (median(values),), (p99(values),))

    def target(
        self, name: str, *, at_most: float | None = None, at_least: float | None = None, every: bool = False
    ) -> None:
        """State what the figure ``name``, recorded before, has to be; see :class:`~bench.results.Target`.

        One that is missed is shown as such and fails nothing: figures belong to a machine.  What has to hold anywhere
        is for :meth:`expect`.  Raises ``KeyError`` for a figure that was not recorded.
        """
        figure = self.figures[name]
        self.targets[name] = Target(figure.name, at_most, at_least, every)

    def expect(self, what: str, got: object, wanted: object) -> None:
        """Raise ``WrongResult`` unless the work came out as it must."""
        expect(what, got, wanted)

    async def race(self, contenders: Mapping[str, Contender], unit: str = "ns") -> dict[str, float]:
        """Run every contender once, in an order that rotates with the repeat, and report each.

        The first is ours: its ratio to each of the others is reported too.
        """
        names = list(contenders)
        shift = self.turn % len(names)
        values: dict[str, float] = {}
        for name in names[shift:] + names[:shift]:
            gc.collect()
            values[name] = await contenders[name]()
        for name in names:
            self.report(name, values[name], unit)
        for name in names[1:]:
            self.report(f"{names[0]} / {name}", values[names[0]] / values[name], "x")
        return values


class Scenario(Protocol):
    """What a module in ``scenarios`` offers."""

    GROUP: str

    @staticmethod
    async def run(ctx: Context) -> None:
        """One repeat."""


@dataclass(frozen=True, slots=True)
class ScenarioInfo:
    """A scenario as it is listed: name, group (one of ``GROUPS``) and the question it answers."""

    name: str
    group: str
    question: str
    module: ModuleType = field(repr=False, compare=False)

    @property
    def max_repeat(self) -> int | None:
        """More repeats than this are never made; ``None`` where there is no limit."""
        limit = getattr(self.module, "MAX_REPEAT", None)
        return limit if isinstance(limit, int) else None


@dataclass(frozen=True, slots=True)
class Progress:
    """Told before each repeat: ``scenario`` is the ``index``-th of ``total``, ``repeat`` of ``repeats``; all from 1."""

    scenario: str
    index: int
    total: int
    repeat: int
    repeats: int


def list_scenarios() -> list[ScenarioInfo]:
    """Every scenario there is, in the order of ``GROUPS``, by name within a group."""
    found = []
    for entry in pkgutil.iter_modules(scenarios.__path__):
        module = importlib.import_module(f"{scenarios.__name__}.{entry.name}")
        question = (inspect.getdoc(module) or "").partition("\n")[0]
        found.append(ScenarioInfo(entry.name, module.GROUP, question, module))
    return sorted(found, key=lambda info: (GROUPS.index(info.group), info.name))


def run(
    names: Sequence[str] = (),
    *,
    groups: Sequence[str] = (),
    quick: bool = False,
    repeat: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Run the named scenarios and those of the named groups, all if none is named, and report.

    ``quick``: a smoke run, small and once.  ``repeat``: repeats of each, 5 by default, 1 when quick.  A scenario that
    fails is reported with its error and does not stop the others.  Raises ``UnknownScenario``.
    """
    chosen = choose(names, groups)
    wanted = repeat or (1 if quick else REPEATS)
    results = []
    for index, info in enumerate(chosen, 1):
        repeats = min(wanted, info.max_repeat or wanted)

        def tell(turn: int, at: int = index, of: ScenarioInfo = info, repeats: int = repeats) -> None:
            if on_progress is not None:
                on_progress(Progress(of.name, at, len(chosen), turn + 1, repeats))

        results.append(measure(info, QUICK_SCALE if quick else 1.0, repeats, tell))
    return Report(describe(), quick, tuple(results))


def choose(names: Sequence[str], groups: Sequence[str]) -> list[ScenarioInfo]:
    """The scenarios of these names, then those of these groups; all if none is named.  Raises ``UnknownScenario``."""
    known = {info.name: info for info in list_scenarios()}
    for name in names:
        if name not in known:
            raise UnknownScenario(name, tuple(known))
    for group in groups:
        if group not in GROUPS:
            raise UnknownScenario(group, GROUPS, "group")
    if not names and not groups:
        return list(known.values())
    return [known[name] for name in names] + [
        info for info in known.values() if info.group in groups and info.name not in names
    ]


def measure(info: ScenarioInfo, scale: float, repeats: int, on_repeat: Callable[[int], None]) -> Result:
    """Run one scenario ``repeats`` times after a warm-up, and merge what it reported."""
    scenario = cast(Scenario, info.module)
    began = time.perf_counter()
    logged = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    turns: list[dict[str, Figure]] = []
    targets: tuple[Target, ...] = ()
    try:
        if scale >= 1.0 and info.max_repeat != 1:
            loop.run(scenario.run(Context(QUICK_SCALE)))
        for turn in range(repeats):
            on_repeat(turn)
            ctx = Context(scale, turn)
            gc.collect()
            loop.run(scenario.run(ctx))
            turns.append(ctx.figures)
            targets = tuple(ctx.targets.values())
        figures = merge(turns)
    except Exception as error:
        return Result(info.name, info.question, (), time.perf_counter() - began, f"{type(error).__name__}: {error}")
    finally:
        logging.disable(logged)
    return Result(info.name, info.question, figures, time.perf_counter() - began, targets=targets)


def merge(turns: Sequence[Mapping[str, Figure]]) -> tuple[Figure, ...]:
    """Join the figures of all repeats by name, in the order of the first."""
    return tuple(
        Figure(
            name,
            first.unit,
            first.better,
            tuple(value for turn in turns for value in turn[name].samples),
            tuple(value for turn in turns for value in turn[name].tails),
        )
        for name, first in turns[0].items()
    )
