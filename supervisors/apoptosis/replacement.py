"""One replacement, make before break: the successor starts, warms up, inherits and takes over; or all stays as it was.

The course is one table.  Until the very last step the old life serves, and whatever goes wrong leads to ``failed``::

    starting ─started→ warming ─ready→ waiting ─left→ inheriting ─taken→ done
                         ↺ not ready      └──late──────↗

*Waiting*: for the old life to be done with the message in hand and to say what it leaves.  A life that is stuck there
until the handover is *late* is not waited for any longer: its successor gets the last good copy, and takes over while
the old one still has the message in hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from actors import Crashed, Reason
from actors.exits import spell
from actors.pulse import Pulse
from actors.succession import Succession

from .health import Estate
from .policy import Apoptosis

FIRST_POLL, LONGEST_POLL = 0.02, 1.0
"""Seconds between two questions whether a successor is ready: the first, the longest; each is half as long again."""

ABSENT: Any = object()
"""In the place of an estate: there is none."""


class Phase(StrEnum):
    """What is waited for."""

    STARTING = "start"
    WARMING = "ready"
    WAITING = "bequeath"
    INHERITING = "inherit"
    DONE = "done"
    FAILED = "failed"


class Word(StrEnum):
    """What can be heard."""

    STARTED = "started"
    READY = "ready"
    NOT_READY = "not ready"
    LEFT = "left"
    TAKEN = "taken"
    LATE = "late"
    FAILED = "failed"


COURSE: dict[tuple[Phase, Word], tuple[Phase, str]] = {
    (Phase.STARTING, Word.STARTED): (Phase.WARMING, "ask_ready"),
    (Phase.STARTING, Word.LATE): (Phase.FAILED, "give_up"),
    (Phase.STARTING, Word.FAILED): (Phase.FAILED, "give_up"),
    (Phase.WARMING, Word.NOT_READY): (Phase.WARMING, "wait_until_ready"),
    (Phase.WARMING, Word.READY): (Phase.WAITING, "ask_will"),
    (Phase.WARMING, Word.LATE): (Phase.FAILED, "give_up"),
    (Phase.WARMING, Word.FAILED): (Phase.FAILED, "give_up"),
    (Phase.WAITING, Word.LEFT): (Phase.INHERITING, "hand_over"),
    (Phase.WAITING, Word.LATE): (Phase.INHERITING, "hand_over_without"),
    (Phase.WAITING, Word.FAILED): (Phase.FAILED, "give_up"),
    (Phase.INHERITING, Word.TAKEN): (Phase.DONE, "take_over"),
    (Phase.INHERITING, Word.LATE): (Phase.FAILED, "give_up"),
    (Phase.INHERITING, Word.FAILED): (Phase.FAILED, "give_up"),
}
"""All that can happen; a word that is not in the table comes too late and changes nothing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went.  ``why`` is empty for a replacement that succeeded, else it failed in ``step``.

    ``moved``: messages that went over; ``estate``: what was inherited; ``paused``: seconds in which nobody began a
    message; ``left_badly``: ``bequeath()`` raised, so the state of the old life is in doubt.
    """

    step: Phase
    why: str = ""
    moved: int = 0
    estate: Estate = Estate.NOTHING
    paused: float = 0.0
    left_badly: bool = False


class Timer(Protocol):
    """What ``later`` returns."""

    def cancel(self) -> None: ...


Later = Callable[[float, Callable[[], None]], Timer | None]


class Replacement:
    """Carries the course out.  ``finished`` is told the outcome, once, in the turn in which it is clear.

    ``estate``: says what the successor is to have, when it is handed over; ``last_good``: makes the copy it gets if
    it is not to have all, ``ABSENT`` if there is none; ``is_heir``: whether the class bequeaths and inherits at all;
    ``insists``: whether a life that is stuck stays rather than leave less than all, told whether there is a copy;
    ``grace``: seconds that a successor may take to go if it failed.
    """

    def __init__(
        self,
        succession: Succession,
        policy: Apoptosis,
        estate: Callable[[], Estate],
        last_good: Callable[[], Any],
        *,
        insists: Callable[[bool], bool],
        is_heir: bool,
        grace: float,
        clock: Callable[[], float],
        later: Later,
        finished: Callable[[Outcome], None],
    ) -> None:
        self.phase = Phase.STARTING
        self._succession = succession
        self._policy = policy
        self._choose_estate = estate
        self._is_heir = is_heir
        self._estate = Estate.NOTHING
        self._will: Any = ABSENT
        self._last_good = last_good
        self._insists = insists
        self._grace = grace
        self._clock = clock
        self._later = later
        self._finished = finished
        self._limit: Timer | None = None
        self._poll = FIRST_POLL
        self._paused_at: float | None = None
        self._why = ""
        self._left_badly = False
        self._was_asked = False

    def begin(self, pulse: Pulse | None) -> None:
        """Start the successor."""
        self._limit_to(self._policy.ready_within, "not ready within")
        self._succession.start(
            pulse,
            lambda reason, ignored: self.hear(Word.STARTED if reason is None else Word.FAILED, _say(reason, ignored)),
            self._ended,
        )

    def _ended(self, reason: Reason) -> None:
        if self.phase is not Phase.STARTING:  # a failed start says more itself
            self.hear(Word.FAILED, f"it ended: {reason}")

    def hear(self, word: Word, why: str = "") -> None:
        """Take the step that the table has for ``word``."""
        found = COURSE.get((self.phase, word))
        if found is None:
            return
        at = self.phase
        self.phase, act = found
        self._why = why or self._why
        if self.phase is Phase.FAILED:
            self.give_up(at)
        else:
            getattr(self, act)()

    def retire(self, cause: str, ended: Callable[[int, Reason], None]) -> None:
        """After the switch: end the old life; ``ended`` is told which one and why."""
        self._succession.retire(cause, self._grace, ended)

    @property
    def retiring(self) -> tuple[str, str | None] | None:
        """Cause and estate, if the successor asked for its own replacement before it served."""
        return self._succession.retiring

    def call_off(self, why: str) -> None:
        """The old life is no longer there to be replaced, or somebody wants it so."""
        self.hear(Word.FAILED, why)

    # -- the steps -----------------------------------------------------------------------------------------------------

    def ask_ready(self) -> None:
        """Ask the successor whether it is warm."""
        self._succession.ask_successor("ready", (), self._heard_ready)

    def _heard_ready(self, result: Any, error: BaseException | None) -> None:
        if error is not None:
            self.hear(Word.FAILED, f"ready() raised {spell(error)}")
        else:
            self.hear(Word.READY if result else Word.NOT_READY)

    def wait_until_ready(self) -> None:
        """Ask again in a while."""
        self._later(self._poll, lambda: self.ask_ready() if self.phase is Phase.WARMING else None)
        self._poll = min(self._poll * 1.5, LONGEST_POLL)

    def ask_will(self) -> None:
        """Wait until the old life is between two messages, and ask it what it leaves."""
        self._limit_to(self._policy.handover, "no handover within")
        self._succession.await_predecessor(self._at_boundary)

    def _at_boundary(self) -> None:
        if self.phase is not Phase.WAITING:
            return
        self._was_asked = True
        self._estate = self._choose_estate() if self._is_heir else Estate.NOTHING
        if self._estate is Estate.ALL:
            self._succession.ask_predecessor("bequeath", self._heard_will)
        else:
            self._will = self._last_good() if self._estate is Estate.LAST_GOOD else ABSENT
            self._pause(Word.LEFT)

    def _heard_will(self, result: Any, error: BaseException | None) -> None:
        if self.phase is not Phase.WAITING:
            return
        if error is not None:
            self._left_badly = True
            self.hear(Word.FAILED, f"bequeath() raised {spell(error)}")
            return
        self._will = result
        self._pause(Word.LEFT)

    def _pause(self, word: Word) -> None:
        if self.phase is not Phase.WAITING:
            return
        self._succession.pause()
        self._paused_at = self._clock()
        self.hear(word)

    def hand_over_without(self) -> None:
        """The old life is stuck: go on without it, unless it is well and would be lost for nothing."""
        wanted = self._choose_estate() if self._is_heir else Estate.NOTHING
        self._will = self._last_good() if wanted is not Estate.NOTHING else ABSENT
        waits = not self._was_asked  # else it hangs in bequeath(), and serves nobody
        if waits and wanted is Estate.ALL and self._insists(self._will is not ABSENT):
            self.phase = Phase.WAITING
            self.hear(Word.FAILED, f"{self._why}, and its estate is wanted")
            return
        self._estate = Estate.LAST_GOOD
        self._limit_to(self._policy.handover, "inherit() did not return within")
        self.hand_over()

    def hand_over(self) -> None:
        """Let the successor inherit, if there is anything."""
        if self._will is ABSENT:
            self._estate = Estate.NOTHING
            self.hear(Word.TAKEN)
        else:
            will, self._will = self._will, ABSENT
            self._succession.ask_successor("inherit", (will,), self._heard_taken)

    def _heard_taken(self, result: Any, error: BaseException | None) -> None:
        if error is not None:
            self.hear(Word.FAILED, f"inherit() raised {spell(error)}")
        else:
            self.hear(Word.TAKEN)

    def take_over(self) -> None:
        """The switch; everything before it can be undone, nothing after it can fail."""
        if not self._succession.is_possible:
            self.phase = Phase.FAILED
            self._why = "the old life has ended"
            self.give_up(Phase.INHERITING)
            return
        self._end_limit()
        moved = self._succession.switch()
        paused = 0.0 if self._paused_at is None else self._clock() - self._paused_at
        self._finished(Outcome(Phase.DONE, "", moved, self._estate, paused))

    def give_up(self, step: Phase) -> None:
        """Let the successor go; the old life serves on."""
        self._end_limit()
        self._will = ABSENT
        self._succession.discard(self._grace)
        self._finished(Outcome(step, self._why, left_badly=self._left_badly))

    # -- time ----------------------------------------------------------------------------------------------------------

    def _limit_to(self, seconds: float, what: str) -> None:
        self._end_limit()
        self._limit = self._later(seconds, lambda: self.hear(Word.LATE, f"{what} {seconds:g} s"))

    def _end_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None


def _say(reason: Reason | None, ignored: bool) -> str:
    if ignored:
        return "it raised Ignore"
    if isinstance(reason, Crashed):
        return spell(reason.exception)
    return "" if reason is None else str(reason)
