"""Who is to be replaced, who may be now, and how it goes: the wishes of one supervisor's workers.

A wish waits until the disruption budget allows it, its supervisor and all above it agree, and the pause after a failed
attempt is over; who waits serves on, and says once why it waits.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from actors import Apoptosis, Reason
from actors.checkup import is_suspended
from actors.succession import Succession
from supervisors.actions import Status
from supervisors.errors import ReplacementFailed
from supervisors.events import SupervisionEvent

from .case import AGE, Case, Heir, Wish
from .disruption import Group, refusal, refusal_above
from .events import Degraded, Kept, Postponed, Replaced, Replacing, Retired, Undegraded
from .health import Estate
from .replacement import Outcome, Phase, Replacement

if TYPE_CHECKING:
    from collections.abc import Callable

    from supervisors.shell import Shell

REFUSALS = 16
"""After so many refusals in one go the others have to wait for the next one."""

AT_ONCE = 3
"""Replacements of one child in a row, by evidence or on its own wish, before it has to pause for its backoff."""

RETRY = 1.0
"""Seconds after which whoever waits for the budget asks again, if nothing has changed before."""


class Turnover:
    """Of one supervisor.  ``conceive`` makes pulse and health of a successor; ``left_badly`` is told of a life whose
    ``bequeath()`` raised.
    """

    def __init__(self, shell: Shell, conceive: Callable[[Case], Heir], left_badly: Callable[[Case, str], None]) -> None:
        self._shell = shell
        self._system = shell.system
        self._conceive = conceive
        self._left_badly = left_badly
        self._waiting: dict[Case, None] = {}
        self._sick: dict[Case, None] = {}
        self._ongoing: dict[Case, None] = {}
        self._is_degraded = False
        self._is_retrying = False
        self._is_called = False

    @property
    def ongoing(self) -> int:
        """How many children are under replacement."""
        return len(self._ongoing)

    # -- wishes --------------------------------------------------------------------------------------------------------

    def want(self, case: Case, wish: Wish) -> None:
        """``case`` is to be replaced, as soon as that is allowed; a later wish with better reasons takes over."""
        known = case.wish
        if known is None or known.cause == AGE or (known.by_evidence and not wish.by_evidence):
            case.wish = wish
        elif known.by_evidence:
            known.cause = wish.cause
        if wish.by_evidence:
            self._sick[case] = None
        if case.replacement is None:
            self._line_up(case)
        self.wake()

    def _line_up(self, case: Case) -> None:
        """``case`` waits for its turn, as soon as a pause that it has to make is over."""
        pause = case.not_before - self._system.now()
        if pause <= 0:
            self._waiting[case] = None
        elif case.wish is not None:
            self._shell.later(pause, lambda: self._rested(case))
            if case.pace:
                case.wish.refused = f"replaced {case.pace} times in a row within {case.healthy_after:g} s each"
                self._emit(Postponed(*self._at(case), case.wish.cause, case.wish.refused))

    def drop(self, case: Case, why: str) -> None:
        """``case`` is not to be replaced any more; who asked for it by hand is told why."""
        case.wish = None
        self._waiting.pop(case, None)
        self._sick.pop(case, None)
        waiters, case.waiters = case.waiters, []
        for waiter in waiters:
            waiter.fail(ReplacementFailed(f"{self._shell.ref.name}/{case.child.id}", why))

    def call_off(self, case: Case, why: str) -> None:
        """There is no life to be replaced any more, or it is told to end."""
        self.drop(case, why)
        replacement, case.replacement = case.replacement, None
        if replacement is not None:
            self._ongoing.pop(case, None)
            case.child.burned += 1
            replacement.call_off(why)
        self.wake()

    def wake(self) -> None:
        """Something has changed: see in the supervisor's own turn who may be replaced now."""
        if (self._waiting or self._is_degraded) and not self._is_called:
            self._is_called = True
            self._shell.later(0.0, self._serve)

    def _serve(self) -> None:
        self._is_called = False
        refused = 0
        for case in list(self._waiting):
            wish = self._still_wanted(case)
            if wish is None:
                continue
            why = self._refusal(case)
            if not why:
                self._begin(case, wish)
                continue
            if why != wish.refused:
                wish.refused = why
                self._emit(Postponed(*self._at(case), wish.cause, why))
            self._waiting.pop(case)
            self._waiting[case] = None  # behind the others, that they are looked at too
            refused += 1
            if refused >= REFUSALS:
                break
        self._watch_floor()
        if self._waiting and not self._is_retrying:
            self._is_retrying = True
            self._shell.later(RETRY, self._retry)

    def _retry(self) -> None:
        self._is_retrying = False
        self.wake()

    def _still_wanted(self, case: Case) -> Wish | None:
        """While somebody has to wait, the evidence may fade."""
        wish = case.wish
        if wish is None or not wish.by_evidence or case.health is None:
            return wish
        if (wish.refused or case.failures) and case.health.has_recovered(case.done):
            self.drop(case, "the evidence has faded")
            return None
        return wish

    # -- the disruption budget -----------------------------------------------------------------------------------------

    def _refusal(self, case: Case) -> str | None:
        shell = self._shell
        if case.child.status is not Status.RUNNING:
            return f"it is {case.child.status}"
        if shell.children.is_busy:
            return f"{shell.ref.name} is repairing something else"
        if is_suspended(case.child.ref) and not case.is_stuck:  # a stuck hook would keep resume() waiting too
            return "it is suspended"
        why = refusal(shell.spec.disruption, self._group(), self._is_ill(case))
        above: Shell | None = shell
        while why is None and above is not None:
            missing = None if above.spec.disruption.while_degraded else above.first_missing()
            why = refusal_above(above.spec.disruption, above.ref.name, above.turnover(), missing)
            above = above.above()
        return why

    def _group(self) -> Group:
        census = self._shell.census()
        ill = sum(map(self._is_ill, self._sick))
        return Group(census.running + census.missing, census.running, ill, self.ongoing)

    def _is_ill(self, case: Case) -> bool:
        """Whether its evidence has reached the threshold and not faded since."""
        if case not in self._sick or case.child.status is not Status.RUNNING:
            return False
        return case.health is None or not case.health.has_recovered(case.done)

    def _watch_floor(self) -> None:
        group = self._group()
        is_below = group.ill > 0 and group.is_below(self._shell.spec.disruption.floor, True)
        if is_below and not self._is_degraded:
            self._emit(Degraded(self._system.now(), self._shell.ref.name, group.ill, group.children))
        elif self._is_degraded and not is_below:
            self._emit(Undegraded(self._system.now(), self._shell.ref.name))
        self._is_degraded = is_below

    # -- replacement ---------------------------------------------------------------------------------------------------

    def _begin(self, case: Case, wish: Wish) -> None:
        now, child = self._system.now(), case.child
        wish = dataclasses.replace(wish)  # what is told of this replacement does not change any more
        if now - case.began >= case.healthy_after:
            case.crashes = 0
        self._waiting.pop(case, None)
        self._ongoing[case] = None
        heir = self._conceive(case)
        if wish.by_evidence:
            self._shell.promoter.retiring(child, wish.cause)
        blueprint = self._shell.blueprint_of(child, child.next_life)
        case.replacement = Replacement(
            Succession(self._shell, child.ref, child.next_life, blueprint),
            case.policy,
            lambda: wish.estate or case.estate,
            case.last_good,
            insists=lambda has_copy: wish.estate is Estate.ALL or not (wish.by_evidence or has_copy),
            is_heir=case.is_heir,
            grace=case.grace,
            clock=self._system.now,
            later=self._shell.later,
            finished=lambda outcome: self._finished(case, outcome, wish, heir, now),
        )
        vitals = case.vitals(now) if case.is_judged else None
        self._emit(Replacing(*self._at(case), wish.cause, child.lives, vitals))
        case.replacement.begin(heir[0])

    def _finished(self, case: Case, outcome: Outcome, wish: Wish, heir: Heir, began: float) -> None:
        """In whoever's turn it became clear."""
        replacement, case.replacement = case.replacement, None
        if replacement is None or self._shell.is_over:  # called off: a death or a stop has events of its own
            return
        self._ongoing.pop(case, None)
        if outcome.step is Phase.DONE:
            self._replaced(case, outcome, wish, heir, began)
            if replacement.retiring is not None:
                cause, estate = replacement.retiring
                wanted = Estate(estate) if estate is not None else None
                self.want(case, Wish(cause, False, wanted, is_paced=True))
            replacement.retire(wish.cause, lambda life, reason: self._retired(case, life, reason, wish.cause))
        else:
            self._kept(case, outcome, wish)
        self.wake()

    def _replaced(self, case: Case, outcome: Outcome, wish: Wish, heir: Heir, began: float) -> None:
        now, child = self._system.now(), case.child
        self._shell.children.replaced(child.id, now)
        self._pace(case, wish, now)
        case.born(*heir, now)
        case.failures = 0
        took, estate = now - began, outcome.estate.value if case.is_heir else ""
        event = Replaced(*self._at(case), wish.cause, child.lives, took, outcome.moved, estate, outcome.paused)
        case.wish = None
        self._sick.pop(case, None)
        waiters, case.waiters = case.waiters, []
        self._emit(event)
        for waiter in waiters:
            waiter.send(child.ref)

    def _pace(self, case: Case, wish: Wish, now: float) -> None:
        """Who is replaced again and again, by evidence or on its own wish, has to wait longer and longer."""
        if not (wish.by_evidence or wish.is_paced):
            return
        case.pace = case.pace + 1 if now - case.began < case.healthy_after else 0
        if case.pace > AT_ONCE:
            delay = case.policy.backoff.delay(case.pace - AT_ONCE - 1, self._system.rng)
            case.not_before = now + delay

    def _retired(self, case: Case, life: int, reason: Reason, cause: str) -> None:
        if not self._shell.is_over:
            self._emit(Retired(*self._at(case), life, reason, reason == Apoptosis(cause)))

    def _kept(self, case: Case, outcome: Outcome, wish: Wish) -> None:
        delay = None
        is_sent_back = outcome.step is Phase.STARTING and self._shell.promoter.sent_back(case.child, outcome.why)
        if is_sent_back and not wish.by_evidence and not case.waiters:
            case.wish = None  # there is no other place to be at any more
        case.child.burned += 1
        if case.waiters:
            self.drop(case, f"{outcome.step}: {outcome.why}")
        elif case.wish is not None:
            delay = case.policy.backoff.delay(case.failures, self._system.rng)
            case.failures += 1
            case.not_before = self._system.now() + delay
            self._shell.later(delay, lambda: self._rested(case))
        self._emit(Kept(*self._at(case), wish.cause, outcome.step.value, outcome.why, delay))
        if outcome.left_badly:
            self._left_badly(case, outcome.why)

    def _rested(self, case: Case) -> None:
        """The pause after a failed attempt is over."""
        if case.wish is not None and case.replacement is None and case.not_before <= self._system.now():
            self._waiting[case] = None
            self.wake()

    def _at(self, case: Case) -> tuple[float, str]:
        return self._system.now(), f"{self._shell.ref.name}/{case.child.id}"

    def _emit(self, event: SupervisionEvent) -> None:
        self._system.events.publish(event)
