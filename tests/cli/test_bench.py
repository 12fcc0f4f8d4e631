"""``planaria bench``: the commands around the suite; the suite has tests of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.shell import planaria


def test_list_names_every_scenario_with_its_question() -> None:
    done = planaria("bench", "list", "--json")

    found = {each["name"]: each["question"] for each in json.loads(done.out)}
    assert (done.code, found["ask"].endswith("?"), len(found) > 15) == (0, True, True)


def test_list_is_a_line_a_scenario_without_a_terminal() -> None:
    done = planaria("bench", "list")

    assert [line.split()[0] for line in done.out.splitlines()][:2] == ["scenario", "ask"]


def test_an_unknown_scenario_is_one_line_with_the_nearest() -> None:
    done = planaria("bench", "run", "spwn")

    assert (done.code, done.complaint) == (2, "planaria: no scenario 'spwn'; did you mean 'spawn'?")


def test_an_unknown_row_is_one_line_with_the_nearest() -> None:
    done = planaria("bench", "scoreboard", "W11")

    assert (done.code, done.complaint) == (2, "planaria: no row 'W11'; did you mean 'W1'?")


def test_a_row_of_the_scoreboard_is_printed_with_its_targets() -> None:
    done = planaria("bench", "scoreboard", "7", "--quick")

    assert done.code == 0
    assert "mean checks to exit at 50%" in done.out


def test_an_unknown_group_is_one_line_with_the_nearest() -> None:
    done = planaria("bench", "run", "--group", "recover")

    assert (done.code, done.complaint) == (2, "planaria: no group 'recover'; did you mean 'recovery'?")


def test_an_unknown_peer_is_one_line_with_the_nearest() -> None:
    done = planaria("bench", "peers", "pyka")

    assert (done.code, "did you mean" in done.complaint) == (2, True)


@pytest.mark.real
def test_a_run_can_be_kept_and_compared_with_itself(folder: Path) -> None:
    run = planaria("bench", "run", "ask", "--quick", "--json")
    (folder / "a.json").write_text(run.out, encoding="utf-8")

    done = planaria("bench", "compare", "a.json", "a.json", "--json")

    body = json.loads(done.out)
    assert (run.code, done.code, {change["verdict"] for change in body["changes"]}) == (0, 0, {"within noise"})


@pytest.mark.real
def test_without_a_terminal_progress_is_a_line_a_scenario() -> None:
    done = planaria("bench", "run", "tell", "--quick")

    assert (done.err, done.out.startswith("tell: ")) == ("tell (1 of 1)\n", True)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 99}', "\udcff"], ids=repr)
def test_a_file_that_is_no_report_is_one_line(folder: Path, text: str) -> None:
    (folder / "a.json").write_bytes(text.encode("utf-8", "surrogateescape"))

    done = planaria("bench", "compare", "a.json", "a.json")

    assert (done.code, done.complaint.startswith("planaria: a.json: ")) == (2, True)


def test_a_file_that_is_not_there_is_one_line() -> None:
    done = planaria("bench", "compare", "a.json", "b.json")

    assert (done.code, "a.json" in done.complaint) == (2, True)
