import json

import pytest

from bench.machine import Machine, describe, versions_of
from bench.results import Figure, Report, ReportError, Result

MACHINE = Machine("cpu", 2, "Linux 6", "CPython 3.11.7", {"planaria": "0.1.0"}, 0.5, "2026-11-21T00:00:00+00:00")
HOP = Figure("hop", "ns", "lower", (600.0, 700.0, 650.0))
LAG = Figure("lag", "ns", "lower", (10.0, 20.0, 30.0), (90.0, 100.0, 95.0))
REPORT = Report(
    MACHINE, False, (Result("hop", "What?", (HOP, LAG), 1.5), Result("bad", "Why?", (), 0.1, "WrongResult: no"))
)


def test_figure_of_plain_samples_takes_its_p99_from_the_repeats() -> None:
    assert (HOP.median, HOP.p99, HOP.low, HOP.high, HOP.spread) == (650.0, 700.0, 600.0, 700.0, 50.0)


def test_figure_of_distributions_takes_its_p99_from_their_tails() -> None:
    assert (LAG.median, LAG.p99) == (20.0, 95.0)


def test_report_survives_json() -> None:
    assert Report.from_json(REPORT.to_json()) == REPORT


def test_json_holds_median_p99_and_spread_for_other_readers() -> None:
    figure = json.loads(REPORT.to_json())["results"][0]["figures"][1]

    assert (figure["median"], figure["p99"], figure["spread"]) == (20.0, 95.0, 10.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 99}',
        REPORT.to_json().replace('"lower"', '"sideways"'),
        REPORT.to_json().replace("cores", "x"),
    ],
    ids=["empty", "list", "object", "other format", "no sense of better", "unknown field"],
)
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(ReportError):
        Report.from_json(text)


def test_failed_scenarios_are_listed_and_looked_up() -> None:
    assert [result.scenario for result in REPORT.failed] == ["bad"]
    assert REPORT.result("hop").figure("lag") is LAG
    with pytest.raises(KeyError):
        REPORT.result("nothing")
    with pytest.raises(KeyError):
        REPORT.result("hop").figure("nothing")


def test_machine_says_what_the_figures_were_measured_on() -> None:
    machine = describe()

    assert machine.cores >= 1
    assert machine.python.startswith("CPython 3.") or machine.python
    assert machine.cpu in str(machine)


def test_versions_leave_out_what_is_not_installed() -> None:
    assert list(versions_of(("rich", "no-such-distribution"))) == ["rich"]
