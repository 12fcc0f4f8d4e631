"""``planaria hosts``: which hosts there are, as one of this machine knows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from rich.table import Table

from supervisors.autopsy.client import DoorError, Found, ask, found

from .doors import called, spell
from .loading import Unusable
from .terminal import line, output, print_json

STYLES = {"up": "green", "draining": "yellow", "down": "bold red"}


@click.command()
@click.option("--at", "name", metavar="NAME", help="Whom of this machine to ask: a host or a tree, or a process id.")
@click.option("--json", "as_json", is_flag=True, help="The hosts as JSON.")
def hosts(name: str | None, as_json: bool) -> int:
    """List the hosts of the cluster: name, address, state, load, capabilities.

    Asked is a host or a tree of this user that runs on this machine.  Exit codes: 0 listed, 2 there is nobody to ask.
    """
    _, known = ask_hosts(name)
    if as_json:
        print_json(known)
        return 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("HOST", "ADDRESS", "STATE", "LIVES", "CORES", "ROUND TRIP", "ZONE", "CAPABILITIES"):
        table.add_column(
            column, justify="right" if column in ("LIVES", "CORES", "ROUND TRIP") else "left", no_wrap=True
        )
    for each in known:
        state = each["state"] + (", here" if each["here"] else "") + ("" if each["serves"] else ", takes none")
        trip = "" if each["round_trip"] is None else f"{each['round_trip'] * 1e3:.2f} ms"
        has = " ".join(f"{key}={_spell(value)}" for key, value in sorted(each["capabilities"].items()))
        cells = (each["name"], each["address"], state, lives_of(each), str(each["cores"]), trip, each["zone"], has)
        styles = {2: STYLES.get(each["state"], "")}
        table.add_row(*(line(cell, styles.get(place, "")) for place, cell in enumerate(cells)))
    output().print(table)
    return 0


def lives_of(host: Mapping[str, Any]) -> str:
    """How many lives of others a host runs; of one that is not there nobody knows."""
    return "-" if host["lives"] is None else str(host["lives"])


def _spell(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def ask_hosts(name: str | None) -> tuple[Found, list[dict[str, Any]]]:
    """Somebody on this machine who knows hosts, and which.  Raises ``Unusable``."""
    doors, said = found()
    named = called(doors, name)
    for door in named:
        try:
            return door, ask(door.path, {"verb": "hosts"})
        except DoorError as error:
            said.append(f"{door}: {error}")
    more = f" ({'; '.join(said)})" if said else ""
    if doors and not named:
        raise Unusable(f"no host or tree {name!r} runs here; there are {spell(doors)}{more}")
    raise Unusable(f"no host or tree of yours runs here that belongs to a cluster{more}; planaria host starts one")
