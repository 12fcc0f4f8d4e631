"""Every scenario does its work, small: it checks its own result, so this is a test of what it drives as well."""

from importlib.util import find_spec

import pytest

from bench import harness
from bench.machines import can_part

SCENARIOS = {info.name: info for info in harness.list_scenarios()}
WANTED = {
    "idle_memory": "bytes each at 1,000",
    "restart_storm": "100,000 / 1,000",
    "tree_start_stop": "start + stop, 100,000 / 1,000",
    "shutdown_in_retry": "shutdown, without backoff",
    "crash_loss": "lost",
    "watchdog": "noticed after the bound, busy",
    "host_death": "taken for dead under load",
    "hop": "planaria / pooled fibers",
    "ask": "planaria / call_soon",
    "ageing": "last / first, with lifetimes",
    "alpha_count": "mean checks to exit at 100%",
    "chooser_regret": "regret, clear, switching",
    "goodput": "goodput at 5x, worst",
    "isolate_ask": "isolate / bare link",
    "isolate_deaths": "notices of the monitors that were one too many, or wrong",
    "isolate_kill": "without",
    "isolate_memory": "one alone",
    "isolate_payload": "bytes a second, isolate / bare link",
    "isolate_scale": "speed-up of 2 isolates",
    "isolate_tell": "isolate: messages a second",
    "lifetime_jitter": "most at once, no jitter",
    "metastable": "70 %, ours: attempts, worst",
    "mutual_tls": "1 MB / 1 MB, floor",
    "microreboot": "process / actor",
    "replacement_under_load": "out of order, replace, virtual time",
    "vitals_cost": "hop, watched / not",
}


def marked(name: str) -> object:
    """Whatever is about places starts processes; two need what is not everywhere."""
    marks = [pytest.mark.process] if SCENARIOS[name].group == "places" else []
    if name == "partition":
        marks.append(pytest.mark.skipif(not can_part(), reason="it needs root, ip netns and cryptography"))
    if name == "mutual_tls":
        marks.append(pytest.mark.skipif(find_spec("cryptography") is None, reason="it needs cryptography"))
    return pytest.param(name, marks=marks)


@pytest.mark.real
@pytest.mark.parametrize("name", [marked(name) for name in SCENARIOS])
def test_scenario_does_its_work(name: str) -> None:
    report = harness.run([name], quick=True)

    result = report.result(name)
    assert result.error is None
    assert len(result.figures) > 0
    assert WANTED.get(name, result.figures[0].name) in {figure.name for figure in result.figures}
    assert all(sample >= 0 for figure in result.figures for sample in figure.samples)
    assert len(result.targets) > 0 or SCENARIOS[name].group in ("messages", "recovery")
