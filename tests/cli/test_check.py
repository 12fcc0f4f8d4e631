"""``planaria check``: findings, their form and the exit codes."""

from __future__ import annotations

import json

from tests.cli.shell import planaria


def test_a_tree_without_findings_is_said_to_be_so_with_exit_code_0() -> None:
    done = planaria("check", "shop:safe")

    assert (done.code, done.out) == (0, "safe: nothing found\n")


def test_each_finding_is_a_line_and_the_exit_code_is_1() -> None:
    done = planaria("check", "shop:risky")

    lines = done.out.splitlines()
    assert (done.code, [line.partition(": ")[2].partition(":")[0] for line in lines]) == (
        1,
        ["warning unbounded-mailbox", "warning unbounded-start", "2 findings"],
    )


def test_findings_that_are_meant_can_be_ignored() -> None:
    done = planaria("check", "shop:risky", "--ignore", "unbounded-mailbox", "--ignore", "unbounded-start")

    assert (done.code, done.out) == (0, "risky: nothing found\n")


def test_the_grace_of_the_host_is_compared_with_the_time_to_stop() -> None:
    done = planaria("check", "shop:safe", "--grace", "4")

    assert (done.code, "short-shutdown" in done.out) == (1, True)


def test_json_is_a_list_of_findings() -> None:
    done = planaria("check", "shop:risky", "--json")

    found = json.loads(done.out)
    assert (done.code, [(each["path"], each["code"], each["severity"]) for each in found]) == (
        1,
        [("risky/till", "unbounded-mailbox", "warning"), ("risky/till", "unbounded-start", "warning")],
    )


def test_no_findings_are_an_empty_list() -> None:
    done = planaria("check", "shop:safe", "--json")

    assert (done.code, json.loads(done.out)) == (0, [])
