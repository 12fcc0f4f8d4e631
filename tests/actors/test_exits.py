"""Exit reasons are values, and what an exit signal does is one pure function (otp.md 1L, rows L3 to L8)."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

import pytest

from actors import KILL, KILLED, NOCONNECTION, NOPROC, NORMAL, SHUTDOWN, Apoptosis, Crashed, Reason, Shutdown
from actors.exits import Verdict, judge

DIE, IGNORE, DELIVER = Verdict.DIE, Verdict.IGNORE, Verdict.DELIVER
CRASH = Crashed(RuntimeError("boom"))
DEADLY = [SHUTDOWN, Shutdown("upgrade"), KILLED, NOPROC, NOCONNECTION, CRASH, Apoptosis("age")]


def verdict(reason: Reason, *flags: str) -> tuple[Verdict, Reason]:
    return judge(
        reason, trapping="trapping" in flags, linked="linked" in flags, own="own" in flags, parent="parent" in flags
    )


# -- the algebra -------------------------------------------------------------------------------------------------------

WHO = ["a stranger", "linked", "own", "linked own"]


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("reason", DEADLY, ids=str)
def test_an_ordinary_reason_kills_who_does_not_trap_with_that_reason(reason: Reason, who: str) -> None:
    assert verdict(reason, *who.split()) == (DIE, reason)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("reason", [NORMAL, *DEADLY], ids=str)
def test_an_ordinary_reason_is_delivered_to_who_traps(reason: Reason, who: str) -> None:
    assert verdict(reason, "trapping", *who.split()) == (DELIVER, reason)


@pytest.mark.parametrize(
    ("who", "expected"),
    [("a stranger", IGNORE), ("linked", IGNORE), ("own", DIE), ("linked own", DIE)],
    ids=WHO,
)
def test_normal_harms_nobody_but_its_sender(who: str, expected: Verdict) -> None:
    assert verdict(NORMAL, *who.split()) == (expected, NORMAL)


@pytest.mark.parametrize("trapping", ["trapping", "not trapping"])
@pytest.mark.parametrize("who", ["a stranger", "own", "parent", "parent own"])
def test_a_kill_that_was_sent_cannot_be_trapped_and_becomes_killed(who: str, trapping: str) -> None:
    flags = [*who.split(), *([trapping] if trapping == "trapping" else [])]

    assert verdict(KILL, *flags) == (Verdict.KILL, KILLED)


def test_a_kill_that_came_over_a_link_is_an_ordinary_reason_for_who_does_not_trap() -> None:
    assert verdict(KILL, "linked") == (DIE, KILL)


def test_a_kill_that_came_over_a_link_is_trapped() -> None:
    assert verdict(KILL, "linked", "trapping") == (DELIVER, KILL)


def test_killed_that_was_sent_is_trapped() -> None:
    assert verdict(KILLED, "trapping") == (DELIVER, KILLED)


@pytest.mark.parametrize("linked", ["linked", "sent"])
@pytest.mark.parametrize("reason", [NORMAL, *DEADLY], ids=str)
def test_an_exit_of_the_parent_cannot_be_trapped(reason: Reason, linked: str) -> None:
    assert verdict(reason, "parent", "trapping", linked) == (DIE, reason)


def test_the_death_of_the_parent_over_a_link_with_kill_stays_kill() -> None:
    assert verdict(KILL, "parent", "linked") == (DIE, KILL)


# -- the reasons -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "clean"),
    [
        (NORMAL, True),
        (SHUTDOWN, True),
        (Shutdown("upgrade"), True),
        (Apoptosis("age"), True),
        (KILL, False),
        (KILLED, False),
        (NOPROC, False),
        (NOCONNECTION, False),
        (CRASH, False),
    ],
    ids=str,
)
def test_a_reason_is_clean_if_the_end_was_meant(reason: Reason, clean: bool) -> None:
    assert reason.is_clean is clean


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (NORMAL, "normal"),
        (SHUTDOWN, "shutdown"),
        (Shutdown("upgrade"), "shutdown(upgrade)"),
        (Shutdown(0), "shutdown(0)"),
        (KILL, "kill"),
        (KILLED, "killed"),
        (NOPROC, "noproc"),
        (NOCONNECTION, "noconnection"),
        (CRASH, "crashed(RuntimeError: boom)"),
        (Crashed(KeyError()), "crashed(KeyError)"),
        (Apoptosis(), "apoptosis"),
        (Apoptosis("age"), "apoptosis(age)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_reason_reads_as_erlang_writes_it(reason: Reason, text: str) -> None:
    assert str(reason) == text


def test_crashes_are_equal_by_the_type_and_the_text_of_the_exception() -> None:
    assert Crashed(ValueError("x")) == Crashed(ValueError("x"))
    assert hash(Crashed(ValueError("x"))) == hash(Crashed(ValueError("x")))


@pytest.mark.parametrize(
    "other",
    [Crashed(ValueError("y")), Crashed(TypeError("x")), NORMAL, "crashed(ValueError: x)", None],
    ids=["another text", "another type", "another reason", "a string", "nothing"],
)
def test_a_crash_differs_from(other: Any) -> None:
    assert Crashed(ValueError("x")) != other


def test_shutdown_with_a_detail_is_not_plain_shutdown() -> None:
    assert Shutdown("upgrade") != SHUTDOWN


def test_kill_and_killed_are_two_reasons() -> None:
    reasons: list[Reason] = [KILL, KILLED]

    assert len(set(reasons)) == 2


@pytest.mark.parametrize("reason", [NORMAL, *DEADLY, KILL], ids=str)
def test_a_reason_survives_pickling_as_an_equal_value(reason: Reason) -> None:
    assert pickle.loads(pickle.dumps(reason)) == reason


def test_a_reason_cannot_be_changed() -> None:
    with pytest.raises((dataclasses.FrozenInstanceError, TypeError, AttributeError)):
        SHUTDOWN.detail = "other"  # type: ignore[misc]
