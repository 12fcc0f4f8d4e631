"""The metrics by which cells are close: what may stand for ``near``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.tissue.overlay.closeness import Profile, key_distance, key_of, same_supervisor, tag_distance, zone_distance
from actors.tissue.plain import read_text

if TYPE_CHECKING:
    from .roster import Entry
    from .site import Site

Metric = Callable[[Profile, Profile], float]
"""How far the second cell is from the first: 0 or more, in any unit."""

Near = str | Metric | None
"""``"zone"``, ``"tags"``, ``"key"``, ``"supervisor"``, ``"latency"``, a function of two profiles, or ``None``."""

Distance = Callable[["Entry", "Entry"], float]


@dataclass(frozen=True, slots=True)
class ByProfile:
    """The distance of two members by what they say of themselves; equal to another of the same metric."""

    metric: Metric

    def __str__(self) -> str:
        names = [repr(name) for name, metric in METRICS.items() if metric is self.metric]
        return names[0] if names else getattr(self.metric, "__qualname__", repr(self.metric))

    def __call__(self, here: Entry, there: Entry) -> float:
        return self.metric(here.profile, there.profile)


@dataclass(frozen=True, slots=True)
class ByLatency:
    """The distance of two members by the round trip between their hosts."""

    site: Site

    def __str__(self) -> str:
        return "'latency'"

    def __call__(self, here: Entry, there: Entry) -> float:
        return self.site.hosts.latency(there.host)


METRICS: dict[str, Metric] = {
    "zone": zone_distance,
    "tags": tag_distance,
    "key": key_distance,
    "supervisor": same_supervisor,
}


def distance_by(near: Near, site: Site) -> Distance | None:
    """The distance that ``near`` stands for, of two members; ``None`` for ``None``.  Raises ``ValueError``."""
    if near is None:
        return None
    if near == "latency":
        return ByLatency(site)
    metric = METRICS.get(near) if isinstance(near, str) else near
    if metric is None or not callable(metric):
        names = ", ".join([*METRICS, "latency"])
        raise ValueError(f"near must be one of {names}, or a function of two profiles; got {near!r:.60}")
    return ByProfile(metric)


def profile_of(zone: str, tags: Iterable[str], key: str | int | None, supervisor: str) -> Profile:
    """What a cell says of itself.  Raises ``ValueError`` naming what is wrong."""
    if not isinstance(zone, str):
        raise ValueError(f"zone must be a path, as 'eu/eu-1/rack-7'; got {zone!r}")
    if isinstance(tags, str) or not isinstance(tags, Iterable):
        raise ValueError(f"tags must be several texts, as a set or a list; got {tags!r}")
    if key is not None and type(key) not in (str, int):
        raise ValueError(f"key must be a text or a whole number; got {key!r:.60}")
    path, about = tuple(part for part in zone.split("/") if part), tuple(tags)
    for name, texts in (("zone", path), ("tags", about)):
        try:
            for text in texts:
                read_text(text).encode()
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name} must be texts of at most 255 bytes each: {error}") from None
    return Profile(path, frozenset(about), key_of(key) if isinstance(key, str) else key, supervisor)
