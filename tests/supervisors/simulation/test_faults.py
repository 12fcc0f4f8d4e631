"""The language of faults: what each line means, and what is said of one that means nothing."""

from __future__ import annotations

from typing import Any

import pytest

from supervisors.simulation import Fault, FaultError, parse_fault
from supervisors.simulation.faults import BOOT, Kind


def fault(kind: Kind, **fields: Any) -> Fault:
    return Fault("", "mail", kind, **fields)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail down 10m", fault(Kind.DOWN, length=600.0)),
        ("mail down 10m at 1h", fault(Kind.DOWN, length=600.0, at=3600.0)),
        ("mail down 3s at boot", fault(Kind.DOWN, length=3.0, at=BOOT)),
        ("mail crash", fault(Kind.CRASH)),
        ("mail crash at 0s", fault(Kind.CRASH, at=0.0)),
        ("mail crash times 1", fault(Kind.CRASH, times=1)),
        ("mail crash every 20s", fault(Kind.CRASH, every=20.0)),
        ("mail crash times 3 every 20s at 1m", fault(Kind.CRASH, at=60.0, every=20.0, times=3)),
        ("mail slow 4s", fault(Kind.SLOW, at=BOOT, length=4.0)),
        ("mail slow 4s at 1m for 2m", fault(Kind.SLOW, at=60.0, length=4.0, lasts=120.0)),
        ("mail hang", fault(Kind.HANG)),
        ("mail hang at 5m", fault(Kind.HANG, at=300.0)),
        ("mail stuck-start", fault(Kind.STUCK)),
        ("mail stuck-start times 2 at 1s", fault(Kind.STUCK, at=1.0, times=2)),
        ("mail damage 0.5", fault(Kind.DAMAGE, weight=0.5)),
        ("mail damage 2 every 1s times 4 at 9s", fault(Kind.DAMAGE, weight=2.0, every=1.0, times=4, at=9.0)),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_line_says_what_happens_to_whom_and_when(text: str, expected: Fault) -> None:
    found = parse_fault(text)

    assert (found.text, found) == (text, Fault(**{**as_dict(expected), "text": text}))


def as_dict(value: Fault) -> dict[str, Any]:
    return {name: getattr(value, name) for name in Fault.__slots__}


def test_a_path_with_blanks_is_quoted() -> None:
    assert parse_fault("'my shop/the mail' crash").pattern == "my shop/the mail"


NO_DURATION = "is not a duration: a number with ms, s, m, h or d, such as 500ms, 10s, 5m or 1h30m"
UNKNOWN = "is not understood behind"
VERBS = "down DURATION, crash, slow DURATION, hang, stuck-start, damage WEIGHT"


@pytest.mark.parametrize(
    ("text", "word", "why"),
    [
        ("", "", f"is empty; write PATH and what happens: {VERBS}"),
        ("   ", "", f"is empty; write PATH and what happens: {VERBS}"),
        ("'mail crash", "", "has a quotation mark that is not closed"),
        ("mail", "mail", f"is a path; write behind it what happens: {VERBS}"),
        ("mail donw 10m", "donw", "is nothing that can happen; did you mean 'down'?"),
        (
            "mail explodes",
            "explodes",
            "is nothing that can happen; there are down, crash, slow, hang, stuck-start, damage",
        ),
        ("mail down", "down", "needs a DURATION behind it"),
        ("mail damage", "damage", "needs a WEIGHT behind it"),
        ("mail down 10", "10", NO_DURATION),
        ("mail down 0s", "0s", "is no time at all"),
        ("mail crash every 0ms", "0ms", "is no time at all"),
        (
            "mail down 10m every 1h",
            "every",
            f"{UNKNOWN} 'down'; there may be [at TIME]",
        ),
        (
            "mail crash now",
            "now",
            f"{UNKNOWN} 'crash'; there may be [at TIME] [every DURATION] [times N]",
        ),
        ("mail crash at", "at", "needs a TIME behind it"),
        ("mail crash at noon", "noon", NO_DURATION),
        ("mail crash at 1s at 2s", "at", "is there twice"),
        ("mail crash every 1s times 0", "0", "is not a number of times: 1, 2, 3 ..."),
        ("mail crash every 1s times 2.5", "2.5", "is not a number of times: 1, 2, 3 ..."),
        ("mail crash every 1s times ²", "²", "is not a number of times: 1, 2, 3 ..."),
        ("mail crash times 3", "times", "needs to be told how often: every DURATION"),
        ("mail damage x", "x", "is not a weight: a number above 0, such as 1 or 0.5"),
        ("mail damage 0", "0", "is not a weight: a number above 0, such as 1 or 0.5"),
        ("mail damage -1", "-1", "is not a weight: a number above 0, such as 1 or 0.5"),
        ("mail damage inf", "inf", "is not a weight: a number above 0, such as 1 or 0.5"),
        ("mail damage nan", "nan", "is not a weight: a number above 0, such as 1 or 0.5"),
        ("mail hang every 1s", "every", f"{UNKNOWN} 'hang'; there may be [at TIME]"),
        ("mail slow 1s times 2", "times", f"{UNKNOWN} 'slow'; there may be [at TIME] [for DURATION]"),
        ("mail stuck-start every 1s", "every", f"{UNKNOWN} 'stuck-start'; there may be [at TIME] [times N]"),
    ],
    ids=lambda each: str(each)[:30],
)  # fmt: skip
def test_the_word_that_cannot_be_read_is_named(text: str, word: str, why: str) -> None:
    with pytest.raises(FaultError) as caught:
        parse_fault(text)

    error = caught.value
    assert (error.text, error.word, error.why) == (text, word, why)
    assert str(error) == f'fault "{text}": ' + (f"{word!r} " if word else "") + why


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mail down 10m", "shop/mail is down for 10 min"),
        ("mail crash", "shop/mail is crashed"),
        ("mail slow 4s", "shop/mail takes 4 s to start"),
        ("mail slow 4s for 1m", "shop/mail takes 4 s to start for 1 min"),
        ("mail hang", "shop/mail will not stop when it is asked to"),
        ("mail stuck-start", "shop/mail is crashed, and its next start never ends"),
        ("mail stuck-start times 2", "shop/mail is crashed, and its next 2 starts never end"),
        ("mail damage 1.50", "shop/mail reports damage of weight 1.5"),
    ],
)
def test_a_fault_is_a_sentence_about_a_worker(text: str, said: str) -> None:
    assert parse_fault(text).describe("shop/mail") == said
