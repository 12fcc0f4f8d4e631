import pytest

from bench.quantiles import median, p99, quantile, spread


@pytest.mark.parametrize(
    ("values", "expected"),
    [([7.0], 7.0), ([3.0, 1.0, 2.0], 2.0), ([4.0, 1.0, 3.0, 2.0], 2.5)],
    ids=["one", "odd", "even"],
)
def test_median_is_the_middle_one_or_the_mean_of_two(values: list[float], expected: float) -> None:
    assert median(values) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, 1.0), (5, 5.0), (99, 99.0), (100, 99.0), (200, 198.0), (1000, 990.0)],
)
def test_p99_is_the_nearest_rank(count: int, expected: float) -> None:
    values = [float(number) for number in range(count, 0, -1)]

    assert p99(values) == expected


def test_quantile_interpolates_between_neighbours() -> None:
    values = [10.0, 20.0, 40.0]

    assert [quantile(values, q) for q in (0.0, 0.25, 0.75, 1.0)] == [10.0, 15.0, 30.0, 40.0]


def test_spread_ignores_one_disturbed_repeat_of_five() -> None:
    assert spread([10.0, 11.0, 12.0, 13.0, 500.0]) == 2.0
