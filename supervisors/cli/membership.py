"""The options by which a process becomes a host among others, shared by ``run`` and ``host``."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, TypeVar

import click

from actors.cluster.errors import ClusterError
from actors.cluster.keys import name_in
from actors.cluster.values import DISCOVERIES, Membership

from .loading import Unusable

F = TypeVar("F", bound=Callable[..., Any])

OPTIONS = (
    click.option("--join", metavar="ADDRESS[,ADDRESS...]", multiple=True, help="Hosts that may be there; any will do."),
    click.option(
        "--name", "host_name", metavar="NAME", help="Of this host (as in its certificate, or this machine's)."
    ),
    click.option("--listen", metavar="ADDRESS[:PORT]", help="Where to listen (127.0.0.1, any port; else with --keys)."),
    click.option("--advertise", metavar="ADDRESS[:PORT]", help="Where others reach it, if that is elsewhere."),
    click.option("--keys", metavar="FOLDER", help="The keys of this host, made by planaria keys host."),
    click.option("--zone", default="", metavar="ZONE", help="Where it is, as in eu/a."),
    click.option("--discovery", type=click.Choice(DISCOVERIES), help="How hosts meet (links)."),
    click.option(
        "--leader", "leaders", metavar="ADDRESS[,ADDRESS...]", multiple=True, help="Of Thespian's convention."
    ),
    click.option("--capability", "capabilities", metavar="NAME=VALUE", multiple=True, help="What it has: gpu=true."),
)


def membership_options(command: F) -> F:
    """Give a command the options."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def wants_cluster(**options: Any) -> bool:
    """Whether one of the options was used by which a tree's process becomes a host.

    Raises ``Unusable`` if only such were as say how it is one.
    """
    if options["join"] or options["listen"] or options["leaders"]:
        return True
    idle = [each.opts[0] for each in click.get_current_context().command.params if options.get(str(each.name))]
    if idle:
        only = "--join, --listen or --leader"
        raise Unusable(f"{idle[0]} says how this process is a host, and it is one only with {only}")
    return False


def member(
    name: str,
    *,
    serves: bool,
    join: tuple[str, ...],
    host_name: str | None,
    listen: str | None,
    advertise: str | None,
    keys: str | None,
    zone: str,
    discovery: str | None,
    leaders: tuple[str, ...],
    capabilities: tuple[str, ...],
) -> Membership:
    """What the options say; ``name``: of a tree, whose host is called so without keys unless it is named.

    Raises ``click.ClickException``.
    """
    if keys == "":
        raise Unusable("--keys names no folder; leave it out, or name the one that planaria keys host made")
    try:
        if host_name is None:
            unnamed = socket.gethostname() if serves else name
            host_name = name_in(keys) if keys is not None else unnamed
        return Membership(
            host_name,
            listen=listen,
            advertise=advertise,
            join=_addresses("--join", join),
            keys=keys,
            zone=zone,
            capabilities=_capabilities(capabilities),
            serves=serves,
            discovery=discovery or "links",
            leaders=_addresses("--leader", leaders),
        )
    except ClusterError as error:
        raise click.ClickException(str(error)) from error


def _addresses(option: str, parts: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(address for part in parts for each in part.split(",") if (address := each.strip()))
    if parts and not found:
        said = ",".join(parts)
        raise Unusable(f"{option} names no address; got {said!r}: leave it out, or name hosts to be called")
    return found


def _capabilities(texts: tuple[str, ...]) -> dict[str, Any]:
    given: dict[str, str] = {}
    for text in texts:
        name = text.partition("=")[0]
        if name in given:
            raise Unusable(f"--capability {name} is there twice, as {given[name]} and as {text}; a host has one value")
        given[name] = text
    return dict(map(_capability, texts))


def _capability(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        return name, True
    if value.lower() in ("true", "false"):
        return name, value.lower() == "true"
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value
