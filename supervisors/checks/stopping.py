"""How long a tree may take to stop, and whether it is given that long.

A supervisor's children take the sum of their times if it is static, the longest of them otherwise; its own ``shutdown``
cuts that short.  It also waits for those that are on their way out: a life that was replaced, which has its child's
``shutdown`` from the moment of the switch, and a successor that comes too late because its child is told to stop, which
has no longer from then on.  Both are gone by the time their child is, so they add nothing to its own time.
"""

from __future__ import annotations

from collections.abc import Iterator

from supervisors.spec import BrutalKill, ChildSpec, Pool, Spec, Supervisor, Tree

from .findings import Claim, Code, Finding, Numbers, Proof, Severity, Verdict, spoken
from .places import Place, children_of


def stop_time(spec: Spec | Tree) -> float:
    """The longest that ``spec`` may take to stop: a worker its ``shutdown``, a supervisor what its children take.

    Those that a dynamic supervisor will have are not known and count nothing.  A killed coroutine that swallows its
    cancellation, half a second, is not counted.
    """
    if isinstance(spec.shutdown, BrutalKill):
        return 0.0
    if isinstance(spec, ChildSpec):
        return spec.shutdown
    return min(spec.shutdown, children_stop_time(spec))


def children_stop_time(tree: Tree) -> float:
    """The longest that the children of a supervisor may take to stop, were it given the time."""
    times = [stop_time(spec) for spec in children_of(tree)]
    return sum(times) if isinstance(tree, Supervisor) else max(times, default=0.0)


def check(place: Place) -> Iterator[Verdict]:
    """Whether the supervisor at ``place`` gets the time from the one above that its children are promised."""
    tree = place.tree
    if tree is None or place.parent is None:
        return
    given = 0.0 if isinstance(tree.shutdown, BrutalKill) else tree.shutdown
    needed = children_stop_time(tree)
    numbers: Numbers = {"needed": needed, "given": given}
    if needed > given:
        message = f"its children may take {spoken(needed)} to stop, and it is killed after {spoken(given)}"
        yield Finding(place.path, Code.SHORT_SHUTDOWN, Severity.WARNING, message, numbers)
    else:
        message = f"its children stop within {spoken(needed)}, {_how(tree)}; it has {_given(given)}"
        yield Proof(place.path, Claim.STOPS, message, numbers)


def check_grace(root: Place, grace: float | None) -> Iterator[Verdict]:
    """Whether the whole tree stops within ``grace``, the seconds that whatever runs the program gives it."""
    tree = root.tree
    assert tree is not None
    needed = stop_time(tree)
    if grace is not None and needed > grace:
        message = f"its children may take {spoken(needed)} to stop, and the program has {spoken(grace)}"
        numbers: Numbers = {"needed": needed, "given": grace}
        yield Finding(root.path, Code.SHORT_SHUTDOWN, Severity.WARNING, message, numbers)
    else:
        has = "" if grace is None else f"; the program has {spoken(grace)}"
        message = f"the tree stops within {spoken(needed)}, {_how(tree)}{has}"
        yield Proof(root.path, Claim.STOPS, message, {"needed": needed, "given": grace})


def _given(given: float) -> str:
    return "no limit" if given == float("inf") else spoken(given)


def _how(tree: Tree) -> str:
    if isinstance(tree, Supervisor):
        return "one after the other"
    return "all at once" if isinstance(tree, Pool) else "all at once, not counting children yet to come"
