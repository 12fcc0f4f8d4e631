"""What is said of somebody who does not greet as a host does."""

from __future__ import annotations

import pytest

from actors.cluster.strangers import NO_HOST, kind, spell


def declared(first: bytes) -> str:
    return f"the other side sent what is no frame: a packet: declares {int.from_bytes(first)} bytes; 16384 is the most"


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (declared(b"\x16\x03\x01\x02"), "it speaks TLS, so it has keys, and this host has none"),
        (declared(b"GET "), f"{NO_HOST}, but HTTP"),
        (declared(b"\x00\x10\x00\x00"), NO_HOST),
        ("the other side sent what is no frame: the greeting: is not made", f"{NO_HOST} (the greeting: is not made)"),
        ("the connection was closed, in the middle of a frame", "it hung up before it had greeted, in"),
        ("no greeting within 3 s", "no greeting within 3 s"),
    ],
)
def test_a_caller_is_taken_for_what_he_speaks(why: str, said: str) -> None:
    assert spell(why, has_keys=False, is_caller=False).startswith(said)


def test_whoever_hangs_up_on_a_host_without_keys_may_have_some() -> None:
    assert "may be a host with keys" in spell("the connection was closed", has_keys=False, is_caller=True)
    assert spell("the connection was closed", has_keys=True, is_caller=True) == "it hung up before it had greeted"


def test_reasons_that_differ_in_figures_only_are_of_one_kind() -> None:
    assert kind(declared(b"abcd")) == kind(declared(b"efgh")) != kind("no greeting within 3 s")
