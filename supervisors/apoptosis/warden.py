"""The shell around planned death: watches the workers of one supervisor, and has them repaired and replaced.

Evidence comes in from the watched lives and from check-ups, :mod:`health` judges it, :mod:`turnover` has those replaced
that should be.  A crash, a stop or a shutdown always wins: a replacement that is under way is called off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors import Reason, Reply
from actors.checkup import leave, left, watch
from actors.evidence import Evidence, Harm
from actors.exits import spell
from actors.pulse import Pulse
from supervisors.actions import Child
from supervisors.events import SupervisionEvent, Unexpected

from .case import AGE, Case, Heir, Wish
from .checkups import Checkups
from .events import Damaged, Recovered, Repairing, RepairSkipped
from .health import Estate, Recover, Repair, Replace, Skip, Step
from .policy import Apoptosis
from .replacement import ABSENT
from .turnover import Turnover
from .vitals import Vitals

if TYPE_CHECKING:
    from supervisors.shell import Shell


class Warden:
    """Of one supervisor.  Made when the first of its children is watched, or is to be replaced."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._system = shell.system
        self._cases: dict[Child, Case] = {}
        self._checkups = Checkups(shell, self._judge, self._complain)
        self._turnover = Turnover(shell, self._conceive, self._left_badly)

    # -- what happens to lives -----------------------------------------------------------------------------------------

    def expect(self, child: Child, policy: Apoptosis) -> None:
        """A life is about to be started."""
        case = self._cases.get(child)
        if case is None or case.policy is not policy:
            case = self._cases[child] = Case(child, policy)
        case.born(*self._conceive(case), self._system.now())
        watch(child.ref, case.pulse)

    def began(self, child: Child) -> None:
        """A life has started, and serves."""
        case = self._cases.get(child)
        if case is not None:
            case.began = self._system.now()
            if case.is_judged:
                self._checkups.add(case)
        self._turnover.wake()

    def bereaved(self, child: Child, reason: Reason) -> None:
        """A life has ended by itself: decide what the next one inherits."""
        case = self._cases.get(child)
        if case is None or case.pulse is None:
            return
        if reason.is_clean:
            case.crashes = 0
            return
        lasted = self._system.now() - case.began
        case.crashes = 1 if lasted >= case.healthy_after else case.crashes + 1
        has_will, will = left(case.pulse)
        if case.pulse.is_poisoned or case.crashes > 2 or not case.is_heir:
            will = ABSENT
        elif case.crashes == 2 or not has_will:  # what killed two in a row may be in what they left
            will = case.last_good()
        if will is not ABSENT:
            leave(child.ref, will)

    def left(self, child: Child, why: str) -> None:
        """There is no life any more, or it is told to end: nothing is planned for it."""
        case = self._cases.get(child)
        if case is not None:
            self._checkups.remove(case)
            self._turnover.call_off(case, why)
            case.health = None

    def forgotten(self, child: Child) -> None:
        """The child is known no more."""
        self.left(child, "it was removed")
        self._cases.pop(child, None)

    def _conceive(self, case: Case) -> Heir:
        return case.conceive(self._system.rng, self._heard)

    # -- evidence ------------------------------------------------------------------------------------------------------

    def _heard(self, case: Case, pulse: Pulse, evidence: Evidence) -> None:
        """Called in the turn of the actor that it is about."""
        if case.pulse is pulse:
            self._take(case, evidence)

    def _take(self, case: Case, evidence: Evidence) -> None:
        health = case.health
        if health is not None and not self._shell.is_over:
            self._act(case, evidence, health.note(evidence, case.begun, self._system.now()))

    def _judge(self, case: Case, findings: list[Evidence]) -> None:
        """A check-up is over."""
        health = case.health
        if health is None or self._shell.is_over:
            return
        done, now = case.done, self._system.now()
        self._act(case, findings[-1] if findings else None, health.check(findings, done, now))
        verdict = health.verdict(done)
        if case.wish is None and verdict is not None:
            self._turnover.want(case, Wish(verdict, by_evidence=True))
        elif case.wish is None and health.is_old(done, now - case.began):
            self._turnover.want(case, Wish(AGE, by_evidence=False))

    def _act(self, case: Case, evidence: Evidence | None, steps: list[Step]) -> None:
        if evidence is not None and case.wish is None and (steps or evidence.harm is Harm.INVARIANT):
            self._damaged(case, evidence)
        for step in steps:
            match step:
                case Replace(cause):
                    self._turnover.want(case, Wish(cause, by_evidence=True))
                case Repair() if case.has_repair:
                    self._repair(case, step)
                case Skip(level, signature) if case.has_repair:
                    self._emit(RepairSkipped(*self._at(case), level, signature))
                case Recover(level) if case.has_repair:
                    self._emit(Recovered(*self._at(case), level))

    def _damaged(self, case: Case, evidence: Evidence) -> None:
        assert case.health is not None
        weight, alpha = case.health.weight_of(evidence), case.health.alpha(case.done)
        self._emit(Damaged(*self._at(case), evidence.harm.value, weight, alpha, evidence.what, evidence.message))

    def _repair(self, case: Case, repair: Repair) -> None:
        assert case.health is not None
        level = repair.level
        if case.is_stuck:  # another call would only wait behind the one that hangs
            return
        case.repairs += 1
        self._emit(Repairing(*self._at(case), level, case.health.alpha(case.done), repair.signature))

        def done(_: Any, error: BaseException | None) -> None:
            if error is not None:
                late = isinstance(error, TimeoutError)
                what = str(error) if late else f"repair({level}) raised {spell(error)}"
                self._take(case, Evidence(Harm.PROBE, None, what))

        self._checkups.call(case, "repair", (level,), case.policy.handover, done)

    def _left_badly(self, case: Case, why: str) -> None:
        self._take(case, Evidence(Harm.INVARIANT, None, why))

    def _complain(self, case: Case, what: str) -> None:
        self._emit(Unexpected(*self._at(case), what))

    # -- for others ----------------------------------------------------------------------------------------------------

    def replace(self, child: Child, cause: str, estate: Estate | None, waiter: Reply | None = None) -> None:
        """Somebody wants ``child`` replaced; ``waiter`` is answered with its ref when the successor serves."""
        case = self._cases.get(child)
        if case is None:
            case = self._cases[child] = Case(child, None)
            case.began = child.began if child.began is not None else self._system.now()
        if waiter is not None:
            case.waiters.append(waiter)
            case.not_before = self._system.now()  # who asks by hand has a reason to try at once
        told = " ".join(str(cause).split())  # it is part of sentences
        self._turnover.want(case, Wish(told, False, estate, is_paced=waiter is None))

    @property
    def ongoing(self) -> int:
        """How many children are under replacement."""
        return self._turnover.ongoing

    def vitals(self, child: Child) -> Vitals | None:
        """What was measured of the life of ``child``; ``None`` if it is not watched."""
        case = self._cases.get(child)
        if case is None or not case.is_judged or child.ref is None:
            return None
        return case.vitals(self._system.now())

    def _at(self, case: Case) -> tuple[float, str]:
        return self._system.now(), f"{self._shell.ref.name}/{case.child.id}"

    def _emit(self, event: SupervisionEvent) -> None:
        self._system.events.publish(event)
