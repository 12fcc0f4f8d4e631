"""The words: what each rule says, and each way to stop."""

from __future__ import annotations

from dataclasses import replace

import pytest

from supervisors.autopsy.kinds import How, Kind
from supervisors.autopsy.record import Autopsy, Because, Raised
from supervisors.autopsy.sentences import details, headline, ordinal, rule_of
from supervisors.events import Decision
from supervisors.rules import Rule
from tests.supervisors.autopsy.stage import ruling

DEATH = Autopsy("t/s/a", 3, Kind.DIED, 1.0, "crashed(ValueError: no)", raised=(Raised("", "ValueError", "no"),))
STOP = replace(DEATH, kind=Kind.STOPPED, reason="shutdown", is_clean=True, raised=(), took=1.0)

RULES = {
    "restart": (
        Decision.RESTART,
        ruling(),
        "It is permanent and was restarted: the 2nd of 3 restarts allowed within 5 s.",
    ),
    "one allowed": (
        Decision.RESTART,
        ruling(number=1, limit=1),
        "It is permanent and was restarted: the 1st of 1 restart allowed within 5 s.",
    ),
    "own budget": (
        Decision.RESTART,
        ruling(scope="child", restart="transient"),
        "It is transient and was restarted: the 2nd of 3 restarts allowed within 5 s by its own budget.",
    ),
    "group": (
        Decision.RESTART,
        ruling(strategy="one_for_all"),
        "It is permanent and was restarted with its group (one_for_all): the 2nd of 3 restarts allowed within 5 s.",
    ),
    "wait": (
        Decision.WAIT,
        ruling(delay=0.12, failures=2),
        (
            "It is permanent and was restarted after a wait of 120 ms (failure 2 in a row): "
            "the 2nd of 3 restarts allowed within 5 s."
        ),
    ),
    "gave up": (
        Decision.GIVE_UP,
        ruling(number=4),
        "Its supervisor gave up: that would have been the 4th restart within 5 s, 3 are allowed.",
    ),
    "gave up at once": (
        Decision.GIVE_UP,
        ruling(number=1, limit=0),
        "Its supervisor gave up: that would have been the 1st restart within 5 s, none is allowed.",
    ),
    "gave up on one alone": (
        Decision.GIVE_UP,
        ruling(number=4, scope="pace"),
        (
            "Its supervisor gave up: that would have been the 4th restart within 5 s, 3 are allowed "
            "for one child alone, its repairs not counted as time."
        ),
    ),
    "left": (
        Decision.LEAVE,
        ruling(Rule.NO_RESTART, restart="transient"),
        "It is transient and ended cleanly, so it was left as it is.",
    ),
    "removed": (
        Decision.REMOVE,
        ruling(Rule.NO_RESTART, restart="temporary"),
        "It is temporary, so it was removed.",
    ),
    "removed by a dynamic supervisor": (
        Decision.REMOVE,
        ruling(Rule.NO_RESTART, restart="transient"),
        "It is transient and ended cleanly, so it was removed.",
    ),
    "significant": (
        Decision.AUTO_SHUTDOWN,
        ruling(Rule.SIGNIFICANT, restart="temporary"),
        "It is significant, so its supervisor shut down.",
    ),
    "queued": (
        Decision.RESTART,
        ruling(Rule.QUEUED),
        "Its supervisor was in the midst of another repair and decided when that was over.",
    ),
    "about to be stopped": (
        Decision.RESTART,
        ruling(Rule.STOPPING, culprit="b"),
        "It was about to be stopped because of t/s/b anyway, so nothing was counted.",
    ),
    "about to be stopped with all": (
        Decision.LEAVE,
        ruling(Rule.STOPPING),
        "It was about to be stopped with its supervisor anyway, so nothing was counted.",
    ),
    "boot": (
        Decision.GIVE_UP,
        ruling(Rule.BOOT),
        "Its supervisor was still starting, and a child that does not start ends that.",
    ),
    "by hand": (
        Decision.LEAVE,
        ruling(Rule.BY_HAND),
        "Its start was asked for by a call, so it was not tried again but left as it is.",
    ),
    "nothing decided": (None, None, ""),
}


@pytest.mark.parametrize("name", RULES)
def test_every_rule_is_a_sentence(name: str) -> None:
    decision, facts, sentence = RULES[name]

    assert rule_of(replace(DEATH, decision=decision, ruling=facts)) == sentence


