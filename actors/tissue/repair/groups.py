"""What a witness makes of one group: who stands in its slots, what is missing and since when, and what is too much."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TypeAlias

from .claims import Claim
from .desired import Desired
from .hrw import draw

Place: TypeAlias = tuple[str, int]
"""A group's name and a slot."""

Member: TypeAlias = "int | tuple[int, str]"
"""A member within a group: its slot, or, where there are none, its number and whose it is."""


class Group:
    """One group as one witness sees it; :meth:`look` brings it up to date.

    ``standing``: who fills which slot.  ``surplus``: members above the wanted number, ``beyond``: above the ceiling;
    who is to go first is last.  ``missing_since``, ``short_since``, ``surplus_since``, ``shrunk``: since when slots are
    empty, members lacking, or too many, and when last there was one less.  ``unwanted_since``: since when nobody wants
    any of it.  ``turns``: when it is this witness's turn at which slot.  ``lives``: the highest incarnation of each
    slot that was ever heard of.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.desired = Desired(0)
        self.standing: dict[Member, Claim] = {}
        self.surplus: list[Member] = []
        self.beyond: list[Member] = []
        self.missing_since: dict[int, float] = {}
        self.short_since = math.inf
        self.surplus_since = math.inf
        self.shrunk = -math.inf
        self.unwanted_since = math.inf
        self.tossed = -math.inf
        self.turns: dict[int, float] = {}
        self.lives: dict[int, int] = {}
        self._seen: dict[tuple[Member, int], float] = {}

    def key(self, claim: Claim) -> Member:
        """Which member that is."""
        return claim.slot if self.desired.slots else (claim.slot, claim.claimant)

    def look(self, desired: Desired, claims: Iterable[Claim], now: float) -> None:
        """This is wanted, and these are the claims of living hosts, now."""
        self.desired = desired
        self.unwanted_since = math.inf
        standing: dict[Member, Claim] = {}
        for claim in claims:
            rival = standing.get(self.key(claim))
            if rival is None or claim.order < rival.order:
                standing[self.key(claim)] = claim
        if len(standing) < len(self.standing):
            self.shrunk = now
        self.standing = standing
        self._count(now)
        gaps = [slot for slot in range(desired.replicas) if slot not in standing] if desired.slots else []
        self.missing_since = {slot: self.missing_since.get(slot, now) for slot in gaps}
        self.turns = {slot: when for slot, when in self.turns.items() if slot in self.missing_since}
        self._seen = {(key, claim.life): self._seen.get((key, claim.life), now) for key, claim in standing.items()}

    def _count(self, now: float) -> None:
        """Who is too much, and since when it is so."""
        replicas, ceiling = self.desired.replicas, self.desired.ceiling
        if self.desired.slots:
            slots = sorted(claim.slot for claim in self.standing.values())
            self.surplus = [slot for slot in slots if slot >= replicas]
            self.beyond = [slot for slot in slots if slot >= ceiling]
        else:
            order = sorted(self.standing, key=lambda member: draw(self.name, str(member)))
            self.surplus, self.beyond = order[replicas:], order[ceiling:]
        is_short = len(self.standing) < replicas
        self.short_since = min(self.short_since, now) if is_short else math.inf
        self.surplus_since = min(self.surplus_since, now) if self.surplus else math.inf

    def remember(self, claims: Iterable[Claim], most: int) -> None:
        """Note the incarnations, those of the dead too, so that a successor's is higher; of ``most`` slots."""
        for claim in claims:
            if claim.life > self.lives.get(claim.slot, 0):
                self.lives[claim.slot] = claim.life
        while len(self.lives) > most:
            del self.lives[next(iter(self.lives))]

    def take(self, claim: Claim, now: float) -> None:
        """This witness has just claimed."""
        self.standing[self.key(claim)] = claim
        self.missing_since.pop(claim.slot, None)
        self._seen[self.key(claim), claim.life] = now

    def under_way(self, now: float, period: float) -> tuple[int, float]:
        """How many are not up yet or came within the last ``period``; and when that will be over for one of these.

        Who is too much does not count: a cell that claims more and more must not hold up the repair of the others.
        """
        count, soonest = 0, math.inf
        surplus = set(self.surplus)
        for key, claim in self.standing.items():
            if key in surplus:
                continue
            young_until = self._seen[key, claim.life] + period
            if young_until > now:
                soonest = min(soonest, young_until)
            count += young_until > now or not claim.is_up
        return count, soonest
