"""An admin that other hosts reach: it hears that they join and leave, from those who have the key, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.actors.engines.thespian.afar import HUNG
from tests.project import ROOT

pytestmark = [pytest.mark.process, pytest.mark.real]


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """What came of all attacks: one leader bears them all, one after another."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
    place = f"127.{210 + os.getpid() // 250 % 40}.{os.getpid() % 250}"
    ended = subprocess.run(
        [sys.executable, "-m", "tests.actors.engines.thespian.afar", place],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def test_a_host_joins_and_leaves(report: dict[str, Any]) -> None:
    assert (report["good"], report["joined"], report["left"]) == ("receipt", True, ["receipt", True])


def test_a_stranger_hears_nothing_and_is_told_of_once(report: dict[str, Any]) -> None:
    assert (report["another key"], report["for another host"]) == (["silence"] * 3, "silence")
    assert report["refused"].count("made with another key") == 1


def test_a_truncated_registration_is_nothing(report: dict[str, Any]) -> None:
    assert report["truncated"] == ["silence"] * 4


def test_a_replayed_registration_brings_nobody_back(report: dict[str, Any]) -> None:
    assert (report["replayed"], report["twice"]) == (["receipt"] * 5, 1)


@pytest.mark.parametrize("what", ["an end", "an exit", "an actor", "an invitation"])
def test_a_host_can_say_no_more_than_that_it_joins_or_leaves(report: dict[str, Any], what: str) -> None:
    assert report[what] == "refusal"


def test_a_host_cannot_have_code_run(report: dict[str, Any]) -> None:
    assert report["code"] == ["refusal", False]


@pytest.mark.parametrize("what", ["for another", "no address", "no capabilities"])
def test_a_host_that_talks_nonsense_or_for_another_is_refused(report: dict[str, Any], what: str) -> None:
    assert report[what] == "refusal"


def test_a_host_is_told_again_in_a_frame_that_it_takes_though_it_was_started_meanwhile(report: dict[str, Any]) -> None:
    first, second = report["stamps"]

    assert first < second


def test_hosts_that_hang_do_not_hold_up_the_others(report: dict[str, Any]) -> None:
    assert report["beside the hung"] == ["receipt"] * HUNG
    assert (report["beside them"], report["joined beside them"]) == ("receipt", True)
    assert report["seconds"] < 5.0  # each would have 10 s
