"""Check-ups: at regular intervals every watched life is looked at, asked, and, if all is well, its estate copied."""

from __future__ import annotations

import copy
import math
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from actors.checkup import ask, in_hand_for, load, signs
from actors.evidence import Evidence, Harm
from actors.exits import spell
from supervisors.actions import Status

from .case import Case, Hooked
from .memory import resident
from .replacement import Timer

if TYPE_CHECKING:
    from actors.keeper import Keeper

AT_ONCE = 128
"""Lives looked at in one go before the supervisor lets others have the loop."""


class Checkups:
    """The rounds of one supervisor; one timer for each distinct interval, as long as anybody has it.

    ``judge`` is told the findings of each check-up, ``complain`` what is wrong with the actor's class.
    """

    def __init__(
        self,
        keeper: Keeper,
        judge: Callable[[Case, list[Evidence]], None],
        complain: Callable[[Case, str], None],
    ) -> None:
        self._keeper = keeper
        self._judge = judge
        self._complain = complain
        self._rounds: dict[float, dict[Case, None]] = {}
        self._timers: dict[float, Timer | None] = {}

    def add(self, case: Case) -> None:
        """Look at ``case`` from now on."""
        every = case.policy.every
        self._rounds.setdefault(every, {})[case] = None
        if every not in self._timers:
            self._timers[every] = self._keeper.later(every, lambda: self._round(every))

    def remove(self, case: Case) -> None:
        """Look at it no longer."""
        every = case.policy.every
        patients = self._rounds.get(every, {})
        patients.pop(case, None)
        if not patients:
            self._rounds.pop(every, None)
            timer = self._timers.pop(every, None)
            if timer is not None:
                timer.cancel()

    def _round(self, every: float) -> None:
        self._timers.pop(every, None)
        patients = self._rounds.get(every)
        if not patients:
            return
        self._timers[every] = self._keeper.later(every, lambda: self._round(every))
        self._some(list(patients))

    def _some(self, patients: list[Case]) -> None:
        now = self._keeper.system.now()
        for case in patients[:AT_ONCE]:
            try:
                self._look(case, now)
            except Exception as error:  # of the check-up itself: it must not cost the supervisor its life
                self._complain(case, f"a check-up that failed ({spell(error)})")
        if len(patients) > AT_ONCE:
            self._keeper.later(0.0, lambda: self._some(patients[AT_ONCE:]))

    def _look(self, case: Case, now: float) -> None:
        if case.pulse is None or case.child.status is not Status.RUNNING or case.replacement is not None:
            return
        asked = case.asking
        if Hooked.RUNNING in asked.values():  # the verdict waits until it is done, or late
            return
        findings = self._measured(case, now)
        findings += [
            Evidence(Harm.PROBE, None, f"{called} has still not returned")
            for called, state in asked.items()
            if state is Hooked.LATE and now > case.stuck_since
        ]
        if not asked and case.has_probe:
            limit = case.policy.probe_timeout
            self.call(
                case, "vitals", (), limit, lambda *said: self._conclude(case, [*findings, *read_probe(*said)], now)
            )
        elif findings or not asked:  # who is still to be asked is busy with a message, which says nothing by itself
            self._conclude(case, findings, now)

    def _measured(self, case: Case, now: float) -> list[Evidence]:
        policy, ref = case.policy, case.child.ref
        findings: list[Evidence] = []
        waited = self._measure_delay(case, now)
        if policy.delay is not None and waited > policy.delay:
            findings.append(Evidence(Harm.DELAY, None, f"messages wait over {policy.delay:g} s"))
        busy = in_hand_for(ref)
        if policy.latency is not None and busy > policy.latency:
            findings.append(Evidence(Harm.SLOW, None, f"has had a message in hand for {busy:.3g} s"))
        seen = signs(ref)
        if seen is not None:
            case.elsewhere.look(seen, now)
            return findings + case.elsewhere.findings(policy)
        if policy.memory is not None:
            case.memory = resident()
            if case.memory is not None and case.memory > policy.memory:
                findings.append(Evidence(Harm.MEMORY, None, f"the process holds {case.memory / 1e6:,.0f} MB"))
        if policy.load is not None:
            case.load = load(ref)
            if case.load is not None and case.load > policy.load:
                findings.append(Evidence(Harm.LOAD, None, f"takes {case.load:.0%} of the loop's time"))
        return findings

    def _measure_delay(self, case: Case, now: float) -> float:
        """How long messages wait: the last one that waited at an earlier look is followed on its way.

        Its own time is known only while it is under way; a timer says whether it took longer than the target.
        """
        since, was_late = case.followed[1:]
        target = case.policy.delay
        waiting = case.child.ref.statistics().mailbox
        if self._is_under_way(case, waiting):
            case.delay = now - since
            return case.delay
        case.delay = target if was_late else None
        case.followed = followed = (case.begun + waiting, now, False)
        if target is not None and waiting:
            self._keeper.later(target, lambda: self._look_for_tail(case, followed))
        return math.inf if was_late else 0.0

    def _look_for_tail(self, case: Case, followed: tuple[int, float, bool]) -> None:
        if case.followed == followed and self._is_under_way(case, case.child.ref.statistics().mailbox):
            case.followed = (*followed[:2], True)

    def _is_under_way(self, case: Case, waiting: int) -> bool:
        """Whether the message that is followed still waits: not begun, and not taken back for all that one can tell."""
        return case.begun < case.followed[0] <= case.begun + waiting

    def _conclude(self, case: Case, findings: list[Evidence], now: float) -> None:
        self._judge(case, findings)
        if case.pulse is not None:
            if findings:
                case.pulse.doubts |= {each.harm for each in findings}
            else:
                case.pulse.passed()
        health = case.health
        if findings or not case.is_heir or health is None or not health.is_trusted or case.wish is not None:
            return
        if now - case.good_at >= case.policy.snapshot and case.policy.snapshot < math.inf and not case.asking:
            case.good_at = now
            self.call(case, "bequeath", (), case.policy.probe_timeout, lambda *left: self._keep(case, *left))

    def _keep(self, case: Case, estate: Any, error: BaseException | None) -> None:
        """Keep a copy, in the actor's own turn: nothing in it changes meanwhile."""
        if case.health is None or not case.health.is_trusted or case.wish is not None:
            return  # it was asked when all was well, and came when it was not
        if isinstance(error, TimeoutError):
            self._judge(case, [Evidence(Harm.PROBE, None, str(error))])
            return
        if error is not None:
            self._judge(case, [Evidence(Harm.INVARIANT, None, f"bequeath() raised {spell(error)}")])
            return
        try:
            case.good = copy.deepcopy(estate)
        except Exception as problem:
            case.good_at = math.inf  # the next one of this life will be no better
            self._complain(case, f"an estate that cannot be copied ({spell(problem)})")

    # -- calling the actor's own hooks ---------------------------------------------------------------------------------

    def call(
        self,
        case: Case,
        hook: str,
        args: tuple[Any, ...],
        limit: float,
        done: Callable[[Any, BaseException | None], None],
    ) -> None:
        """Call a hook of the life in its turn; that it takes longer than ``limit`` is evidence against it.

        ``done`` is told what came of it, a ``TimeoutError`` if it is late; nothing once the life is another one.
        """
        pulse = case.pulse
        called = f"{hook}({', '.join(map(str, args))})"
        case.asking[called] = Hooked.WAITING
        timer: Timer | None = None
        told = False

        def tell(result: Any, error: BaseException | None) -> None:
            nonlocal told
            if not told and case.pulse is pulse and not self._keeper.is_over:
                told = True
                done(result, error)

        def begun() -> None:
            nonlocal timer
            if case.pulse is pulse:
                case.asking[called] = Hooked.RUNNING
                timer = self._keeper.later(limit, late)

        def answered(result: Any, error: BaseException | None) -> None:
            if timer is not None:
                timer.cancel()
            if case.pulse is pulse:
                case.asking.pop(called, None)
            tell(result, error)

        def late() -> None:
            if case.pulse is pulse and called in case.asking:
                case.asking[called] = Hooked.LATE
                case.stuck_since = self._keeper.system.now()
            tell(None, TimeoutError(f"{called} took over {limit:g} s"))

        ask(case.child.ref, hook, args, answered, begun)


def read_probe(result: Any, error: BaseException | None) -> list[Evidence]:
    """What ``vitals()`` says: nothing wrong, or a finding."""
    if isinstance(error, TimeoutError):
        return [Evidence(Harm.PROBE, None, str(error) or "vitals() raised TimeoutError")]
    if error is not None:
        return [Evidence(Harm.PROBE, None, f"vitals() raised {spell(error)}")]
    if result is None or result is True:
        return []
    if result is False:
        return [Evidence(Harm.PROBE, None, "vitals() says so")]
    if isinstance(result, (int, float)) and 0 <= result <= sys.float_info.max:
        return [Evidence(Harm.PROBE, float(result), f"vitals() says {result:g}")] if result else []
    return [Evidence(Harm.PROBE, None, f"vitals() returned {result!r:.60}, which says nothing")]
