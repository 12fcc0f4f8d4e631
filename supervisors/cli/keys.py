"""``planaria keys``: a CA for a cluster, and certificates for its hosts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from actors.cluster import keys as made
from actors.cluster.errors import ClusterError

from .kinds import Folder
from .terminal import complain, line, output, print_json

T = TypeVar("T")


@click.group()
def keys() -> None:
    """Make and show the keys by which hosts know each other."""


@keys.command()
@click.argument("folder", type=Folder(path_type=Path))
@click.option("--name", default="planaria", help="Of the cluster (planaria).")
@click.option("--days", type=click.FloatRange(0, min_open=True), default=made.CA_DAYS, help="It is good for (3650).")
def ca(folder: Path, name: str, days: float) -> int:
    """Make a CA in FOLDER.

    Who has its ca.key can make a host, and so run code on every other one: keep it off the hosts.
    """
    path = _tried(lambda: made.make_ca(folder, name, days=days))
    output().print(line(f"{path} is the CA's certificate; {folder / made.CA_KEY} is its key: keep it off the hosts"))
    return 0


@keys.command()
@click.argument("name")
@click.option("--ca", "authority", type=Folder(path_type=Path), required=True, help="The folder of the CA.")
@click.option("--out", type=Folder(path_type=Path), help="The folder for the host's keys (./NAME).")
@click.option(
    "--days", type=click.FloatRange(0, min_open=True), default=made.HOST_DAYS, help="They are good for (365)."
)
@click.option("--replace", is_flag=True, help="Instead of those that are there.")
def host(name: str, authority: Path, out: Path | None, days: float, replace: bool) -> int:
    """Make keys for the host NAME: a folder to be taken there, for its --keys."""
    folder = _tried(lambda: made.make_host(name, authority, out or Path(name), days=days, replace=replace))
    output().print(line(f"{folder} holds the keys of host {name}: take it there, and start it with --keys"))
    return 0


@keys.command()
@click.argument("folder", type=Folder(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="The certificates as JSON.")
def show(folder: Path, as_json: bool) -> int:
    """Show whose certificates are in FOLDER, and until when they are good.

    Exit codes: 0 all is well; 1 one has expired or will within 30 days, a key may be read by others, or a host would
    not start with them; 2 there is none, or none that can be read.
    """
    certificates = _tried(lambda: made.show(folder))
    if as_json:
        print_json([each.to_dict() for each in certificates])
    else:
        for each in certificates:
            what = "CA" if each.is_ca else "host"
            output().print(line(f"{what} {each.name}: {_ends(each)}, {each.fingerprint}"))
            for problem in each.problems:
                complain(problem)
    return 1 if any(each.problems for each in certificates) else 0


def _ends(shown: made.Shown) -> str:
    days = shown.days if shown.days >= 0 else -1 - shown.days  # whole ones, either way
    count = f"{days} day{'' if days == 1 else 's'}"
    day = f"{shown.expires:%Y-%m-%d}"
    return f"expires {day} ({count})" if shown.days >= 0 else f"expired {day} ({count} ago)"


def _tried(make: Callable[[], T]) -> T:
    try:
        return make()
    except ClusterError as error:
        raise click.ClickException(str(error)) from error
