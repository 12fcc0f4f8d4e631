"""``planaria drain``: empty a host, so that it can be taken away."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import click

from supervisors.autopsy.client import DoorError, ask
from supervisors.events import counted

from .hosts import ask_hosts
from .kinds import Seconds
from .loading import Unusable
from .terminal import complain, line, output

LOOK = 0.2
"""Seconds between two looks at how far it is."""

LEAVE_TIME = 5.0
"""Seconds that a host without lives has to leave; one that is part of somebody's program does not."""


@click.command()
@click.argument("host")
@click.option("--at", "name", metavar="NAME", help="Whom of this machine to ask: a host or a tree, or a process id.")
@click.option("--timeout", type=Seconds(0.1), default=60.0, help="Seconds to wait until it is empty (60).")
def drain(host: str, name: str | None, timeout: float) -> int:
    """Have everything that runs on HOST replaced elsewhere, and then HOST leave.

    Each life is replaced as a planned death is: its successor serves before it ends, and nothing is lost.  HOST takes
    no new ones meanwhile; there is no way back but to start it again.  A node runs nobody else's lives, and cannot be
    drained.  Exit codes: 0 it has left, or is empty; 1 something still runs there when the time is over, and HOST goes
    on draining; 2 it cannot be asked.
    """
    door, known = ask_hosts(name)
    there = {each["name"]: each for each in known if each["state"] != "down"}
    if host not in there:
        raise Unusable(f"there is no host {host!r}; there are {', '.join(there)}")
    boot = there[host]["boot"]
    try:
        ask(door.path, {"verb": "drain", "host": host, "boot": boot})
    except DoorError as error:
        raise Unusable(f"{door}: {error}") from None
    until = time.monotonic() + timeout
    lives, told, emptied = 0, -1, until
    while (now := time.monotonic()) < until:
        try:
            left = lives_left(ask(door.path, {"verb": "hosts"}), host, boot)
        except DoorError:
            left = None  # it was the one that was asked, and has left
        if left is None:
            output().print(line(f"{host} has left"))
            return 0
        lives = left
        emptied = until if lives else min(emptied, now)
        if now - emptied >= LEAVE_TIME:
            break
        if lives != told:
            complain(f"{counted(lives, 'life runs', 'lives run')} on {host}")
            told = lives
        time.sleep(LOOK)
    if not lives:
        output().print(line(f"nothing of others runs on {host} any more"))
        return 0
    complain(
        f"{counted(lives, 'life still runs', 'lives still run')} on {host} after {timeout:g} s; its trees say why "
        "(planaria run logs it): no other host may fit"
    )
    return 1


def lives_left(known: Sequence[Mapping[str, Any]], host: str, boot: int) -> int | None:
    """How many lives run on the host of that name and boot; ``None``: it has left, whoever has its name now."""
    there = next((each for each in known if (each["name"], each["boot"]) == (host, boot)), None)
    if there is None or there["lives"] is None or there["state"] in ("left", "down"):
        return None
    return int(there["lives"])
