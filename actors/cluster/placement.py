"""On which host a life goes: one that has what is asked for, and of those the least loaded.  Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from .errors import NoHostFits
from .values import DOWN, HostState, HostView

SHOWN = 8
"""Hosts that a refusal names."""


def choose(hosts: Iterable[HostView], wanted: Mapping[str, Any], tried: Collection[str] = ()) -> HostView:
    """The host for a life that wants these capabilities; ``host`` and ``zone`` among them are its name and its zone.

    Of several, the one with the fewest lives a processor; among equals the one with the fewest lives, then the first by
    name.  ``tried``: hosts that have refused it.  Raises ``NoHostFits``.
    """
    hosts = sorted(hosts, key=lambda host: host.name)
    fit = [host for host in hosts if host.name not in tried and why_not(host, wanted) is None]
    if not fit:
        said = [f"{host.name} {why_not(host, wanted) or 'has refused'}" for host in hosts]
        more = [f"and {len(said) - SHOWN} more"] if len(said) > SHOWN else []
        raise NoHostFits(spell(wanted), "; ".join([*said[:SHOWN], *more]) or "this host knows of no other")
    return min(fit, key=lambda host: (host.load, host.lives, host.name))


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