def test_every_rule_has_a_line_here_or_is_one_of_a_stop() -> None:
    rules = {facts.rule for _, facts, _ in RULES.values() if facts is not None}

    assert set(Rule) - rules == {Rule.GROUP, Rule.ENDING, Rule.ASKED}


def because(how: How, path: str) -> Because:
    return Because(how, path)


HEADLINES = {
    "crashed": (DEATH, "t/s/a died (life 3): ValueError: no."),
    "crashed without words": (
        replace(DEATH, raised=(Raised("", "ValueError", ""),)),
        "t/s/a died (life 3): ValueError.",
    ),
    "crashed on several lines": (
        replace(DEATH, raised=(Raised("", "ValueError", "no\n  stock"),)),
        "t/s/a died (life 3): ValueError: no stock.",
    ),
    "unhandled message": (
        replace(DEATH, message="Order", handler=None),
        "t/s/a died handling Order (life 3): ValueError: no.",
    ),
    "another reason": (
        replace(DEATH, reason="noproc", raised=()),
        "t/s/a died (life 3): noproc.",
    ),
    "a signal": (
        replace(DEATH, reason="boom", raised=(), because=because(How.SIGNALLED, "t/b")),
        "t/s/a died of an exit signal from t/b (life 3): boom.",
    ),
    "killed": (replace(DEATH, reason="killed", raised=()), "t/s/a was killed (life 3)."),
    "killed while starting": (
        replace(DEATH, kind=Kind.NOT_STARTED, reason="killed", raised=()),
        "t/s/a did not start (life 3): it was killed.",
    ),
    "stopped with its supervisor": (
        replace(STOP, ruling=ruling(Rule.ENDING, grace=5.0)),
        "t/s/a was stopped with its supervisor t/s (life 3): shutdown.",
    ),
    "stopped for a sibling": (
        replace(STOP, ruling=ruling(Rule.GROUP, culprit="b", grace=5.0)),
        "t/s/a was stopped because of t/s/b (life 3): shutdown.",
    ),
    "stopped by hand": (
        replace(STOP, ruling=ruling(Rule.ASKED, grace=None)),
        "t/s/a was stopped by a call (life 3): shutdown.",
    ),
    "killed brutally": (
        replace(STOP, reason="killed", ruling=ruling(Rule.ENDING, grace=0.0)),
        "t/s/a was killed with its supervisor t/s, as its shutdown says (life 3).",
    ),
    "too slow": (
        replace(STOP, reason="killed", expected=False, took=5.0, ruling=ruling(Rule.ENDING, grace=5.0)),
        "t/s/a was to stop with its supervisor t/s, was not done after its 5 s and was killed (life 3).",
    ),
    "killed by somebody else meanwhile": (
        replace(STOP, reason="killed", expected=False, took=1.0, ruling=ruling(Rule.ENDING, grace=5.0)),
        "t/s/a was to stop with its supervisor t/s and ended otherwise (life 3): killed.",
    ),
    "crashed on the way": (
        replace(DEATH, kind=Kind.STOPPED, expected=False, ruling=ruling(Rule.ASKED), handler="A.stopping"),
        "t/s/a was to stop by a call and died in A.stopping (life 3): ValueError: no.",
    ),
    "orphaned": (
        replace(DEATH, kind=Kind.ORPHANED, reason="killed", raised=()),
        "t/s/a lost its supervisor t/s and ended (life 3): killed.",
    ),
}


@pytest.mark.parametrize("name", HEADLINES)
def test_every_way_to_die_is_a_headline(name: str) -> None:
    autopsy, sentence = HEADLINES[name]

    assert headline(autopsy) == sentence


def test_a_call_into_a_library_names_both_places() -> None:
    raised = Raised("", "JSONDecodeError", "no", "json/decoder.py:355 in raw_decode", "shop.py:41 in take")

    assert details(replace(DEATH, raised=(raised,))) == [
        "Raised at json/decoder.py:355 in raw_decode, called at shop.py:41 in take."
    ]


def test_members_of_a_group_are_told() -> None:
    chain = (Raised("", "ExceptionGroup", "two"), Raised("member", "ValueError", "no", "a.py:1 in f"))

    assert details(replace(DEATH, raised=chain)) == ["It holds ValueError: no, raised at a.py:1 in f."]


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (21, "21st"), (1112, "1,112th")],
)
def test_ordinals(number: int, text: str) -> None:
    assert ordinal(number) == text
