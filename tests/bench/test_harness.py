from __future__ import annotations

import types

import pytest

from actors.engines import loop
from bench import harness
from bench.checks import WrongResult
from bench.harness import Context, Progress, ScenarioInfo, UnknownScenario, measure
from bench.results import Target
from bench.scenarios import hop


def scenario(run: object, **attributes: object) -> ScenarioInfo:
    module = types.ModuleType("made_up")
    vars(module).update(GROUP="messages", run=run, **attributes)
    return ScenarioInfo("made_up", "messages", "What?", module)


def ignore(turn: int) -> None:
    return None


def test_every_scenario_asks_a_question_and_has_a_group() -> None:
    listed = harness.list_scenarios()

    assert {info.group for info in listed} == set(harness.GROUPS)
    assert [info.name for info in listed if not info.question.endswith("?")] == []


def test_a_scenario_is_found_by_its_file() -> None:
    listed = {info.name: info for info in harness.list_scenarios()}

    assert listed["hop"].module is hop
    assert listed["hop"].question == "What does one message between two actors cost?"


def test_figures_of_all_repeats_are_merged_by_name() -> None:
    async def run(ctx: Context) -> None:
        ctx.report("turn", ctx.turn, "ns")
        ctx.report_all("lag", [float(number + ctx.turn) for number in range(1, 101)], "ns")

    result = measure(scenario(run), 1.0, 3, ignore)

    assert result.figure("turn").samples == (0, 1, 2)
    assert result.figure("lag").samples == (50.5, 51.5, 52.5)
    assert result.figure("lag").tails == (99.0, 100.0, 101.0)


def test_a_wrong_result_has_no_figures_but_a_reason() -> None:
    async def run(ctx: Context) -> None:
        ctx.report("fast", 1.0, "ns")
        ctx.expect("sum", 41, 42)

    result = measure(scenario(run), 1.0, 3, ignore)

    assert result.figures == ()
    assert result.error == "WrongResult: sum: got 41, wanted 42"


def test_a_figure_that_comes_and_goes_is_an_error() -> None:
    async def run(ctx: Context) -> None:
        ctx.report(f"figure {ctx.turn}", 1.0, "ns")

    assert measure(scenario(run), 1.0, 2, ignore).error is not None


def test_warm_up_is_small_and_not_counted() -> None:
    scales = []

    async def run(ctx: Context) -> None:
        scales.append(ctx.scale)
        ctx.report("f", 1.0, "ns")

    result = measure(scenario(run), 1.0, 2, ignore)

    assert scales == [harness.QUICK_SCALE, 1.0, 1.0]
    assert len(result.figure("f").samples) == 2


async def race(turn: int) -> tuple[list[str], Context]:
    order: list[str] = []

    def contender(name: str, value: float) -> harness.Contender:
        async def run() -> float:
            order.append(name)
            return value

        return run

    ctx = Context(turn=turn)
    await ctx.race({"ours": contender("ours", 30.0), "a": contender("a", 10.0), "b": contender("b", 60.0)})
    return order, ctx


@pytest.mark.parametrize(
    ("turn", "expected"),
    [(0, ["ours", "a", "b"]), (1, ["a", "b", "ours"]), (2, ["b", "ours", "a"]), (3, ["ours", "a", "b"])],
)
def test_contenders_take_turns_to_be_first(turn: int, expected: list[str]) -> None:
    order, _ = loop.run(race(turn))

    assert order == expected


def test_a_race_reports_each_and_ours_as_ratios() -> None:
    _, ctx = loop.run(race(1))

    assert {name: figure.median for name, figure in ctx.figures.items()} == {
        "ours": 30.0,
        "a": 10.0,
        "b": 60.0,
        "ours / a": 3.0,
        "ours / b": 0.5,
    }


def test_sizes_shrink_for_a_smoke_run_but_not_to_nothing() -> None:
    assert Context().size(1000) == 1000
    assert Context(scale=0.01).size(100_000) == 1000
    assert Context(scale=0.01).size(100) == 10
    assert Context(scale=0.01).size(5) == 5


def test_expect_names_what_went_wrong() -> None:
    with pytest.raises(WrongResult, match="balance: got 1, wanted 2"):
        Context().expect("balance", 1, 2)


def test_an_unknown_scenario_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownScenario, match=r"no scenario 'hops'; there are ask, .*hop"):
        harness.run(["hop", "hops"], quick=True)


def test_a_group_is_all_of_its_scenarios() -> None:
    assert [info.name for info in harness.choose(["hop"], ["messages"])][:3] == ["hop", "ask", "banking"]
    assert {info.group for info in harness.choose([], ["recovery"])} == {"recovery"}
    assert len(harness.choose([], [])) == len(harness.list_scenarios())


def test_an_unknown_group_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownScenario, match="no group 'hop'; there are messages, recovery"):
        harness.run(groups=["hop"], quick=True)


def test_targets_go_with_the_figures() -> None:
    async def run(ctx: Context) -> None:
        ctx.report("lost", ctx.turn, "count")
        ctx.target("lost", at_most=0, every=True)

    result = measure(scenario(run), 1.0, 3, ignore)

    assert result.targets == (Target("lost", at_most=0, every=True),)
    assert result.passed(result.targets[0]) is False


def test_a_target_needs_a_figure() -> None:
    with pytest.raises(KeyError, match="found"):
        Context().target("found", at_most=0)


def test_progress_is_told_before_every_repeat() -> None:
    told: list[Progress] = []

    harness.run(["hop", "tell"], quick=True, repeat=2, on_progress=told.append)

    assert [(one.scenario, one.index, one.total, one.repeat, one.repeats) for one in told] == [
        ("hop", 1, 2, 1, 2),
        ("hop", 1, 2, 2, 2),
        ("tell", 2, 2, 1, 2),
        ("tell", 2, 2, 2, 2),
    ]


def test_some_scenarios_limit_their_repeats() -> None:
    told: list[Progress] = []

    async def run(ctx: Context) -> None:
        ctx.report("f", 1.0, "ns")

    assert scenario(run, MAX_REPEAT=3).max_repeat == 3
    harness.run(["idle_memory"], quick=True, repeat=4, on_progress=told.append)
    assert [one.repeats for one in told] == [1]
