import io
import re

import pytest
from rich.console import Console

from bench.compare import compare
from bench.report import quantity, show, show_comparison
from bench.results import Figure, Report, Result, Target
from tests.bench.support import a_report


def printed(report: Report, *, terminal: bool) -> str:
    stream = io.StringIO()
    show(report, Console(file=stream, force_terminal=terminal, width=140))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (643.4, "ns", "643 ns"),
        (5432.0, "ns", "5.43 µs"),
        (54_320_000.0, "ns", "54.3 ms"),
        (5_432_000_000.0, "ns", "5.43 s"),
        (2750.4, "B", "2,750 B"),
        (0.0834, "x", "0.083 x"),
        (12.34, "%", "12.3 %"),
        (12345.6, "count", "12,346"),
        (7.0, "count", "7"),
        (1.2, "count", "1.2"),
    ],
)
def test_quantities_read_as_people_write_them(value: float, unit: str, expected: str) -> None:
    assert quantity(value, unit) == expected


def test_without_a_terminal_there_are_plain_lines() -> None:
    text = printed(a_report(hop=(600.0, 650.0, 700.0)), terminal=False)

    assert "\x1b" not in text
    assert "  hop: 650 ns, p99 700 ns, spread 8 %, range 600 ns to 700 ns\n" in text
    assert text.splitlines()[0] == "s: What does [it] cost?"


def test_in_a_terminal_there_is_a_table_with_the_question() -> None:
    text = printed(a_report(hop=(600.0, 650.0, 700.0)), terminal=True)

    assert "median" in text
    assert "What does [it] cost?" in text
    assert "650 ns" in text


def test_one_sample_shows_no_spread() -> None:
    assert "  hop: 600 ns\n" in printed(a_report(hop=(600.0,)), terminal=False)


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "plain"])
def test_a_failure_is_shown_with_its_reason(terminal: bool) -> None:
    report = Report(a_report().machine, False, (Result("s", "What?", (), 0.1, "WrongResult: [2] is not [3]"),))

    assert "failed: WrongResult: [2] is not [3]" in printed(report, terminal=terminal)


def test_a_smoke_run_says_that_it_is_one() -> None:
    report = Report(a_report().machine, True, ())

    assert printed(report, terminal=False).startswith("smoke run: figures are not to be believed")


def judged(*targets: Target, quick: bool = False) -> Report:
    figures = (Figure("lost", "count", "lower", (0.0, 0.0, 2.0)), Figure("goodput", "%", "higher", (91.0, 92.0, 96.0)))
    return Report(a_report().machine, quick, (Result("s", "What?", figures, 0.1, targets=targets),))


@pytest.mark.parametrize(
    ("target", "line"),
    [
        (Target("lost", at_most=0.0), "s  lost  0  0  pass"),
        (Target("lost", at_most=0.0, every=True), "s  lost  2  0  FAIL"),
        (Target("lost", at_most=6.0), "s  lost  0  at most 6  pass"),
        (Target("goodput", at_least=95.0), "s  goodput  92.0 %  at least 95.0 %  FAIL"),
        (Target("goodput", at_least=90.0, every=True), "s  goodput  91.0 %  at least 90.0 %  pass"),
        (Target("goodput", at_least=90.0, at_most=93.0), "s  goodput  92.0 %  90.0 % to 93.0 %  pass"),
    ],
    ids=["met", "missed once", "with room", "missed", "each met", "between"],
)
def test_targets_are_listed_with_their_verdicts(target: Target, line: str) -> None:
    text = printed(judged(target), terminal=False)

    assert "What it must reach" in text
    assert line in [re.sub(" {2,}", "  ", printed_line) for printed_line in text.splitlines()]


def test_targets_are_listed_in_a_terminal_too() -> None:
    text = printed(judged(Target("lost", at_most=0.0, every=True)), terminal=True)

    assert "What it must reach" in text
    assert "FAIL" in text


def test_a_smoke_run_judges_nothing() -> None:
    text = printed(judged(Target("lost", at_most=0.0), quick=True), terminal=False)

    assert "not measured" in text
    assert "pass" not in text


def test_without_targets_there_is_no_list_of_them() -> None:
    assert "must reach" not in printed(judged(), terminal=False)


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "plain"])
def test_a_comparison_shows_what_changed(terminal: bool) -> None:
    stream = io.StringIO()
    before = a_report(slow=(100.0, 100.0), same=(7.0, 7.0), gone=(1.0, 1.0))
    after = a_report(slow=(200.0, 200.0), same=(7.0, 7.0))

    show_comparison(compare(before, after), Console(file=stream, force_terminal=terminal, width=140))

    text = stream.getvalue()
    assert "+100.0 %" in text
    assert "worse" in text
    assert "same" not in text
    assert "2 figures compared, 1 worse, 1 within noise and not shown" in text
    assert "only before: s: gone" in text


def test_figure_without_any_value_still_has_a_spread() -> None:
    assert Figure("lost", "count", "lower", (0.0, 0.0)).spread == 0.0
    assert "lost: 0, p99 0, spread 0 %" in printed(a_report("count", lost=(0.0, 0.0)), terminal=False)
