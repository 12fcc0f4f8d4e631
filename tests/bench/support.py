"""Reports made up for tests."""

from __future__ import annotations

from bench.machine import Machine
from bench.results import Figure, Report, Result

MACHINE = Machine("cpu", 2, "Linux 6", "CPython 3.11.7", {}, 0.0, "2026-11-21T00:00:00+00:00")


def a_report(unit: str = "ns", /, **samples: tuple[float, ...]) -> Report:
    """One scenario ``s`` with a figure for each keyword."""
    figures = tuple(Figure(name, unit, "lower", values) for name, values in samples.items())
    return Report(MACHINE, False, (Result("s", "What does [it] cost?", figures, 0.1),))
