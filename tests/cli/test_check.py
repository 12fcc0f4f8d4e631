"""``planaria check``: findings and proofs, their form and the exit codes."""

from __future__ import annotations

import json

import pytest

from tests.cli.shell import planaria

UNBOUNDED = "noted: note unbounded-children: it takes any number of children; max_children sets a limit\n"


def test_a_tree_without_findings_is_said_to_be_so_with_exit_code_0() -> None:
    done = planaria("check", "shop:safe")

    assert (done.code, done.out) == (0, "safe: nothing found\n")


def test_each_finding_is_a_line_and_a_warning_makes_the_exit_code_1() -> None:
    done = planaria("check", "shop:risky")

    lines = done.out.splitlines()
    assert (done.code, [line.partition(": ")[2].partition(":")[0] for line in lines]) == (
        1,
        ["warning unbounded-mailbox", "warning unbounded-start", "2 findings"],
    )


@pytest.mark.parametrize(
    ("options", "code"), [([], 0), (["--strict"], 1), (["--json"], 0), (["--json", "--strict"], 1)]
)
def test_a_note_counts_only_if_one_is_strict(options: list[str], code: int) -> None:
    done = planaria("check", "noting:tree", *options)

    assert (done.code, "unbounded-children" in done.out) == (code, True)


def test_a_note_is_shown_all_the_same() -> None:
    assert planaria("check", "noting:tree").out == f"{UNBOUNDED}noted: 1 finding\n"


def test_a_tree_that_cannot_be_loaded_is_neither() -> None:
    assert planaria("check", "shop:nothing").code == 2


def test_findings_that_are_meant_can_be_ignored() -> None:
    done = planaria("check", "shop:risky", "--ignore", "unbounded-mailbox", "--ignore", "unbounded-start")

    assert (done.code, done.out) == (0, "risky: nothing found\n")


def test_the_grace_of_the_host_is_compared_with_the_time_to_stop() -> None:
    done = planaria("check", "shop:safe", "--grace", "4")

    assert (done.code, "short-shutdown" in done.out) == (1, True)


def test_what_was_shown_to_hold_is_listed_if_asked_for() -> None:
    done = planaria("check", "shop:safe", "--prove", "--grace", "30")

    assert done.code == 0
    assert done.out == (
        "safe: proved stops: the tree stops within 5 s, one after the other; the program has 30 s\n"
        "safe/till: proved gives-up: if it always crashes, it is started 4 times and ends the tree, at once; "
        "if it cannot start again, 4 times\n"
        "safe/till: proved bounded: it is never owed more than 10,000 messages; one more is an error to its sender\n"
        "safe: nothing found, 3 proved\n"
    )


@pytest.mark.parametrize("option", ["--grace", "--replacement"])
def test_a_time_below_nothing_is_refused(option: str) -> None:
    done = planaria("check", "shop:safe", option, "-1")

    assert (done.code, option in done.complaint) == (2, True)


def test_json_holds_findings_and_proofs_with_their_figures() -> None:
    done = planaria("check", "shop:risky", "--json")

    report = json.loads(done.out)
    assert (done.code, report["tree"]) == (1, "risky")
    assert [(each["path"], each["code"], each["severity"]) for each in report["findings"]] == [
        ("risky/till", "unbounded-mailbox", "warning"),
        ("risky/till", "unbounded-start", "warning"),
    ]
    assert [(each["path"], each["claim"]) for each in report["proved"]] == [
        ("risky", "stops"),
        ("risky/till", "gives-up"),
    ]
    assert report["proved"][1]["numbers"]["starts"] == 4


def test_no_findings_are_an_empty_list() -> None:
    done = planaria("check", "shop:safe", "--json")

    assert (done.code, json.loads(done.out)["findings"]) == (0, [])
