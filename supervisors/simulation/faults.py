"""The language of faults: what happens to whom and when, a line each.

::

    PATH down DURATION [at TIME]                        it crashes, and its starts fail until DURATION is over
    PATH crash [at TIME] [every DURATION] [times N]     it crashes; it can start again at once
    PATH slow DURATION [at TIME] [for DURATION]         its starts take that long
    PATH hang [at TIME]                                 the life that serves then does not stop when it is asked to
    PATH stuck-start [at TIME] [times N]                it crashes, and its next N starts (1) never come to an end
    PATH damage WEIGHT [at TIME] [every DURATION] [times N]    it reports damage of that weight

A TIME is counted from the beginning of the run; ``boot`` is the beginning itself, before anything is started.  Without
``at`` a fault strikes as soon as the tree serves, ``slow`` at ``boot``.  ``every`` without ``times`` goes on until the
end of the run.  A PATH with blanks is put in quotes.
"""

from __future__ import annotations

import difflib
import math
import shlex
from dataclasses import dataclass
from enum import StrEnum

from .durations import SHAPE, parse_duration, spell


class Kind(StrEnum):
    """What can happen to a worker."""

    DOWN = "down"
    CRASH = "crash"
    SLOW = "slow"
    HANG = "hang"
    STUCK = "stuck-start"
    DAMAGE = "damage"


BOOT = -math.inf
"""The moment before anything is started."""


class FaultError(ValueError):
    """A line that is no fault: the line, the word of it that cannot be read, and why."""

    def __init__(self, text: str, word: str, why: str) -> None:
        self.text = text
        self.word = word
        self.why = why
        at = f"{word!r} " if word else ""
        super().__init__(f'fault "{text}": {at}{why}')


@dataclass(frozen=True, slots=True)
class Fault:
    """One line: whom (``pattern``) it happens to and what; ``text`` is the line itself.

    ``at``: when, ``None`` as soon as the tree serves, :data:`BOOT` before that.  ``length``: how long it is down, or
    how long its starts take; ``lasts``: how long its starts are slow; ``every`` and ``times``: how often it strikes.
    """

    text: str
    pattern: str
    kind: Kind
    at: float | None = None
    length: float = 0.0
    lasts: float = math.inf
    weight: float = 0.0
    every: float | None = None
    times: int | None = None

    def describe(self, path: str) -> str:
        """What it does to the worker at ``path``, as a sentence."""
        match self.kind:
            case Kind.DOWN:
                return f"{path} is down for {spell(self.length)}"
            case Kind.CRASH:
                return f"{path} is crashed"
            case Kind.SLOW:
                until = "" if math.isinf(self.lasts) else f" for {spell(self.lasts)}"
                return f"{path} takes {spell(self.length)} to start{until}"
            case Kind.HANG:
                return f"{path} will not stop when it is asked to"
            case Kind.STUCK:
                return f"{path} is crashed, and its next {_starts(self.times or 1)}"
            case Kind.DAMAGE:
                return f"{path} reports damage of weight {self.weight:g}"


def _starts(times: int) -> str:
    return "start never ends" if times == 1 else f"{times:,} starts never end"


@dataclass(frozen=True, slots=True)
class _Form:
    """What follows a verb: the name of its value, if it has one, and the options that are understood."""

    value: str
    options: tuple[str, ...]


FORMS = {
    Kind.DOWN: _Form("DURATION", ("at",)),
    Kind.CRASH: _Form("", ("at", "every", "times")),
    Kind.SLOW: _Form("DURATION", ("at", "for")),
    Kind.HANG: _Form("", ("at",)),
    Kind.STUCK: _Form("", ("at", "times")),
    Kind.DAMAGE: _Form("WEIGHT", ("at", "every", "times")),
}

_MEANS = {"at": "TIME", "every": "DURATION", "for": "DURATION", "times": "N"}


def parse_fault(text: str) -> Fault:
    """Read one line.  Raises ``FaultError`` naming the word that cannot be read."""
    try:
        words = shlex.split(text)
    except ValueError:
        raise FaultError(text, "", "has a quotation mark that is not closed") from None
    if not words:
        raise FaultError(text, "", f"is empty; write PATH and what happens: {_verbs()}")
    if len(words) == 1:
        raise FaultError(text, words[0], f"is a path; write behind it what happens: {_verbs()}")
    pattern, verb, *rest = words
    kind = _kind(text, verb)
    form = FORMS[kind]
    value = 0.0
    if form.value:
        if not rest:
            raise FaultError(text, verb, f"needs a {form.value} behind it")
        value = _duration(text, rest[0]) if form.value == "DURATION" else _weight(text, rest[0])
        rest = rest[1:]
    options = _options(text, kind, rest)
    if "times" in options and "every" in form.options and "every" not in options and options["times"] > 1:
        raise FaultError(text, "times", "needs to be told how often: every DURATION")
    return Fault(
        text,
        pattern,
        kind,
        at=options.get("at", BOOT if kind is Kind.SLOW else None),
        length=value if form.value == "DURATION" else 0.0,
        lasts=options.get("for", math.inf),
        weight=value if form.value == "WEIGHT" else 0.0,
        every=options.get("every"),
        times=int(options["times"]) if "times" in options else None,
    )


def _kind(text: str, verb: str) -> Kind:
    try:
        return Kind(verb)
    except ValueError:
        raise FaultError(text, verb, f"is nothing that can happen; {_near(verb, list(Kind))}") from None


def _options(text: str, kind: Kind, words: list[str]) -> dict[str, float]:
    known = FORMS[kind].options
    found: dict[str, float] = {}
    while words:
        name, *words = words
        if name not in known:
            allowed = " ".join(f"[{each} {_MEANS[each]}]" for each in known)
            raise FaultError(text, name, f"is not understood behind {kind.value!r}; there may be {allowed}")
        if name in found:
            raise FaultError(text, name, "is there twice")
        if not words:
            raise FaultError(text, name, f"needs a {_MEANS[name]} behind it")
        value, *words = words
        if name == "times":
            found[name] = _times(text, value)
        elif name == "at":
            found[name] = BOOT if value == "boot" else _duration(text, value, zero=True)
        else:
            found[name] = _duration(text, value)
    return found


def _duration(text: str, word: str, *, zero: bool = False) -> float:
    try:
        seconds = parse_duration(word)
    except ValueError:
        raise FaultError(text, word, f"is not a duration: {SHAPE}") from None
    if seconds == 0 and not zero:
        raise FaultError(text, word, "is no time at all")
    return seconds


def _times(text: str, word: str) -> int:
    if not word.isascii() or not word.isdigit() or int(word) < 1:
        raise FaultError(text, word, "is not a number of times: 1, 2, 3 ...")
    return int(word)


def _weight(text: str, word: str) -> float:
    try:
        weight = float(word)
    except ValueError:
        weight = math.nan
    if not 0 < weight < math.inf:
        raise FaultError(text, word, "is not a weight: a number above 0, such as 1 or 0.5")
    return weight


def _verbs() -> str:
    return ", ".join(f"{kind.value} {FORMS[kind].value}".strip() for kind in Kind)


def _near(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {str(near[0])!r}?" if near else f"there are {', '.join(map(str, known))}"
