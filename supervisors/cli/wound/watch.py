"""Whether a place is filled, as one of those around it sees it, and whose turn it is to fill it."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

from actors import Ref
from actors.messages import Pid
from actors.tissue import Contact, LWWMap
from actors.tissue.repair.desired import Desired, Leave, ReconcileConfig, Spawn
from actors.tissue.repair.reconcile import Reconciler

PERIOD = 0.25
"""Seconds of a period: the pace of cells of one host."""

BOOT = PERIOD
"""Seconds that a new cell takes to come up."""

PACE = ReconcileConfig(
    period=PERIOD, settle=PERIOD, delta=PERIOD, boot_timeout=10 * PERIOD, lifetime=120.0, resync=40 * PERIOD
)
"""Deaths are known by exit signals here, so a claim is believed for as long as its cell lives."""

MEMBERS = 16
"""More than ever watch one place."""


class Genome(dict[Any, Any]):
    """What is wanted, in the form of a shared map; but every cell is born with it: in every place, one cell."""

    def put(self, key: Any, value: Any, now: float, *, lifetime: float = math.inf) -> None:
        """Want something."""
        self[key] = value

    def remove(self, key: Any, now: float) -> None:
        """Want it no more."""
        self.pop(key, None)


class Claims:
    """The claims to one place: what those around it have written, and, if none of the ``living`` has, that of its
    ``resident``, who is there by right of birth.

    Only so many cells share a map as watch a place that is, or was, empty: where all is well nothing is sent.
    """

    def __init__(self, shared: LWWMap, name: str) -> None:
        self._shared = shared
        self._name = name
        self.resident: Pid | None = None
        self.living: set[Pid] = set()

    def put(self, key: Any, value: Any, now: float, *, lifetime: float = math.inf) -> object:
        """See :class:`~actors.tissue.repair.claims.SharedMap`."""
        return self._shared.put(key, value, now, lifetime=lifetime)

    def remove(self, key: Any, now: float) -> object:
        """See :class:`~actors.tissue.repair.claims.SharedMap`."""
        return self._shared.remove(key, now)

    def get(self, key: Any, default: Any = None) -> Any:
        """See :class:`~actors.tissue.repair.claims.SharedMap`."""
        return self._shared.get(key, default)

    def items(self) -> Iterator[tuple[Any, Any]]:
        """See :class:`~actors.tissue.repair.claims.SharedMap`."""
        found: list[tuple[Any, Any]] = list(self._shared.items())
        yield from found
        claimants = {key[-1] for key, _ in found}
        if self.resident is not None and not any(pid.name in claimants for pid in self.living):
            yield (self._name, 0, self.resident.name), [self.resident.incarnation, 1, self.resident.name, True]


class Watch:
    """One cell's watch over one place, its own or one beside it, with all others who watch that: ``contact``.

    ``growers``: the addresses of those that may fill it.
    """

    def __init__(self, contact: Contact, name: str, growers: set[str], rng: random.Random, now: float) -> None:
        self.name = name
        self._contact = contact
        self._growers = growers
        self._claims = Claims(contact.share("claims", LWWMap), name)
        self.core = Reconciler(contact.pid, rng, now, Genome(), self._claims, PACE)
        self.core.desire(name, Desired(1), now)

    def look(self, resident: Pid | None, now: float) -> list[Spawn | Leave]:
        """See who lives and what they claim; what is to be done about it.  ``resident``: whoever is in the place."""
        living = {each.pid for each in self._contact.neighbours(MEMBERS)} | {self._contact.pid}
        if resident is not None:
            living.add(resident)
        if living != self._claims.living:
            self._claims.living, self._claims.resident = living, resident
            self.core.witnesses({pid: float(pid.name in self._growers) for pid in living}, now)
        for claim in self.core.members(self.name):
            if claim.pid not in living:
                self.core.died(claim.pid, now)
        return [effect for effect in self.core.tick(now) if isinstance(effect, Spawn | Leave)]

    def fill(self, life: int, claimant: str, now: float) -> None:
        """The watching cell itself is in the place; ``claimant``: the one that claimed it for it."""
        self.core.held(self.name, 0, life, now, claimant=claimant)

    def failed(self, now: float) -> None:
        """The cell that was started there did not come up."""
        self.core.ended(self.name, 0, now)

    def tell(self) -> None:
        """Have the others know of a claim at once."""
        self._contact.act("contact", lambda state, now: state.flush(now))

    def others(self) -> list[Ref[Any]]:
        """All others that watch it."""
        return [each.ref for each in self._contact.neighbours(MEMBERS) if each.ref is not None]
