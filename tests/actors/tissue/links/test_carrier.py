"""Packets from strangers: what makes no sense is refused, changes nothing, and never raises."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.tissue.core import Refused
from actors.tissue.links.events import Arrived
from actors.tissue.links.packets import ACK, DATA, NO, PING, PONG
from tests.actors.tissue.links.kit import cell, of, sent

B = Pid("b", 1)
MESSAGE: list[Any] = [0, "b", 1, "a", 0, 1, 1, b"x", ["b"]]

PLAIN = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(1 << 63), (1 << 64) - 1),
        st.floats(),
        st.text(max_size=5),
        st.binary(max_size=5),
        st.sampled_from(["a", "b"]),
        st.integers(0, 3),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=9), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=20,
)


@settings(max_examples=400)
@given(st.sampled_from([DATA, ACK, NO, PING, PONG, "links.none", ""]), PLAIN, st.integers(-1, 3))
def test_whatever_comes_nothing_is_raised(kind: str, body: Any, life: int) -> None:
    outbox = cell(contacts=["b"])
    outbox.send("b", b"x", 0.0)

    outbox.receive(Pid("b", life), kind, body, 0.1)
    outbox.tick(0.2)


@settings(max_examples=200)
@given(st.data())
def test_a_letter_that_was_tampered_with_is_refused_or_read(data: st.DataObject) -> None:
    letter = list(MESSAGE)
    letter[data.draw(st.integers(0, len(letter) - 1))] = data.draw(PLAIN)

    effects = cell(contacts=["b"]).receive(B, DATA, [1, 1, letter], 0.0)

    assert all(len(event.payload) <= 60_000 for event in of(effects, Arrived))


def test_a_letter_is_taken_and_acknowledged() -> None:
    outbox = cell(contacts=["b"])

    effects = outbox.receive(B, DATA, [1, 1, MESSAGE], 0.0)

    assert of(effects, Arrived) == [Arrived(B, b"x")]
    assert [send.body for send in sent(effects, ACK)] == [[1, 2, [], 1]]


def test_a_double_is_acknowledged_again_and_not_taken() -> None:
    outbox = cell(contacts=["b"])
    outbox.receive(B, DATA, [1, 1, MESSAGE], 0.0)

    effects = outbox.receive(B, DATA, [1, 1, MESSAGE], 0.1)

    assert of(effects, Arrived) == []
    assert [send.body for send in sent(effects, ACK)] == [[1, 2, [], 1]]


def test_a_letter_for_whom_there_is_no_way_is_not_taken() -> None:
    effects = cell(contacts=["b"]).receive(B, DATA, [1, 1, [*MESSAGE[:3], "z", *MESSAGE[4:]]], 0.0)

    assert [send.body for send in sent(effects, NO)] == [[1, 1]]
    assert sent(effects, ACK) == []


@pytest.mark.parametrize("visited", [["a", "b"], [f"x{i}" for i in range(31)] + ["b"]], ids=["was here", "too far"])
def test_a_letter_that_was_here_or_has_gone_too_far_is_not_passed_on(visited: list[str]) -> None:
    letter = [*MESSAGE[:3], "z", *MESSAGE[4:8], visited]

    effects = cell(contacts=["b", "c"]).receive(B, DATA, [1, 1, letter], 0.0)

    assert len(sent(effects, NO)) == 1


@pytest.mark.parametrize(
    ("sender", "kind", "body"),
    [
        (B, DATA, [1, 1, [*MESSAGE[:8], ["c"]]]),
        (B, DATA, [1, 1, [*MESSAGE[:8], []]]),
        (Pid("a", 1), PING, [1]),
        (Pid("", 1), PING, [1]),
        (B, ACK, [2, 1, [], 1]),
        (B, NO, [2, 1]),
        (B, "links.other", [1]),
    ],
    ids=["not from whom it says", "from nobody", "from oneself", "no name", "to another life", "no to another", "kind"],
)
def test_what_cannot_be_is_refused(sender: Pid, kind: str, body: Any) -> None:
    effects = cell(contacts=["b"]).receive(sender, kind, body, 0.0)

    assert len(of(effects, Refused)) == 1


def test_a_life_that_is_over_is_refused() -> None:
    outbox = cell(contacts=["b"])
    outbox.receive(Pid("b", 2), PING, [1], 0.0)

    (refused,) = of(outbox.receive(B, PING, [1], 0.0), Refused)

    assert refused.why == "from b#1, whose place has had a later life, 2"


def test_who_is_no_contact_is_answered_but_nothing_goes_through_it() -> None:
    outbox = cell()

    answered = sent(outbox.receive(B, DATA, [1, 1, MESSAGE], 0.0), ACK)
    direct = sent(outbox.send("b", b"x", 0.0), DATA)
    through = sent(outbox.send("c", b"x", 0.0), DATA)

    assert (len(answered), len(direct), len(through)) == (1, 1, 0)


def test_a_number_beyond_reach_is_passed_over_in_silence() -> None:
    outbox = cell(contacts=["b"])

    effects = outbox.receive(B, DATA, [1, 5000, MESSAGE], 0.0)

    assert sent(effects, ACK) + sent(effects, NO) == []


def test_a_way_that_leads_to_no_contact_is_none() -> None:
    outbox = cell(contacts=["b"], route=lambda to, avoid, now: "nobody")

    assert sent(outbox.send("c", b"x", 0.0), DATA) == []


def test_a_way_that_was_to_be_avoided_is_none() -> None:
    outbox = cell(contacts=["b"], route=lambda to, avoid, now: "b")
    outbox.receive(B, DATA, [1, 1, MESSAGE], 0.0)

    effects = outbox.receive(B, DATA, [1, 2, [*MESSAGE[:3], "z", *MESSAGE[4:]]], 0.0)

    assert len(sent(effects, NO)) == 1
