"""``planaria simulate``: the timeline, the summary, many runs, JSON, and every way to ask for nothing."""

from __future__ import annotations

import json

import pytest

from tests.cli.shell import planaria


def simulate(*args: str) -> tuple[int, list[str]]:
    done = planaria("simulate", *args)
    return done.code, done.out.splitlines()


def test_a_worker_that_is_down_too_long_ends_the_tree_with_exit_code_1() -> None:
    code, lines = simulate("shop:safe", "--fault", "till down 10m at 30s")

    gave_up = "safe gives up on till (crashed(Down: it cannot start)): 4 restarts within 5 s, 3 allowed"
    failed = "safe/till did not start: crashed(Down: it cannot start)"
    missing = "something was missing 1 time, for 29 min 30 s in all; everything served 1.667 % of the time"
    assert (code, lines) == (
        1,
        [
            "00:00:00.000  safe is ready with 1 child after 0 s",
            "00:00:30.000  fault: safe/till is down for 10 min",
            "00:00:30.000  safe/till died: crashed(Down) (life 1, 30 s); it is restarted",
            f"00:00:30.000  {failed} (attempt 2); it is restarted",
            f"00:00:30.000  {failed} (attempt 3); it is restarted",
            f"00:00:30.000  {failed} (attempt 4); its supervisor gives up",
            f"00:00:30.000  {gave_up}",
            "00:00:30.000  safe ends (shutdown), stopping 0 children",
            f"00:00:30.000  the tree has ended: {gave_up}",
            "",
            f"safe: IT GAVE UP at 00:00:30.000: {gave_up}",
            f"  over 30 min: {missing}",
            "  it has not all been there since 00:00:30.000",
            "",
            "  worker     deaths  restarts  failed starts  replaced  down         longest      now",
            "  safe/till  1       0         3              0         29 min 30 s  29 min 30 s  down",
        ],
    )


def test_a_tree_that_takes_it_ends_well_with_exit_code_0() -> None:
    code, lines = simulate("shop:safe", "--fault", "till crash at 1m", "--for", "5m")

    assert (code, lines[-6:]) == (
        0,
        [
            "safe: everything served at the end",
            "  over 5 min: something was missing 1 time, for 0 s in all; everything served 100 % of the time",
            "  the stop at the end took 0 s",
            "",
            "  worker     deaths  restarts  failed starts  replaced  down  longest  now",
            "  safe/till  1       1         0              0         0 s   0 s      serves",
        ],
    )


def test_without_faults_there_is_little_to_say() -> None:
    _, lines = simulate("shop:safe", "--for", "1h")

    assert lines[-3:] == [
        "safe: everything served at the end",
        "  over 1 h: everything served all the time",
        "  the stop at the end took 0 s",
    ]


def test_what_repeats_itself_is_counted_unless_all_is_asked_for() -> None:
    asked = ["shop:safe", "--fault", "till crash every 20s"]

    (_, short), (_, long) = simulate(*asked), simulate(*asked, "--all")

    assert "              ... 86 more restarts of safe/till until 00:29:40.000" in short
    assert (len(short), len(long)) == (1 + 4 * 4 + 1 + 2 + 7, 1 + 4 * 90 + 2 + 7)


def test_a_tree_that_never_served_says_why() -> None:
    code, lines = simulate("shop:safe", "--fault", "till down 1s at boot")

    assert code == 1
    assert (
        "safe: IT NEVER SERVED: safe#1 did not start: shutdown(child 'safe/till' did not start: crashed(Down: it "
        in ("\n".join(lines))
    )


def test_what_is_still_missing_at_the_end_is_not_well() -> None:
    code, lines = simulate("shop:safe", "--fault", "till stuck-start at 50s", "--for", "1m")

    assert (code, "safe: it did not give up, but something was missing at the end" in lines) == (1, True)


def test_many_runs_are_a_distribution() -> None:
    code, lines = simulate("shop:tree", "--fault", "till down 10s at 1m", "--runs", "5", "--for", "10m")

    assert (code, lines[0], lines[2].split()) == (1, "shop: gave up in 5 of 5 runs", ["least", "median", "worst"])
    assert lines[1] == "  gave up with the seeds 0, 1, 2, 3, 4"
    assert [line.split("  ")[1] for line in lines[3:6]] == ["until it gave up", "something missing", "restarts"]


def test_runs_begin_with_the_seed() -> None:
    _, lines = simulate("shop:safe", "--fault", "till down 1m", "--runs", "2", "--seed", "40")

    assert "  gave up with the seeds 40, 41" in lines


def test_the_same_seed_gives_the_same_bytes() -> None:
    asked = ["shop:tree", "--fault", "till down 1s at 1m", "--fault", "clerks/* crash at 2m", "--json", "--seed", "5"]

    assert simulate(*asked) == simulate(*asked)


def test_json_is_the_whole_run() -> None:
    done = planaria("simulate", "shop:safe", "--fault", "till crash at 1m", "--json")

    run = json.loads(done.out)
    assert (run["tree"], run["well"], run["gaps"]) == ("safe", True, [{"began": 60.0, "ended": 60.0}])
    assert [entry["kind"] for entry in run["timeline"]] == ["Ready", "fault", "Died", "Serving", "calm", "end", "end"]
    assert run["workers"][0]["deaths"] == 1


def test_json_of_many_runs_is_the_figures() -> None:
    done = planaria("simulate", "shop:safe", "--fault", "till down 1m", "--runs", "3", "--json")

    survey = json.loads(done.out)
    assert (survey["runs"], survey["gave_up"], survey["missing"]["worst"]) == (3, [0, 1, 2], 1800.0)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (
            ["--fault", "till donw 3s"],
            "planaria: fault \"till donw 3s\": 'donw' is nothing that can happen; did you mean 'down'?",
        ),
        (["--fault", "tile crash"], "planaria: the tree has no worker 'tile'; did you mean safe/till?"),
        (["--for", "soon"], "'soon' is not a duration"),
        (["--for", "0s"], "'0s' is no time at all"),
        (["--runs", "0"], "0 is not in the range x>=1"),
        (["--fault", "till crash at 2h", "--for", "1h"], "'at' is after the end of the run, which takes 1 h"),
    ],
)
def test_what_cannot_be_done_is_one_line_with_exit_code_2(args: list[str], said: str) -> None:
    done = planaria("simulate", "shop:safe", *args)

    assert (done.code, said in done.complaint) == (2, True)


def test_the_faults_are_explained_by_the_command_itself() -> None:
    done = planaria("simulate", "--help")

    for verb in ("down DURATION", "crash", "slow DURATION", "hang", "stuck-start", "damage WEIGHT"):
        assert f"PATH {verb}" in done.out
