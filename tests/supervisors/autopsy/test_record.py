"""Autopsies as values: written as JSON and read back, whatever is in them, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisors.apoptosis.vitals import Vitals
from supervisors.autopsy.kinds import How, Kind
from supervisors.autopsy.record import DEPTH, Autopsy, Because, Raised, Successor, Unreadable
from supervisors.events import Decision, Scope
from supervisors.rules import Rule, Ruling
from tests.supervisors.autopsy.stage import again

TEXT = st.text(max_size=20)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
COUNT = st.integers(0, 10**9)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


RULINGS = st.builds(
    Ruling,
    st.sampled_from(Rule),
    TEXT,
    TEXT,
    maybe(COUNT),
    maybe(COUNT),
    maybe(NUMBER),
    maybe(st.sampled_from([scope.value for scope in Scope])),
    NUMBER,
    COUNT,
    maybe(TEXT),
    maybe(NUMBER),
)
AUTOPSIES = st.builds(
    Autopsy,
    path=TEXT,
    life=COUNT,
    kind=st.sampled_from(Kind),
    at=NUMBER,
    reason=TEXT,
    is_clean=st.booleans(),
    raised=st.lists(st.builds(Raised, TEXT, TEXT, TEXT, maybe(TEXT), maybe(TEXT)), max_size=3).map(tuple),
    message=maybe(TEXT),
    handler=maybe(TEXT),
    quarantined=maybe(COUNT),
    abandoned=maybe(TEXT),
    lived=maybe(NUMBER),
    handled=maybe(COUNT),
    mailbox=maybe(COUNT),
    vitals=maybe(st.builds(Vitals, NUMBER, COUNT, NUMBER, COUNT, maybe(NUMBER), maybe(NUMBER), maybe(COUNT))),
    evidence=st.lists(TEXT, max_size=2).map(tuple),
    decision=maybe(st.sampled_from(Decision)),
    ruling=maybe(RULINGS),
    took=maybe(NUMBER),
    expected=st.booleans(),
    ended=maybe(TEXT),
    successor=maybe(st.builds(Successor, COUNT, NUMBER)),
)
PLAIN = Autopsy("t/a", 1, Kind.DIED, 1.0, "killed")


@given(autopsy=AUTOPSIES, how=st.sampled_from(How), cause=maybe(AUTOPSIES))
def test_any_autopsy_is_the_same_after_the_way_through_json(autopsy: Autopsy, how: How, cause: Autopsy | None) -> None:
    whole = replace(autopsy, because=Because(how, "t/b", cause))

    assert again(whole) == whole


@given(autopsy=AUTOPSIES)
def test_any_autopsy_can_be_put_into_words(autopsy: Autopsy) -> None:
    assert autopsy.describe().splitlines()


def test_the_rule_is_among_the_json_in_words() -> None:
    ruling = Ruling(Rule.NO_RESTART, "temporary", "one_for_one")
    autopsy = replace(PLAIN, decision=Decision.REMOVE, ruling=ruling)

    assert autopsy.to_dict()["rule"] == "It is temporary, so it was removed."


def test_what_a_later_version_adds_is_passed_over() -> None:
    data = {**PLAIN.to_dict(), "mood": "bad"}

    assert Autopsy.from_dict(data) == PLAIN


def test_a_chain_deeper_than_is_followed_is_cut() -> None:
    chain = PLAIN
    for _ in range(DEPTH + 5):
        chain = replace(PLAIN, because=Because(How.GROUP, "t/a", chain))

    assert len(list(Autopsy.from_dict(chain.to_dict()).chain())) == DEPTH + 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"path": 5}, "path is int, not str"),
        ({"path": None}, "path is NoneType, not str"),
        ({"life": True}, "life is bool, not int"),
        ({"life": "1"}, "life is str, not int"),
        ({"kind": "exploded"}, "kind: 'exploded' is not a valid Kind"),
        ({"at": "now"}, "at is str, not a number"),
        ({"at": False}, "at is bool, not a number"),
        ({"raised": {}}, "raised is dict, not a list"),
        ({"raised": ["ValueError"]}, "str instead of an object"),
        ({"raised": [{"type": "ValueError"}]}, "missing"),
        ({"raised": [{"relation": [], "type": "", "text": ""}]}, "relation is list"),
        ({"evidence": [1]}, "int instead of text"),
        ({"decision": "shrug"}, "decision: 'shrug' is not a valid Decision"),
        ({"ruling": {"restart": "permanent"}}, "missing"),
        ({"ruling": {"rule": "whim", "restart": "", "strategy": ""}}, "rule: 'whim' is not a valid Rule"),
        ({"ruling": {"rule": "boot"}}, "missing"),
        ({"ruling": {"rule": "boot", "restart": "", "strategy": "", "number": "2nd"}}, "number is str"),
        ({"ruling": {"rule": "boot", "restart": "", "strategy": "", "grace": "long"}}, "grace is str"),
        ({"ruling": {"rule": "boot", "restart": 1, "strategy": ""}}, "restart is int"),
        ({"successor": {"life": 2}}, "missing"),
        ({"successor": {"life": "two", "after": 1.0}}, "life is str"),
        ({"successor": {"life": True, "after": 1.0}}, "life is bool"),
        ({"vitals": {"alpha": {}}}, "alpha is dict"),
        ({"vitals": {"alpha": "high", "handled": 1, "age": 1.0, "mailbox": 0}}, "alpha is str"),
        ({"because": {"how": "magic", "path": "t"}}, "how: 'magic' is not a valid How"),
        ({"because": {"how": "group", "path": "t", "death": []}}, "list instead of an object"),
    ],
    ids=str,
)
def test_what_is_no_autopsy_is_refused_with_the_reason(change: dict[str, Any], why: str) -> None:
    data = json.loads(json.dumps({**PLAIN.to_dict(), **change}))

    with pytest.raises(Unreadable, match=why):
        Autopsy.from_dict(data)


@pytest.mark.parametrize("data", [None, [], "text", 7, {}])
def test_what_is_not_even_an_object_of_the_kind_is_refused(data: object) -> None:
    with pytest.raises(Unreadable):
        Autopsy.from_dict(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(key=st.sampled_from([*PLAIN.to_dict()]), value=JSON)
def test_whatever_stands_in_a_field_it_is_read_or_refused(key: str, value: object) -> None:
    try:
        read = Autopsy.from_dict({**PLAIN.to_dict(), key: value})
    except Unreadable:
        return

    assert read.describe()
    assert again(read) == read
