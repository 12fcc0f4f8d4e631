"""On which host a life goes: one that has what is asked for, and of those the least loaded.  Pure.

Where it has failed to begin a moment ago it goes only if there is no other: a host without its code has no lives, and
would be the least loaded for ever.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from .errors import NoHostFits
from .values import DOWN, HostState, HostView

SHOWN = 8
"""Hosts that a refusal names."""

AVOIDED = 60.0
"""Seconds for which a host is the last choice for whoever has failed to begin there: it is tried once in that time."""

FAILURES = 1024
"""Failed starts that are remembered, the last ones."""


class Failures:
    """Who has failed to begin where, lately.  Who that is the caller says: one child by its name, or a class."""

    def __init__(self) -> None:
        self._failed: dict[tuple[str, str, int], float] = {}

    def note(self, who: str, host: HostView, now: float) -> None:
        """A start has failed there."""
        key = who, host.name, host.boot
        self._failed.pop(key, None)
        self._failed[key] = now
        while len(self._failed) > FAILURES:
            del self._failed[next(iter(self._failed))]

    def of(self, *who: str, hosts: Iterable[HostView], now: float) -> dict[str, float]:
        """When one of these has failed last, for each host where that is at most :data:`AVOIDED` seconds ago.

        A host that was started again is another one: it may have the code now.
        """
        found = {}
        for host in hosts:
            last = max(self._failed.get((each, host.name, host.boot), -math.inf) for each in who)
            if now - last <= AVOIDED:
                found[host.name] = last
        return found


def choose(
    hosts: Iterable[HostView],
    wanted: Mapping[str, Any],
    tried: Collection[str] = (),
    failed: Mapping[str, float] | None = None,
) -> HostView:
    """The host for a life that wants these capabilities; ``host`` and ``zone`` among them are its name and its zone.

    Of several, the one with the fewest lives a processor; among equals the one with the fewest lives, then the first by
    name.  ``tried``: hosts that have refused it.  ``failed``: those on which it has failed to begin, and when: they
    are taken if there is no other, the one first for which that is longest ago.  Raises ``NoHostFits``.
    """
    hosts = sorted(hosts, key=lambda host: host.name)
    fit = [host for host in hosts if host.name not in tried and why_not(host, wanted) is None]
    if not fit:
        said = [f"{host.name} {why_not(host, wanted) or 'has refused'}" for host in hosts]
        more = [f"and {len(said) - SHOWN} more"] if len(said) > SHOWN else []
        raise NoHostFits(spell(wanted), "; ".join([*said[:SHOWN], *more]) or "this host knows of no other")
    last = failed or {}
    return min(fit, key=lambda host: (last.get(host.name, -math.inf), host.load, host.lives, host.name))


def may_return(hosts: Iterable[HostView], wanted: Mapping[str, Any]) -> bool:
    """Whether a host that is down would fit if it came back."""
    return any(
        host.state == DOWN and why_not(replace(host, is_up=True, state=str(HostState.UP)), wanted) is None
        for host in hosts
    )


def why_not(host: HostView, wanted: Mapping[str, Any]) -> str | None:
    """Why a host cannot take a life that wants this; ``None`` if it can."""
    if not host.is_up:
        return f"is {host.state}"
    if host.state != HostState.UP:
        return f"is {host.state}"
    if not host.serves:
        return "runs nobody else's lives"
    for name, value in wanted.items():
        if name == "host":
            if host.name != value:
                return "is another host"
        elif name == "zone":
            if not is_in(host.zone, value):
                return f"is in zone {host.zone!r}"
        elif name not in host.capabilities:
            return f"has no {name}"
        elif host.capabilities[name] != value:
            return f"has {name}={host.capabilities[name]!r}"
    return None


def is_in(zone: str, wanted: Any) -> bool:
    """Whether ``zone`` is the wanted one or in it, as ``eu/a`` is in ``eu``."""
    return zone == wanted or zone.startswith(f"{wanted}/")


def spell(wanted: Mapping[str, Any]) -> str:
    """What is asked for, as it is written."""
    return f"Host({', '.join(f'{name}={value!r}' for name, value in wanted.items())})"
