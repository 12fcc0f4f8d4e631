"""What a class lacks of the hooks that its policy of planned death calls."""

from __future__ import annotations

from collections.abc import Iterator

from supervisors.spec import ChildSpec

from .evidence import overrides, reports_damage, watched_by
from .findings import Code, Finding, Severity
from .places import Place, policy_of


def check(place: Place) -> Iterator[Finding]:
    """Hooks that come in pairs, and the ladder whose rungs do nothing."""
    spec = place.spec
    if not isinstance(spec, ChildSpec):
        return
    policy = policy_of(spec, place.overseer)
    if policy is None:
        return
    cls = spec.blueprint.cls
    leaves, takes = overrides(cls, "bequeath"), overrides(cls, "inherit")
    if leaves and not takes:
        message = f"{cls.__name__} has bequeath() but no inherit(): what a life leaves to its successor is lost"
        yield Finding(place.path, Code.ESTATE_WITHOUT_HEIR, Severity.WARNING, message)
    if takes and not leaves:
        message = f"{cls.__name__} has inherit() but no bequeath(): what it is given is always None"
        yield Finding(place.path, Code.HEIR_WITHOUT_ESTATE, Severity.NOTE, message)
    if not overrides(cls, "repair") and (watched_by(policy, cls) or reports_damage(cls)):
        message = (
            f"{cls.__name__} has no repair(): the rungs at one and two thirds of the threshold do nothing, it is "
            "replaced without an attempt to mend it"
        )
        yield Finding(place.path, Code.LADDER_WITHOUT_REPAIR, Severity.NOTE, message)
