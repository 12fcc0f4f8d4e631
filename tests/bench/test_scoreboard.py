import io

import pytest
from rich.console import Console

from bench.harness import UnknownScenario, list_scenarios
from bench.results import Figure, Report, Result, Target
from bench.scoreboard import PLACES, ROWS, choose, passed, repeats, show
from tests.bench.support import MACHINE

FIRST = choose(["1"])[0]


def a_report(first: float, *, quick: bool = False, error: str | None = None) -> Report:
    figures = Figure("first", "s", "lower", (first,)), Figure("first, worst seed", "s", "lower", (9.5,))
    targets = (Target("first", at_most=10.0),)
    return Report(MACHINE, quick, (Result("first_detection", "How?", figures, 0.1, error, targets),))


def printed(report: Report) -> list[str]:
    stream = io.StringIO()
    show(report, [FIRST], Console(file=stream))
    return stream.getvalue().splitlines()


def test_there_are_18_rows_and_10_composites_each_with_a_scenario_of_its_own() -> None:
    assert [row.name for row in ROWS] == [*map(str, range(1, 19)), *(f"W{number}" for number in range(1, 11))]
    assert len({row.scenario for row in ROWS}) == len(ROWS)
    assert {row.scenario for row in ROWS} <= {info.name for info in list_scenarios()}


def test_the_places_have_rows_of_their_own_each_with_a_scenario_of_that_group() -> None:
    groups = {info.name: info.group for info in list_scenarios()}

    assert [row.name for row in PLACES] == [f"P{number}" for number in range(1, len(PLACES) + 1)]
    assert {groups[row.scenario] for row in PLACES} == {"places"}


def test_a_row_is_chosen_by_its_name_in_either_case() -> None:
    assert [row.scenario for row in choose(["w2", "17", "P5"])] == ["skateboard", "wound_front", "isolate_deaths"]


def test_a_board_stands_for_all_of_its_rows_and_no_name_for_the_tissue() -> None:
    assert choose(["places"]) == list(PLACES)
    assert choose(["p1", "Places"]) == list(PLACES)
    assert choose([]) == choose(["tissue"]) == list(ROWS)


def test_rows_with_seeds_are_measured_once_and_those_of_real_time_five_times() -> None:
    assert repeats(choose(["places"])) == 5
    assert repeats(choose(["places"]), quick=True) == 1
    assert repeats(choose(["P1", "7"])) == 1


def test_a_name_of_no_row_is_refused() -> None:
    with pytest.raises(UnknownScenario, match="no row 'W11'"):
        choose(["W11"])


@pytest.mark.parametrize(
    ("report", "verdict"),
    [
        (a_report(9.0), True),
        (a_report(11.0), False),
        (a_report(9.0, quick=True), None),
        (a_report(9.0, error="WrongResult: no"), False),
    ],
    ids=["reached", "missed", "smoke", "failed"],
)
def test_a_row_passes_if_all_its_targets_are_reached(report: Report, verdict: bool | None) -> None:
    assert passed(FIRST, report) is verdict


def test_a_row_is_shown_with_reference_median_worst_and_verdict() -> None:
    head, row, said, _ = printed(a_report(9.0))[1:]

    assert head.split() == ["row", "what", "reference", "figure", "ours", "worst", "target", "verdict"]
    assert row.split("  ")[0] == "1"
    assert row.endswith("  9.0 s  9.5 s  at most 10.0 s  pass")
    assert said == "1 of 1 rows pass"


def test_what_was_missed_is_named_at_the_end() -> None:
    assert "0 of 1 rows pass; missed: 1" in printed(a_report(11.0))


def test_a_scenario_that_failed_says_why() -> None:
    assert any(
        "WrongResult: no" in line and line.endswith("FAIL") for line in printed(a_report(9.0, error="WrongResult: no"))
    )
