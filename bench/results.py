"""What a run leaves behind, as values that survive a trip through JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from .machine import Machine
from .quantiles import median, p99, spread

Better = Literal["lower", "higher"]

FORMAT = 1
"""Version of the JSON; a report of another version is refused."""


class ReportError(ValueError):
    """The text is not a report that this version reads."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One quantity: ``samples`` holds one value a repeat, ``tails`` the p99 of each repeat that had many values."""

    name: str
    unit: str
    better: Better
    samples: tuple[float, ...]
    tails: tuple[float, ...] = ()

    @property
    def median(self) -> float:
        """The median of the repeats."""
        return median(self.samples)

    @property
    def p99(self) -> float:
        """The median of the repeats' own p99; where a repeat is one value, the p99 of the repeats."""
        return median(self.tails) if self.tails else p99(self.samples)

    @property
    def low(self) -> float:
        """The least of the repeats."""
        return min(self.samples)

    @property
    def high(self) -> float:
        """The greatest of the repeats."""
        return max(self.samples)

    @property
    def spread(self) -> float:
        """The interquartile range of the repeats."""
        return spread(self.samples)


@dataclass(frozen=True, slots=True)
class Target:
    """What the figure of this name has to be: ``at_most``, ``at_least`` or between both, its median over the repeats.

    ``every``: each repeat has to, not only their median; for what must never happen.
    """

    figure: str
    at_most: float | None = None
    at_least: float | None = None
    every: bool = False

    def passed(self, figure: Figure) -> bool:
        """Whether ``figure`` is what it has to be."""
        values = figure.samples if self.every else (figure.median,)
        return all(
            (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)
            for value in values
        )


@dataclass(frozen=True, slots=True)
class Result:
    """One scenario: its figures, how long it took in all (seconds), or why it failed; what the figures have to be."""

    scenario: str
    question: str
    figures: tuple[Figure, ...]
    seconds: float
    error: str | None = None
    targets: tuple[Target, ...] = ()

    def target(self, name: str) -> Target | None:
        """The target of the figure of this name, if it has one."""
        return next((target for target in self.targets if target.figure == name), None)

    def passed(self, target: Target) -> bool:
        """Whether the figure of ``target`` is what it has to be.  Raises ``KeyError`` if there is no such figure."""
        return target.passed(self.figure(target.figure))

    def figure(self, name: str) -> Figure:
        """The figure of this name.  Raises ``KeyError``."""
        for figure in self.figures:
            if figure.name == name:
                return figure
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Report:
    """One run of the suite, or of a part of it."""

    machine: Machine
    quick: bool
    results: tuple[Result, ...]

    @property
    def failed(self) -> tuple[Result, ...]:
        """The scenarios that failed."""
        return tuple(result for result in self.results if result.error is not None)

    def result(self, scenario: str) -> Result:
        """The result of this scenario.  Raises ``KeyError``."""
        for result in self.results:
            if result.scenario == scenario:
                return result
        raise KeyError(scenario)

    def to_json(self) -> str:
        """All samples, and next to them, for those who read it without us, median, p99, spread and whether a target was
        reached (``None`` in a smoke run).
        """
        body = {"format": FORMAT, "machine": asdict(self.machine), "quick": self.quick}
        results = []
        for result in self.results:
            entry = asdict(result)
            for figure, kept in zip(result.figures, entry["figures"], strict=True):
                kept |= {"median": figure.median, "p99": figure.p99, "spread": figure.spread}
            for target, kept in zip(result.targets, entry["targets"], strict=True):
                kept["passed"] = None if self.quick else result.passed(target)
            results.append(entry)
        return json.dumps({**body, "results": results}, indent=2, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Read what ``to_json`` wrote.  Raises ``ReportError`` for anything else."""
        try:
            body = json.loads(text)
            if body["format"] != FORMAT:
                raise ReportError(f"a report of format {body['format']!r}; this version reads {FORMAT}")
            return cls(Machine(**body["machine"]), body["quick"], tuple(_result(entry) for entry in body["results"]))
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ReportError(f"not a benchmark report: {type(error).__name__}: {error}") from error


def _result(entry: dict[str, Any]) -> Result:
    figures = tuple(_figure(figure) for figure in entry["figures"])
    targets = tuple(_target(target) for target in entry.get("targets", ()))
    if not {target.figure for target in targets} <= {figure.name for figure in figures}:
        raise ReportError(f"scenario {entry['scenario']!r} has a target for a figure that it lacks")
    return Result(entry["scenario"], entry["question"], figures, entry["seconds"], entry["error"], targets)


def _figure(entry: dict[str, Any]) -> Figure:
    if entry["better"] not in get_args(Better) or not entry["samples"]:
        raise ReportError(f"figure {entry['name']!r} has no samples, or no sense of better")
    return Figure(entry["name"], entry["unit"], entry["better"], tuple(entry["samples"]), tuple(entry["tails"]))


def _target(entry: dict[str, Any]) -> Target:
    return Target(entry["figure"], entry["at_most"], entry["at_least"], entry["every"])
