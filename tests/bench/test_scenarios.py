"""Every scenario does its work, small: it checks its own result, so this is a test of what it drives as well."""

import pytest

from bench import harness

SCENARIOS = {info.name: info for info in harness.list_scenarios()}
WANTED = {
    "idle_memory": "bytes each at 1,000",
    "restart_storm": "100,000 / 1,000",
    "tree_start_stop": "start + stop, 100,000 / 1,000",
    "shutdown_in_retry": "shutdown, without backoff",
    "crash_loss": "lost",
    "watchdog": "noticed after the bound, busy",
    "hop": "planaria / pooled fibers",
    "ask": "planaria / call_soon",
    "ageing": "last / first, with lifetimes",
    "alpha_count": "mean checks to exit at 100%",
    "chooser_regret": "regret, clear, switching",
    "goodput": "goodput at 5x, worst",
    "lifetime_jitter": "most at once, no jitter",
    "metastable": "70 %, ours: attempts, worst",
    "microreboot": "process / actor",
    "replacement_under_load": "out of order, replace, virtual time",
    "vitals_cost": "hop, watched / not",
}


@pytest.mark.real
@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario_does_its_work(name: str) -> None:
    report = harness.run([name], quick=True)

    result = report.result(name)
    assert result.error is None
    assert len(result.figures) > 0
    assert WANTED.get(name, result.figures[0].name) in {figure.name for figure in result.figures}
    assert all(sample >= 0 for figure in result.figures for sample in figure.samples)
    assert len(result.targets) > 0 or SCENARIOS[name].group in ("messages", "recovery")
