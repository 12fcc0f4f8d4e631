"""What runs come to, in words."""

from __future__ import annotations

from typing import Any

import pytest

from supervisors.simulation import Outcome, Survey, overview, summary
from supervisors.simulation.ledger import Account, Gap
from supervisors.simulation.report import SHOWN_SEEDS, SHOWN_WORKERS, aligned

OVER = "  over 1 min 40 s"


def outcome(seed: int = 0, **fields: Any) -> Outcome:
    return Outcome("shop", seed, 100.0, **{"served_at": 0.0, **fields})


@pytest.mark.parametrize(
    ("run", "rows"),
    [
        (
            outcome(stopping=1.5),
            [
                "shop: everything served at the end",
                f"{OVER}: everything served all the time",
                "  the stop at the end took 1.5 s",
            ],
        ),
        (
            outcome(gaps=(Gap(10.0, 12.5), Gap(90.0))),
            [
                "shop: it did not give up, but something was missing at the end",
                f"{OVER}: something was missing 2 times, for 12.5 s in all; everything served 87.5 % of the time",
                "  it has not all been there since 00:01:30.000",
            ],
        ),
        (
            outcome(gave_up_at=0.0, why="too many", gaps=(Gap(0.0),)),
            [
                "shop: IT GAVE UP at 00:00:00.000: too many",
                f"{OVER}: something was missing 1 time, for 1 min 40 s in all; everything served 0 % of the time",
                "  it has not all been there since 00:00:00.000",
            ],
        ),
        (outcome(served_at=None, why="no luck"), ["shop: IT NEVER SERVED: no luck"]),
        (
            outcome(gave_up_at=60.0, shut_down=True, why="done"),
            ["shop: IT ENDED at 00:01:00.000: done", f"{OVER}: everything served all the time"],
        ),
    ],
    ids=["well", "missing", "gave-up", "never", "shut-down"],
)
def test_the_verdict_comes_first(run: Outcome, rows: list[str]) -> None:
    assert summary(run) == rows


def test_a_run_that_was_cut_short_in_its_first_moment_has_no_share_of_anything() -> None:
    run = outcome(cut_short="the run was cut short", gaps=(Gap(0.0),))
    run.length = 0.0

    assert summary(run) == ["shop: the run was cut short"]


def test_workers_to_which_something_happened_are_listed_the_longest_down_first() -> None:
    accounts = (
        Account("shop/idle", now="serves"),
        Account("shop/a", deaths=1, restarts=1, down=2.0, longest=2.0, now="serves"),
        Account("shop/bee", deaths=1_000, failed=3, down=30.0, longest=20.0),
    )

    assert summary(outcome(accounts=accounts))[-4:] == [
        "",
        "  worker    deaths  restarts  failed starts  replaced  down  longest  now",
        "  shop/bee  1,000   0         3              0         30 s  20 s     down",
        "  shop/a    1       1         0              0         2 s   2 s      serves",
    ]


def test_of_many_workers_the_rest_is_counted() -> None:
    accounts = tuple(Account(f"shop/w{n}", deaths=1) for n in range(SHOWN_WORKERS + 5))

    rows = summary(outcome(accounts=accounts))

    assert (len(rows), rows[-1]) == (2 + 2 + SHOWN_WORKERS + 1, "  and 5 more")


def test_many_runs_are_a_table_with_the_seeds_that_went_badly() -> None:
    mail = [Account("shop/mail", down=down, failed=int(down)) for down in (0.0, 2.0, 40.0)]
    runs = [
        outcome(1, accounts=(mail[0],)),
        outcome(2, accounts=(mail[1],), gaps=(Gap(98.0),)),
        outcome(3, accounts=(mail[2],), gaps=(Gap(60.0),), gave_up_at=61.0),
    ]

    assert overview(Survey.of(runs), "shop") == [
        "shop: gave up in 1 of 3 runs",
        "  gave up with the seed 3",
        "  did not end well with the seeds 2, 3",
        "                     least      median     worst",
        "  until it gave up   1 min 1 s  1 min 1 s  1 min 1 s",
        "  something missing  0 s        2 s        40 s",
        "  restarts           0          2          40",
        "  shop/mail down     0 s        2 s        40 s",
    ]


def test_of_many_seeds_the_rest_is_counted() -> None:
    runs = [outcome(seed, gave_up_at=1.0, gaps=(Gap(1.0),)) for seed in range(SHOWN_SEEDS + 3)]

    rows = overview(Survey.of(runs), "shop")

    assert rows[:2] == [
        "shop: gave up in 13 of 13 runs",
        "  gave up with the seeds 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 3 more",
    ]


def test_columns_stand_under_each_other_and_no_line_ends_in_blanks() -> None:
    assert aligned([["a", "bb", ""], ["ccc", "d", "e"]]) == ["  a    bb", "  ccc  d   e"]
