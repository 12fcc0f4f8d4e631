"""What has no bound: mailboxes, starts, shutdowns, children, and senders that wait."""

from __future__ import annotations

from collections.abc import Iterator

from supervisors.spec import INFINITY, ChildSpec, DynamicSupervisor, Pool

from .findings import Claim, Code, Finding, Proof, Severity, Verdict
from .places import Place

LARGE_BACKLOG = 100_000
"""Messages that the workers of one pool may be owed together before it is worth a note: at a millisecond each they are
ten seconds of work for ten workers, far behind any deadline."""


def check(place: Place) -> Iterator[Verdict]:
    """What this place may be owed, hold or wait for without end."""
    if isinstance(place.spec, DynamicSupervisor) and place.spec.max_children is None:
        message = "it takes any number of children; max_children sets a limit"
        yield Finding(place.path, Code.UNBOUNDED_CHILDREN, Severity.NOTE, message)
    if isinstance(place.spec, Pool):
        yield from _pool(place.path, place.spec)
    if place.tree is None:
        yield from _worker(place)


def _worker(place: Place) -> Iterator[Verdict]:
    spec = place.spec
    assert isinstance(spec, ChildSpec)
    mailbox = spec.blueprint.mailbox
    if mailbox.limit is None:
        message = "its mailbox has no limit: a slow life is owed ever more until memory ends"
        yield Finding(place.path, Code.UNBOUNDED_MAILBOX, Severity.WARNING, message)
    elif mailbox.overflow == "wait":
        message = (
            f"its mailbox holds {mailbox.limit:,}, but any number of senders may wait for room in it: from outside "
            "that is no bound; and two actors that wait for room at each other wait for ever"
        )
        numbers = {"limit": mailbox.limit}
        yield Finding(place.path, Code.UNBOUNDED_SENDERS, Severity.NOTE, message, numbers)
    else:
        message = f"it is never owed more than {mailbox.limit:,} messages; one more is {_REFUSALS[mailbox.overflow]}"
        numbers = {"limit": mailbox.limit}
        yield Proof(place.path, Claim.BOUNDED, message, numbers)
    if spec.shutdown == INFINITY:
        message = "shutdown is INFINITY for a worker: one that does not stop holds up the whole shutdown"
        yield Finding(place.path, Code.UNBOUNDED_SHUTDOWN, Severity.WARNING, message)
    if spec.start_timeout == INFINITY:
        message = "start_timeout is INFINITY: if it never starts, nothing after it does"
        yield Finding(place.path, Code.UNBOUNDED_START, Severity.WARNING, message)


_REFUSALS = {
    "reject": "an error to its sender",
    "drop_oldest": "taken in and the oldest dropped",
    "drop_newest": "dropped",
}


def _pool(path: str, pool: Pool) -> Iterator[Finding]:
    limit = pool.worker.blueprint.mailbox.limit
    if pool.limit is not None or limit is None or limit * pool.most <= LARGE_BACKLOG:
        return
    message = (
        f"its {pool.most:,} workers may be owed {limit * pool.most:,} messages together before one is refused "
        f"({limit:,} each), and it has no limit of its own: most would wait longer than their askers do"
    )
    numbers = {"workers": pool.most, "limit": limit, "backlog": limit * pool.most}
    yield Finding(path, Code.LARGE_BACKLOG, Severity.NOTE, message, numbers)
