"""``planaria keys``: makes a cluster's keys, shows them, and says in one line what cannot be done."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from actors.cluster import keys
from tests.cli.shell import planaria

pytest.importorskip("cryptography", reason="keys are made with it: pip install 'planaria[cluster]'")


def test_a_ca_and_the_keys_of_a_host_are_made_and_what_to_do_with_them_is_said() -> None:
    ca, host = planaria("keys", "ca", "ca"), planaria("keys", "host", "web-1", "--ca", "ca")

    assert (ca.code, ca.out) == (0, "ca/ca.crt is the CA's certificate; ca/ca.key is its key: keep it off the hosts\n")
    assert (host.code, host.out) == (
        0,
        "web-1 holds the keys of host web-1: take it there, and start it with --keys\n",
    )
    assert sorted(each.name for each in Path("web-1").iterdir()) == ["ca.crt", "convention.key", "host.crt", "host.key"]


def test_keys_that_are_well_are_shown_with_exit_code_0() -> None:
    planaria("keys", "ca", "ca", "--name", "shop")
    planaria("keys", "host", "a", "--ca", "ca", "--out", "keys/a", "--days", "100")
    shown = planaria("keys", "show", "keys/a")

    assert (shown.code, [line.rpartition(",")[0] for line in shown.out.splitlines()]) == (
        0,
        [
            f"CA shop: expires {date(3650)} (3649 days)",
            f"host a: expires {date(100)} (99 days)",
        ],
    )


def date(days: float) -> str:
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}"


def test_keys_that_are_not_well_are_shown_with_exit_code_1() -> None:
    planaria("keys", "ca", "ca")
    keys.make_host("a", "ca", "a", days=1, now=datetime.now(UTC) - timedelta(days=3))
    shown = planaria("keys", "show", "a", "--json")

    authority, host = json.loads(shown.out)
    assert shown.code == 1
    assert (authority["problems"], host["name"]) == ([], "a")
    assert [each.partition(":")[0] for each in host["problems"]] == ["a/host.crt has expired"]
    assert f"host a: expired {date(-2)} (2 days ago), " in planaria("keys", "show", "a").out


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (["show", "nowhere"], "planaria: there are no certificates in nowhere: neither ca.crt nor host.crt"),
        (["host", "a", "--ca", "nowhere"], "planaria: nowhere/ca.crt is no certificate that can be read"),
        (["host", "a b", "--ca", "nowhere"], "planaria: a host's name is 1 to 63 letters"),
        (["ca", "ca", "--days", "0"], "planaria: Invalid value for '--days'"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(args: list[str], complaint: str) -> None:
    done = planaria("keys", *args)

    assert (done.code, done.out) == (2, "")
    assert done.complaint.startswith(complaint)


def test_keys_that_are_there_are_kept_unless_they_are_to_be_replaced() -> None:
    planaria("keys", "ca", "ca")
    planaria("keys", "host", "a", "--ca", "ca")

    again, replaced = (
        planaria("keys", "host", "a", "--ca", "ca"),
        planaria("keys", "host", "a", "--ca", "ca", "--replace"),
    )
    assert (again.code, replaced.code) == (2, 0)
    assert again.complaint == (
        "planaria: a/host.key is there already: name another folder with --out, or make new ones: --replace"
    )


def test_what_a_host_would_not_start_with_is_one_line_each_and_exit_code_1() -> None:
    planaria("keys", "ca", "ca")
    planaria("keys", "host", "a", "--ca", "ca")
    Path("a/host.key").unlink()
    Path("a/convention.key").chmod(0o644)
    shown = planaria("keys", "show", "a")

    assert shown.code == 1
    assert shown.err.splitlines() == [
        (
            "planaria: there is no a/host.key: make it with `planaria keys host a --ca CA --out a --replace`, CA being "
            "the folder with ca.key"
        ),
        "planaria: a/convention.key may be read by others (mode 644): `chmod 600 a/convention.key`",
    ]
