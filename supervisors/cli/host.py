"""``planaria host``: this machine as a host on which lives of others run."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from actors import ActorSystem
from actors.cluster.cluster import Cluster
from actors.cluster.errors import ClusterError
from actors.cluster.values import Membership
from actors.engines.loop import run as run_loop
from supervisors.autopsy.door import Door, NoDoor
from supervisors.autopsy.verbs import Refused, drain, hosts, ping
from supervisors.log import log_events

from .membership import member, membership_options
from .run import log_to_stderr
from .terminal import complain

LEFT, FORCED = 0, 130


@click.command()
@membership_options
@click.option("--quiet", is_flag=True, help="Only warnings and errors.")
def host(quiet: bool, **options: Any) -> int:
    """Run lives of other hosts' trees here, until told to leave.

    It joins any of the hosts at --join and learns of the others from it; the first one needs no --join.  The classes
    that are to run must be importable from here.  Other addresses than loopback need --keys.  SIGINT (Ctrl-C) or
    SIGTERM: it leaves, and what runs here is started elsewhere; `planaria drain` moves that first.  Exit codes: 0 it
    has left, 2 it could not be a host, 130 the second signal, which ends it at once.
    """
    log_to_stderr(logging.WARNING if quiet else logging.DEBUG)
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    membership = member("", serves=True, **options)
    try:
        return run_loop(serve(membership))
    except ClusterError as error:
        raise click.ClickException(str(error)) from error


async def serve(membership: Membership) -> int:
    """Be a host until a signal comes or it is drained; returns the exit code.  Raises ``ClusterError``."""
    loop = asyncio.get_running_loop()
    signals: asyncio.Queue[int] = asyncio.Queue()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, signals.put_nowait, number)
    serves, told = asyncio.Event(), asyncio.Event()
    being = asyncio.ensure_future(_be(membership, serves, told))
    if await _signalled(signals, being):
        complain(f"host {membership.name} leaves; a second signal ends it at once")
        told.set()
        if not serves.is_set():
            being.cancel()  # it is still starting
        if await _signalled(signals, being):
            being.cancel()
            await asyncio.gather(being, return_exceptions=True)
            return FORCED
    if not being.cancelled():
        being.result()
    return LEFT


async def _be(membership: Membership, serves: asyncio.Event, told: asyncio.Event) -> None:
    """Be a host until it is ``told`` to leave or drained; from when on it ``serves``, it need not be cancelled."""
    system = ActorSystem(membership.name)
    async with system:
        log_events(system.events)
        async with Cluster(system, membership) as cluster:
            await cluster.warm()  # it serves as soon as it says so
            door = await _open_door(cluster)
            elsewhere = "" if cluster.address == cluster.listens_on else f"; others are told {cluster.address}"
            complain(f"host {cluster.name} listens on {cluster.listens_on}{elsewhere}")
            serves.set()
            waits = [asyncio.ensure_future(each.wait()) for each in (told, cluster.drained)]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
            if door is not None:
                await door.close()


async def _signalled(signals: asyncio.Queue[int], being: asyncio.Future[None]) -> bool:
    """Wait for a signal or the end; true for a signal."""
    told: asyncio.Future[int] = asyncio.ensure_future(signals.get())
    awaited: list[asyncio.Future[Any]] = [told, being]
    await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
    return told.done() or not told.cancel()


class _Host:
    """What a door needs of whoever it is the door of."""

    is_alive = True

    def __init__(self, cluster: Cluster) -> None:
        self.name = f"host {cluster.name}"
        self.system = cluster.system


async def _open_door(cluster: Cluster) -> Door | None:
    verbs = {"ping": ping, "hosts": hosts, "drain": drain, "top": _top, "why": _no_tree, "tree": _no_tree}
    door = Door(_Host(cluster), verbs)  # type: ignore[arg-type] # of a running tree it needs as much
    try:
        await door.open()
    except NoDoor as error:
        complain(f"host {cluster.name} has no door, so `planaria hosts` cannot ask it: {error}")
        return None
    return door


def _top(host: Any, request: Mapping[str, Any]) -> dict[str, Any]:
    """What runs here for others; see :func:`~supervisors.autopsy.verbs.top`."""
    cluster: Cluster = host.system.cluster
    guests = [{"process": each.process, "of": each.peer.name} for each in cluster.cabins.guests]
    return {
        "tree": host.name,
        "pid": os.getpid(),
        "places": [],
        "guests": [each for each in guests if each["process"] is not None],
        "hosts": [view.to_dict() for view in cluster.hosts()],
    }


def _no_tree(host: Any, request: Mapping[str, Any]) -> Any:
    raise Refused("no_such_path", f"{host.name} runs no tree of its own")
