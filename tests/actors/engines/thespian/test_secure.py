"""Thespian's transport, secured: who has no key is not even answered, and nothing is unpickled for him."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.project import ROOT

pytestmark = [pytest.mark.process, pytest.mark.real]


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """What came of all attacks: one system bears them all, one after another."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
    ended = subprocess.run(
        [sys.executable, "-m", "tests.actors.engines.thespian.attack"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("attack", ["noise", "Thespian's own frame", "another key", "another target", "oversized"])
def test_a_stranger_hears_nothing(report: dict[str, Any], attack: str) -> None:
    assert report[attack] == "silence"


def test_a_truncated_frame_is_nothing(report: dict[str, Any]) -> None:
    assert report["truncated"] == ["silence"] * 4


def test_a_member_is_answered_with_a_receipt(report: dict[str, Any]) -> None:
    assert report["good"] == "receipt"


def test_a_replayed_frame_is_received_once(report: dict[str, Any]) -> None:
    assert (report["replayed"], report["answers"]) == (["receipt"] * 5, 1)


def test_a_member_cannot_have_code_run(report: dict[str, Any]) -> None:
    assert (report["code"], report["code ran"]) == ("refusal", False)


@pytest.mark.parametrize("attack", ["no sender", "no pair", "a receipt for nothing"])
def test_a_member_that_talks_nonsense_is_refused(report: dict[str, Any], attack: str) -> None:
    assert report[attack] == "refusal"


def test_idle_connections_shut_nobody_out(report: dict[str, Any]) -> None:
    assert (report["among idlers"], report["created among idlers"]) == ("hello", "hello")


def test_a_hung_peer_does_not_hold_up_the_others(report: dict[str, Any]) -> None:
    assert report["beside a hung peer"] == "hello"


def test_two_children_that_die_at_once_are_both_noticed(report: dict[str, Any]) -> None:
    assert report["two at once"] == ["both"] * 8


def test_every_listener_is_on_the_loopback(report: dict[str, Any]) -> None:
    assert report["listeners"] == ["127.0.0.1"]


def test_the_log_is_in_the_private_folder(report: dict[str, Any]) -> None:
    assert report["log"] == ["thespian.log"]
