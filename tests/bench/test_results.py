import json

import pytest

from bench.machine import Machine, describe, versions_of
from bench.results import Figure, Report, ReportError, Result, Target

MACHINE = Machine("cpu", 2, "Linux 6", "CPython 3.11.7", {"planaria": "0.1.0"}, 0.5, "2026-11-21T00:00:00+00:00")
HOP = Figure("hop", "ns", "lower", (600.0, 700.0, 650.0))
LAG = Figure("lag", "ns", "lower", (10.0, 20.0, 30.0), (90.0, 100.0, 95.0))
REPORT = Report(
    MACHINE,
    False,
    (
        Result("hop", "What?", (HOP, LAG), 1.5, targets=(Target("hop", at_most=650.0),)),
        Result("bad", "Why?", (), 0.1, "WrongResult: no"),
    ),
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
        REPORT.to_json().replace('"figure": "hop"', '"figure": "skip"'),
    ],
    ids=["empty", "list", "object", "other format", "no sense of better", "unknown field", "target without figure"],
)
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(ReportError):
        Report.from_json(text)


@pytest.mark.parametrize(
    ("target", "passed"),
    [
        (Target("hop", at_most=650.0), True),
        (Target("hop", at_most=649.0), False),
        (Target("hop", at_most=650.0, every=True), False),
        (Target("hop", at_most=700.0, every=True), True),
        (Target("hop", at_least=650.0), True),
        (Target("hop", at_least=650.0, every=True), False),
        (Target("hop", at_least=640.0, at_most=660.0), True),
        (Target("hop", at_least=651.0, at_most=660.0), False),
    ],
    ids=str,
)
def test_a_target_is_for_the_median_or_for_every_repeat(target: Target, passed: bool) -> None:
    assert target.passed(HOP) is passed
    assert REPORT.result("hop").passed(target) is passed


def test_a_target_is_found_by_its_figure() -> None:
    assert REPORT.result("hop").target("hop") == Target("hop", at_most=650.0)
    assert REPORT.result("hop").target("lag") is None


@pytest.mark.parametrize(("quick", "passed"), [(False, True), (True, None)], ids=["full", "smoke"])
def test_json_says_whether_a_target_was_reached_except_of_a_smoke_run(quick: bool, passed: bool | None) -> None:
    report = Report(MACHINE, quick, REPORT.results)

    (target,) = json.loads(report.to_json())["results"][0]["targets"]
    assert target == {"figure": "hop", "at_most": 650.0, "at_least": None, "every": False, "passed": passed}


def test_a_report_from_before_there_were_targets_is_read() -> None:
    body = json.loads(REPORT.to_json())
    for result in body["results"]:
        del result["targets"]

    assert Report.from_json(json.dumps(body)).result("hop").targets == ()


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
