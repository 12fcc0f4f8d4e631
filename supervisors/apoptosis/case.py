"""One child that is watched: what is known of the life it has, and of those it had."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from actors.checkup import begun, done_with, overrides
from actors.evidence import Evidence, Harm
from actors.pulse import Pulse
from supervisors.actions import Child
from supervisors.spec import BrutalKill, ChildSpec

from .elsewhere import Elsewhere
from .health import Estate, Health
from .immunity import Immunity
from .policy import Apoptosis
from .replacement import ABSENT, Replacement
from .vitals import Vitals

if TYPE_CHECKING:
    from random import Random


CRASH_FREE = 10.0
"""Seconds that a life must last for its lineage not to count as one that keeps crashing, without a backoff's ``reset``.
"""

AGE = "age"
"""The cause of those whose lifetime is over."""

Heir = tuple[Pulse | None, Health | None]
"""Pulse and health of a life; ``None`` without a policy."""

Report = Callable[["Case", Pulse, Evidence], None]
"""Whom a pulse tells its evidence, of which case."""


class Hooked(Enum):
    """How far a call of an actor's hook has come."""

    WAITING = "waiting"
    """For the message in hand."""

    RUNNING = "running"
    LATE = "late"


@dataclass(slots=True)
class Wish:
    """That a life be replaced.  ``by_evidence``: it is dropped if it has to wait and the evidence fades meanwhile;
    ``estate``: what the successor is to inherit, ``None``: what the state deserves; ``is_paced``:
    it must not come too often; ``refused``: why it waits.
    """

    cause: str
    by_evidence: bool
    estate: Estate | None = None
    is_paced: bool = False
    refused: str = ""


class Case:
    """See the module's text.

    ``asking``: hooks that were called and have not returned; ``followed``: the last message that waited at a look: its
    number, when that was, and whether it waited longer than its target.  ``is_judged``: whether the child has a policy
    at all; one that is replaced by hand needs none.  ``crashes``: in a row; ``good``: the copy of the estate that was
    made at ``good_at``, after a check-up that found nothing.
    """

    def __init__(self, child: Child, policy: Apoptosis | None) -> None:
        spec = child.spec
        assert isinstance(spec, ChildSpec)
        self.child = child
        self.is_judged = policy is not None
        self.policy = policy or Apoptosis()
        self.is_heir = overrides(spec.blueprint, "bequeath", "inherit")
        self.has_probe = overrides(spec.blueprint, "vitals")
        self.has_repair = overrides(spec.blueprint, "repair")
        self.immunity = Immunity()
        self.pulse: Pulse | None = None
        self.health: Health | None = None
        self.began = 0.0
        self.crashes = 0
        self.good: Any = ABSENT
        self.good_at = -math.inf
        self.followed = (0, 0.0, False)
        self.delay: float | None = None
        self.load: float | None = None
        self.memory: int | None = None
        self.wish: Wish | None = None
        self.waiters: list[Any] = []
        self.replacement: Replacement | None = None
        self.failures = 0
        self.pace = 0
        self.not_before = -math.inf
        self.asking: dict[str, Hooked] = {}
        self.stuck_since = math.inf
        self.repairs = 0
        self.elsewhere = Elsewhere()

    def conceive(self, rng: Random, report: Report) -> Heir:
        """Pulse and health of a new life; ``None`` without a policy."""
        if not self.is_judged:
            return None, None
        policy = self.policy
        limits = policy.lifetime.draw(rng, self.crashes) if policy.lifetime is not None else (math.inf, math.inf)
        pulse = Pulse(lambda evidence: report(self, pulse, evidence), policy.tolerate, policy.latency)
        return pulse, Health(policy, limits, self.immunity)

    def born(self, pulse: Pulse | None, health: Health | None, now: float) -> None:
        """A life begins, watched by ``pulse`` and is_judged by ``health``."""
        self.pulse, self.health, self.began = pulse, health, now
        self.followed = (0, now, False)
        self.elsewhere, self.load, self.memory = Elsewhere(), None, None
        self.asking = {}
        self.stuck_since = math.inf
        self.repairs = 0
        if self.good_at == math.inf:  # its predecessor's estate could not be copied
            self.good_at = -math.inf

    @property
    def is_stuck(self) -> bool:
        """Whether a hook has not returned in time."""
        return Hooked.LATE in self.asking.values()

    @property
    def estate(self) -> Estate:
        """What a successor may inherit as things are."""
        return self.health.estate if self.health is not None else Estate.ALL

    def last_good(self) -> Any:
        """A copy of the last good estate, ``ABSENT`` if there is none: whoever gets it may change it."""
        return ABSENT if self.good is ABSENT else copy.deepcopy(self.good)

    @property
    def healthy_after(self) -> float:
        """Seconds that a life must last for its lineage not to count as one that keeps crashing."""
        backoff = self.child.spec.backoff
        return backoff.reset if backoff is not None else CRASH_FREE

    @property
    def grace(self) -> float:
        """Seconds that a life of this child has to stop."""
        shutdown = self.child.spec.shutdown
        return 0.0 if isinstance(shutdown, BrutalKill) else shutdown

    @property
    def begun(self) -> int:
        """Messages that this life has begun with."""
        return begun(self.child.ref) if self.child.ref is not None else 0

    @property
    def done(self) -> int:
        """Messages that this life is done with."""
        return done_with(self.child.ref) if self.child.ref is not None else 0

    def vitals(self, now: float) -> Vitals:
        """What was measured of this life."""
        counts = self.pulse.counts if self.pulse is not None else {}
        return Vitals(
            alpha=self.health.alpha(self.done) if self.health is not None else 0.0,
            handled=self.done,
            age=max(0.0, now - self.began),
            mailbox=self.child.ref.statistics().mailbox,
            delay=self.delay,
            load=self.load if self.elsewhere.load is None else self.elsewhere.load,
            memory=self.memory if self.elsewhere.memory is None else self.elsewhere.memory,
            silence=self.elsewhere.silence,
            errors=counts.get(Harm.EXCEPTION, 0),
            late=counts.get(Harm.LATE, 0),
            slow=counts.get(Harm.SLOW, 0),
            damage=counts.get(Harm.INVARIANT, 0),
            repairs=self.repairs,
        )
