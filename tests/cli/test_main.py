"""The group: help, version, and mistakes before any tree is named."""

from __future__ import annotations

import pytest

from tests.cli.shell import planaria

MISTAKES = {
    "tre": "no such command",
    "tree": "missing argument 'module:tree'",
    "tree --jsn shop:tree": "no such option '--jsn'. did you mean '--json'?",
    "tree shop:tree more": "got unexpected extra argument (more)",
    "run --seed x shop:tree": "invalid value for '--seed'",
    "check --grace -1 shop:tree": "invalid value for '--grace'",
    "check --ignore nothing shop:tree": "invalid value for '--ignore'",
    "demo --seconds 900": "invalid value for '--seconds'",
    "bench lst": "no such command",
    "bench run --repeat 0": "invalid value for '--repeat'",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_one_line_and_exit_code_2(line: str) -> None:
    done = planaria(*line.split())

    assert (done.code, done.out) == (2, "")
    assert done.complaint.casefold().replace('"', "'").startswith(f"planaria: {MISTAKES[line]}")


@pytest.mark.parametrize("line", ["", "--help", "-h", "bench", "bench --help", "tree --help", "demo --help"])
def test_help_goes_to_stdout_with_exit_code_0(line: str) -> None:
    done = planaria(*line.split())

    assert (done.code, done.out.startswith("Usage: planaria"), done.err) == (0, True, "")


def test_the_version_is_one_line() -> None:
    done = planaria("--version")

    assert (done.code, done.out.startswith("planaria "), done.out.count("\n")) == (0, True, 1)
