"""Claims: who says that it fills which slot, in a map that all witnesses share.

A claim is an entry under (group, slot, host), so each is written by one cell only, and two that claim the same slot do
not overwrite each other: everybody sees both, and finds the same one to be right.  It decays unless it is renewed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from actors.messages import Pid

from ..plain import Key, read_list, read_name, read_number, read_text
from .hrw import draw

SLOT_LIMIT = 1 << 16
"""Slots of a group are numbered below this."""

MAX_DEAD = 4096
"""Hosts that are remembered as dead, the last ones; what older ones claimed has expired long ago."""


class SharedMap(Protocol):
    """What is needed of the map that witnesses share: :class:`~actors.tissue.crdt.lww.LWWMap` is one."""

    def put(self, key: Key, value: Any, now: float, *, lifetime: float = ...) -> object:
        """Put a plain value under a key, for ``lifetime`` seconds."""

    def remove(self, key: Key, now: float) -> object:
        """Remove a key, if it is there."""

    def get(self, key: Key, default: Any = None) -> Any:
        """The value under a key."""

    def items(self) -> Iterable[tuple[Key, Any]]:
        """All keys and values."""


class Claim(NamedTuple):
    """``host`` (of which ``host_life`` is the incarnation) fills ``slot`` of ``group`` with the life ``life``.

    ``claimant``: who brought that life about, the host itself as a rule.  ``is_up``: it has been born.
    """

    group: str
    slot: int
    host: str
    host_life: int
    life: int
    claimant: str
    is_up: bool

    @property
    def key(self) -> Key:
        """Where it is in the map."""
        return (self.group, self.slot, self.host)

    @property
    def pid(self) -> Pid:
        """The life of the host."""
        return Pid(self.host, self.host_life)

    @property
    def place(self) -> str:
        """The slot's name, for hashing."""
        return f"{self.group}/{self.slot}"

    @property
    def order(self) -> tuple[int, float, str, bool, str]:
        """Of several claims to a slot the lowest holds: the first incarnation, then the lowest hash.

        Of two that speak of one life that of the newborn, where it is up.
        """
        return self.life, draw(self.place, self.claimant), self.claimant, not self.is_up, self.host

    def is_same_life(self, other: Claim) -> bool:
        """Whether both speak of one life: a newborn elsewhere and the one that brought it about."""
        return (self.life, self.claimant) == (other.life, other.claimant)


class Claims:
    """All claims of a map, as far as they can be believed; ``host``: the cell that writes its own here."""

    def __init__(self, shared: SharedMap, host: Pid) -> None:
        self._shared = shared
        self._host = host
        self._dead: dict[str, int] = {}

    def all(self) -> list[Claim]:
        """Every claim there is, those of the dead among them; what makes no sense is passed over."""
        claims = (_read(key, value) for key, value in self._shared.items())
        return [claim for claim in claims if claim is not None]

    def is_live(self, claim: Claim) -> bool:
        """Whether its host may be alive, and, if that is this very place, of this life."""
        if claim.host == self._host.name:
            return claim.host_life == self._host.incarnation
        return claim.host_life > self._dead.get(claim.host, 0)

    def write(self, claim: Claim, now: float, lifetime: float) -> None:
        """Put, or renew, a claim of this cell."""
        self._shared.put(claim.key, [claim.host_life, claim.life, claim.claimant, claim.is_up], now, lifetime=lifetime)

    def erase(self, claim: Claim, now: float) -> None:
        """Take a claim of this cell back."""
        self._shared.remove(claim.key, now)

    def died(self, pid: Pid) -> None:
        """What that life of a host, and earlier ones, claimed is void."""
        self._end(pid.name, max(pid.incarnation, self._dead.get(pid.name, 0)))

    def lives(self, pids: Iterable[Pid]) -> None:
        """These are alive: whoever was taken for dead was not, or has been born again; an earlier life is over."""
        for pid in pids:
            if pid.incarnation >= self._dead.get(pid.name, 1):
                self._end(pid.name, pid.incarnation - 1)

    def _end(self, host: str, life: int) -> None:
        """That life of a host, and earlier ones, are over, and no later one is."""
        self._dead.pop(host, None)
        self._dead[host] = life
        if len(self._dead) > MAX_DEAD:
            del self._dead[next(iter(self._dead))]


def _read(key: Any, value: Any) -> Claim | None:
    """A claim from what stands in the map, written by whoever; ``None`` if it is none."""
    try:
        group, slot, host = read_list(key, 3, 3)
        host_life, life, claimant, is_up = read_list(value, 4, 4)
        if read_number(slot) >= SLOT_LIMIT:
            return None
        lives = read_number(host_life, 1), read_number(life, 1)
        return Claim(read_text(group), slot, read_name(host), *lives, read_name(claimant), is_up is True)
    except (TypeError, ValueError):
        return None


def by_group(claims: list[Claim]) -> dict[str, list[Claim]]:
    """The claims of each group."""
    groups: dict[str, list[Claim]] = {}
    for claim in claims:
        groups.setdefault(claim.group, []).append(claim)
    return groups
