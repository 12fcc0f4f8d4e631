"""Whether a child that keeps dying of what should lead it further out gets there before its supervisor gives up."""

from __future__ import annotations

from collections.abc import Iterator

from actors.places.place import Process
from supervisors.promotion.policy import KINDS
from supervisors.spec import ChildSpec

from .findings import Code, Finding, Severity, counted, spoken
from .places import Place


def check(place: Place) -> Iterator[Finding]:
    """A policy that needs more deaths than are allowed in a row."""
    spec = place.spec
    if not isinstance(spec, ChildSpec):
        return
    overseer, home = place.overseer, spec.blueprint.place
    policy = spec.promote or overseer.promote
    if policy is None or not policy.leads_out(home):
        return
    # On the loop, being blocked is no death, and of a signal nobody is left to tell.
    deadly = KINDS if isinstance(home, Process) else ("memory",)
    kinds = [kind for kind in policy.on if kind in deadly]
    allowed, within = min([(overseer.max_restarts, overseer.within), *([spec.budget] if spec.budget else [])])
    if not kinds or policy.after <= allowed:
        return
    message = (
        f"it goes further out after {counted(policy.after, 'piece', 'pieces')} of evidence, and "
        f"{counted(allowed, 'restart', 'restarts')} within {spoken(within)} are allowed: if it dies of "
        f"{' or '.join(kinds)} again at once, its supervisor gives up before"
    )
    numbers = {"after": policy.after, "max_restarts": allowed, "within": within}
    yield Finding(place.path, Code.PROMOTION_TOO_LATE, Severity.WARNING, message, numbers)
