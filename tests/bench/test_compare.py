from dataclasses import replace

import pytest

from bench.compare import Verdict, compare, judge
from bench.results import Better, Figure
from tests.bench.support import a_report


def figure(*samples: float, better: Better = "lower") -> Figure:
    return Figure("f", "ns", better, samples)


@pytest.mark.parametrize(
    ("before", "after", "better", "expected"),
    [
        # medians 100 and 105; quartile ranges 2 and 2: the band is 4 %
        ((98.0, 99.0, 100.0, 101.0, 102.0), (103.0, 104.0, 105.0, 106.0, 107.0), "lower", Verdict.WORSE),
        ((98.0, 99.0, 100.0, 101.0, 102.0), (103.0, 104.0, 105.0, 106.0, 107.0), "higher", Verdict.BETTER),
        ((103.0, 104.0, 105.0, 106.0, 107.0), (98.0, 99.0, 100.0, 101.0, 102.0), "lower", Verdict.BETTER),
        # the same medians, but quartile ranges 6 and 6: the band is 12 %
        ((94.0, 97.0, 100.0, 103.0, 106.0), (99.0, 102.0, 105.0, 108.0, 111.0), "lower", Verdict.SAME),
        # no spread at all: 1 % is still less than the least band, 3 % is not
        ((100.0, 100.0), (101.0, 101.0), "lower", Verdict.SAME),
        ((100.0, 100.0), (103.0, 103.0), "lower", Verdict.WORSE),
        # one disturbed repeat on each side changes nothing
        ((99.0, 100.0, 100.0, 100.0, 900.0), (99.0, 100.0, 100.0, 100.0, 700.0), "lower", Verdict.SAME),
        ((100.0,), (150.0,), "lower", Verdict.UNSURE),
        ((100.0,), (101.0,), "lower", Verdict.SAME),
        ((0.0, 0.0), (0.0, 0.0), "lower", Verdict.SAME),
        ((0.0, 0.0), (1.0, 1.0), "lower", Verdict.WORSE),
    ],
    ids=[
        "worse", "higher is better", "better", "within noise", "least band", "above least band", "one disturbed repeat",
        "one sample", "one sample, equal", "zero", "from zero",
    ],
)  # fmt: skip
def test_verdict(before: tuple[float, ...], after: tuple[float, ...], better: Better, expected: Verdict) -> None:
    change = judge("s", figure(*before, better=better), figure(*after, better=better))

    assert change.verdict is expected


def test_band_is_both_quartile_ranges_relative_to_the_first_median() -> None:
    change = judge("s", figure(180.0, 190.0, 200.0, 210.0, 220.0), figure(220.0, 225.0, 230.0, 235.0, 240.0))

    assert change.change == pytest.approx(0.15)
    assert change.band == pytest.approx((20.0 + 10.0) / 200.0)


def test_figures_that_only_one_run_has_are_named() -> None:
    before, after = a_report(old=(1.0, 1.0), both=(1.0, 1.0)), a_report(both=(1.0, 1.0), new=(1.0, 1.0))

    comparison = compare(before, after)

    assert [change.figure for change in comparison.changes] == ["both"]
    assert comparison.only_before == ("s: old",)
    assert comparison.only_after == ("s: new",)


def test_another_machine_is_noticed() -> None:
    before = a_report(f=(1.0, 1.0))
    after = replace(before, machine=replace(before.machine, cpu="another"))

    assert compare(before, before).same_machine
    assert not compare(before, after).same_machine
