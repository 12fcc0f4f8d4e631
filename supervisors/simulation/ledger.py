"""The account of a run: who was down for how long, how often it was started, and when everything served again.  Pure.

Events go in, in their order; nothing is asked of the tree itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from supervisors.apoptosis.events import Kept, Replaced
from supervisors.events import (
    Decision,
    Died,
    GaveUp,
    Ignored,
    Orphaned,
    Ready,
    Removed,
    Serving,
    StartFailure,
    Stopped,
    SupervisionEvent,
)

LEFT_FOR_GOOD = frozenset({Decision.LEAVE, Decision.REMOVE, Decision.AUTO_SHUTDOWN})
"""Decisions after which nobody is going to start the child again."""


@dataclass(slots=True)
class Account:
    """One worker: ``deaths``, starts that ``failed``, ``restarts`` that succeeded, seconds ``down`` in all and the
    ``longest`` at a stretch, planned ``replaced`` and ``kept``; ``now``: ``serves``, ``down`` or ``gone`` for good.
    """

    path: str
    deaths: int = 0
    failed: int = 0
    restarts: int = 0
    down: float = 0.0
    longest: float = 0.0
    replaced: int = 0
    kept: int = 0
    now: str = "down"

    @property
    def is_eventful(self) -> bool:
        """Whether anything happened to it."""
        return bool(self.deaths or self.failed or self.restarts or self.down or self.replaced or self.kept)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(slots=True)
class Gap:
    """A time in which not everything served; ``ended`` is ``None`` while it lasts."""

    began: float
    ended: float | None = None


class Ledger:
    """Of one run of the tree ``root`` with the ``workers`` that it starts with."""

    def __init__(self, root: str, workers: Iterable[str]) -> None:
        self.root = root
        self.accounts = {path: Account(path) for path in workers}
        self.gaps: list[Gap] = []
        self.gave_up: GaveUp | None = None
        self.served_at: float | None = None
        self._down: dict[str, float] = {}

    @property
    def is_calm(self) -> bool:
        """Whether everything serves that should."""
        return self.served_at is not None and not self._down

    def note(self, event: SupervisionEvent) -> None:
        """Enter one event."""
        account = self.accounts.get(event.path)
        if account is not None:
            self._of_worker(account, event)
        elif isinstance(event, Ready) and event.path == self.root and self.served_at is None:
            self.served_at = event.at
        elif isinstance(event, GaveUp) and event.path == self.root:
            self.gave_up = event
        elif isinstance(event, Died | Stopped | StartFailure):
            self._supervisor_ended(event)
        self._watch_gap(event.at)

    def _of_worker(self, account: Account, event: SupervisionEvent) -> None:
        match event:
            case Serving():
                account.restarts += event.restarted
                self._up(account, event.at)
            case Died():
                account.deaths += 1
                self._end(account, event.at, for_good=event.decision in LEFT_FOR_GOOD)
            case StartFailure():
                account.failed += 1
                self._end(account, event.at, for_good=event.decision in LEFT_FOR_GOOD)
            case Stopped() | Orphaned():
                self._end(account, event.at, for_good=False)
            case Ignored() | Removed():
                self._end(account, event.at, for_good=True)
            case Replaced():
                account.replaced += 1
            case Kept():
                account.kept += 1

    def _supervisor_ended(self, event: Died | Stopped | StartFailure) -> None:
        """A supervisor that was killed says nothing of its children any more; one that is not restarted ends theirs."""
        for_good = not isinstance(event, Stopped) and event.decision in LEFT_FOR_GOOD
        for path, account in self.accounts.items():
            if path.startswith(f"{event.path}/") and (for_good or account.now == "serves"):
                self._end(account, event.at, for_good=for_good)

    def _up(self, account: Account, at: float) -> None:
        self._settle(account, at)
        account.now = "serves"

    def _end(self, account: Account, at: float, *, for_good: bool) -> None:
        if for_good:
            self._settle(account, at)
            account.now = "gone"
        else:
            account.now = "down"
            if self.served_at is not None:
                self._down.setdefault(account.path, at)

    def _settle(self, account: Account, at: float) -> None:
        began = self._down.pop(account.path, None)
        if began is not None:
            account.down += at - began
            account.longest = max(account.longest, at - began)

    def _watch_gap(self, at: float) -> None:
        is_open = bool(self.gaps) and self.gaps[-1].ended is None
        if self._down and not is_open:
            self.gaps.append(Gap(at))
        elif is_open and not self._down:
            self.gaps[-1].ended = at

    def close(self, at: float) -> None:
        """The run is over: whoever is down has been until now."""
        for path in list(self._down):
            account = self.accounts[path]
            self._settle(account, at)
            self._down[path] = at
