"""Findings and proofs as lines and as JSON; figures as they are spoken."""

from __future__ import annotations

import json
import math

import pytest

from supervisors.checks.findings import Claim, Code, Finding, Proof, Severity, counted, percent, plain, spoken


def test_a_finding_is_one_line_and_a_dict() -> None:
    finding = Finding("root/w", Code.LARGE_BUDGET, Severity.NOTE, "so many", {"starts": 100})

    assert str(finding) == "root/w: note: so many [large-budget]"
    assert finding.to_dict() == {
        "path": "root/w",
        "code": "large-budget",
        "severity": "note",
        "message": "so many",
        "numbers": {"starts": 100},
    }


def test_a_proof_is_one_line_and_a_dict() -> None:
    proof = Proof("root", Claim.STOPS, "in time", {"needed": 5.0, "given": math.inf})

    assert str(proof) == "root: in time [stops]"
    assert proof.to_dict() == {
        "path": "root",
        "claim": "stops",
        "message": "in time",
        "numbers": {"needed": 5.0, "given": "infinity"},
    }


def test_both_can_be_keys_although_their_figures_are_not() -> None:
    assert len({Proof("root", Claim.STOPS, "in time", {"needed": 5.0}), Proof("root", Claim.STOPS, "in time", {})}) == 2


def test_figures_of_any_depth_are_json() -> None:
    figures = {"a": [1, math.inf], "b": {"c": (2.5, None)}, "d": True}

    assert json.loads(json.dumps(plain(figures), allow_nan=False)) == {
        "a": [1, "infinity"],
        "b": {"c": [2.5, None]},
        "d": True,
    }


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"), (1e-9, "less than 0.01 %"), (0.0001, "0.01 %"), (0.04036, "4.036 %"), (0.5, "50 %"),
        (0.99951, "99.95 %"), (0.99995, "more than 99.99 %"), (1.0, "100 %"),
    ],
)  # fmt: skip
def test_a_probability_is_not_rounded_to_certainty(share: float, text: str) -> None:
    assert percent(share) == text


def test_times_and_counts_are_spoken() -> None:
    assert (spoken(14.0), spoken(math.inf), counted(1, "life", "lives"), counted(1000, "life", "lives")) == (
        "14 s",
        "for ever",
        "1 life",
        "1,000 lives",
    )
