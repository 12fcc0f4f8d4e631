from __future__ import annotations

import importlib.util
import io
import json
import os
import signal

import pytest
from rich.console import Console

from bench import peers
from bench.machine import describe
from bench.peers import otp, rounds, targets
from bench.peers.contract import Sizes
from bench.peers.registry import CONTENDERS, FIBERS, OTP, OURS, QUEUE, Contender
from bench.peers.rounds import Failed, Row, play, ratio
from bench.peers.show import show
from bench.results import Figure, Report, Result

ABSENT = Contender("Absent", "pykka", "", "no-such-distribution")


def ignore(name: str, number: int) -> None:
    return None


def row(name: str, /, **figures: tuple[float, ...]) -> Row:
    contender = next(one for one in CONTENDERS if one.name == name)
    return Row(contender, None, {key.replace("_", " "): samples for key, samples in figures.items()})


def suite(**figures: float) -> Report:
    names = {
        "storm": ("restart_storm", "per child of 10,000"),
        "flat": ("restart_storm", "100,000 / 1,000"),
        "idle": ("idle_memory", "bytes each at 1,000,000"),
    }
    found: dict[str, tuple[Figure, ...]] = {}
    for key, value in figures.items():
        scenario, figure = names[key]
        found[scenario] = (*found.get(scenario, ()), Figure(figure, "ns", "lower", (value,)))
    results = [Result(scenario, "?", of_scenario, 0.1) for scenario, of_scenario in found.items()]
    return Report(describe(), False, tuple(results))


def test_a_peer_that_is_not_installed_is_skipped_with_one_line() -> None:
    (absent,) = play([ABSENT], 1, 0.01, ignore)

    assert absent.figures == {}
    assert absent.why_not == "skipped: no-such-distribution is not installed (pip install planaria[peers])"


def test_erlang_is_skipped_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    (erlang,) = play([Contender(OTP, "otp")], 1, 0.01, ignore)

    assert erlang.why_not == "skipped: no erl and erlc on the PATH"


@pytest.mark.real
def test_a_peer_that_fails_is_out_with_its_reason_and_the_others_go_on() -> None:
    broken, floor = play([Contender("Broken", "no_adapter"), Contender(QUEUE, "floor", "queue")], 2, 0.001, ignore)

    assert broken.why_not is not None
    assert broken.why_not.startswith("failed: ModuleNotFoundError")
    assert len(floor.figures["hop"]) == 2


@pytest.mark.real
def test_a_contender_that_dies_is_a_failure_not_a_hang() -> None:
    with rounds.Worker(Contender(QUEUE, "floor", "queue")) as worker:
        worker._kill()
        with pytest.raises(Failed, match="the process died"):
            worker.round(0.001)


INSTALLED = [one for one in CONTENDERS if one.missing() is None]


HANGS = {"Thespian TCP"}
"""Peers whose own processes now and then never answer on a busy machine: they get several tries."""


@pytest.mark.real
@pytest.mark.parametrize("contender", INSTALLED, ids=lambda one: one.name)
def test_adapter_does_its_round(contender: Contender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "TIMEOUT", 25.0)
    monkeypatch.setattr(rounds, "GOODBYE", 1.0)
    for _ in range(3 if contender.name in HANGS else 1):
        (measured,) = play([contender], 1, 0.002, ignore)
        if measured.why_not is None or "no answer within" not in measured.why_not:
            break
    else:
        pytest.skip(f"{contender.name} hung three times of three")

    assert measured.why_not is None
    assert measured.figures["ask"][0] > 0


@pytest.mark.real
def test_a_contender_that_hangs_is_killed_with_its_children_and_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "TIMEOUT", 0.5)
    with rounds.Worker(Contender(QUEUE, "floor", "queue")) as worker:
        os.kill(worker._process.pid, signal.SIGSTOP)
        with pytest.raises(Failed, match=r"no answer within 0\.5 s"):
            worker.round(0.001)


def test_ratio_is_taken_within_each_round_and_then_the_median() -> None:
    ours, theirs = row(OURS, ask=(10.0, 30.0, 20.0)), row("Pykka", ask=(100.0, 100.0, 400.0))

    assert ratio(ours, theirs, "ask") == 0.1  # of 0.1, 0.3 and 0.05
    assert ratio(ours, theirs, "hop") is None
    assert ratio(ours, None, "ask") is None


def test_targets_pass_fail_or_stay_open() -> None:
    rows = (
        row(OURS, hop=(500.0,), **{"ask, def": (4000.0,)}, crash_p50=(70_000.0,)),
        row(FIBERS, hop=(250.0,), ask=(3000.0,)),
        row("Pykka", ask=(16_000.0,)),
    )

    judged = {(one.figure, one.than): one for one in targets.judge(rows, suite(storm=50_000.0, flat=1.4, idle=640.0))}

    assert judged["hop", FIBERS].passed is True
    assert judged["ask, def", "Pykka"].passed is False  # a fourth; a fifth is wanted
    assert judged["tell", OTP].passed is None
    assert judged["crash to serving, one_for_one, p50", "60 µs"].passed is False
    assert judged["storm of 10,000, per child", "80 µs"].passed is True
    assert judged["storm, per child, 100,000", "1,000 children"].passed is False
    assert judged["memory of an idle actor", "1,000 B at 1,000,000"].passed is True


def test_report_is_printed_and_read_as_json() -> None:
    rows = (
        row(OURS, hop=(500.0,)),
        row(QUEUE, hop=(2000.0,)),
        row(OTP, bytes=(2750.0,)),
        Row(ABSENT, None, {}, "skipped: not installed"),
    )
    report = peers.PeerReport(describe(), True, rows, suite(storm=1.0), targets.judge(rows, suite(storm=1.0)))
    stream = io.StringIO()

    show(report, Console(file=stream, width=200))

    text = stream.getvalue()
    assert "Absent: skipped: not installed\n" in text
    assert "500 ns" in text
    assert "Erlang/OTP, for each: bytes 2,750 B\n" in text
    assert "0.25" in text
    assert "not measured" in text
    body = json.loads(report.to_json())
    assert body["rows"][1]["ratios"] == {"hop": 0.25}
    assert body["targets"][1]["passed"] is True


def test_unknown_peers_are_refused() -> None:
    with pytest.raises(peers.UnknownPeer, match=r"no peer 'akka'; there are planaria, .*Pykka"):
        peers.run(["akka"])


def test_sizes_never_shrink_to_nothing() -> None:
    assert min(vars_of(Sizes.scaled(0.0001))) == 5


def vars_of(sizes: Sizes) -> list[int]:
    return [sizes.ask, sizes.tell, sizes.hop, sizes.spawn, sizes.crash]


def test_the_erlang_source_travels_with_the_package() -> None:
    spec = importlib.util.find_spec(otp.__name__)

    assert spec is not None
    assert spec.origin is not None
    assert otp.SOURCE.is_file()
