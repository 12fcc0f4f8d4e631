"""``planaria top``: a running tree, live: its places, its processes, its hosts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace

import click
from rich.live import Live

from supervisors.autopsy.client import DoorError, Found, ask, found

from .doors import called, is_tree, one_tree
from .kinds import Seconds
from .loading import Unusable
from .processes import everybody, family, share_of
from .terminal import complain, output
from .top_figures import Figures, Look, figures
from .top_view import lines, picture

FIRST_LOOK = 0.3
"""Seconds between the two looks that a first picture is made of: shares and rates are differences."""

ABSENCE = 10.0
"""Seconds that a tree may be away, as its guardian starts it again, before it is taken for ended."""

GONE = 1
"""Exit code: the tree has ended meanwhile."""


@click.command()
@click.option("--tree", "name", metavar="NAME", help="Which tree, or host, if several run: by name or process id.")
@click.option("--interval", type=Seconds(0.1, 3600.0), default=1.0, help="Seconds between two looks (1).")
@click.option("--once", is_flag=True, help="Look once and end.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
def top(name: str | None, interval: float, once: bool, as_json: bool) -> int:
    """Watch a running tree: who lives where, what it handles, takes and waits for, the processes, the hosts.

    Asked is the tree of this user that runs here, by planaria run or with a door; if there is none, the host, which
    tells of the processes in which lives of others run.  Ctrl-C ends it; without a terminal
    there are plain lines.  Exit codes: 0 it was ended, or has looked --once; 1 the tree has ended; 2 there is nobody to
    ask.
    """
    looks = _looks(_chosen(name), FIRST_LOOK if once else interval)
    console = output()
    try:
        if once:
            _print(next(looks), as_json)
            return 0
        if as_json or not console.is_terminal:
            for each in looks:
                _print(each, as_json)
            return GONE
        with Live(console=console, screen=True, auto_refresh=False) as live:
            for each in looks:
                live.update(picture(each), refresh=True)
        return GONE
    except KeyboardInterrupt:
        return 0


def _print(shown: Figures, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(shown.to_dict(), ensure_ascii=False))
        return
    for row in lines(shown):
        click.echo(row)


def _looks(tree: Found, interval: float) -> Iterator[Figures]:
    """What there is to be seen, every ``interval`` seconds, until the tree has ended."""
    before = _look(tree)
    wait = min(FIRST_LOOK, interval)
    while True:
        time.sleep(wait)
        wait = interval
        try:
            look = _look(tree)
        except Unusable as error:
            again = _awaited(tree.tree)
            if again is None:
                complain(str(error.message))
                return
            tree, before = again, _look(again)
            wait = min(FIRST_LOOK, interval)
            continue
        yield figures(look, before)
        before = look


def _awaited(name: str) -> Found | None:
    """The tree of that name, which was there a moment ago."""
    until = time.monotonic() + ABSENCE
    while time.monotonic() < until:
        for each in found()[0]:
            if each.tree == name:
                return each
        time.sleep(0.1)
    return None


def _look(tree: Found) -> Look:
    try:
        said = ask(tree.path, {"verb": "top"})
    except DoorError as error:
        raise Unusable(f"{tree}: {error}") from None
    known = everybody()
    near = family(said["pid"], known)
    above = {each.parent for each in near[:1]}
    near += [each for each in known if each.pid in above]
    return Look(time.monotonic(), said, tuple(replace(each, memory=share_of(each.pid) or each.memory) for each in near))


def _chosen(name: str | None) -> Found:
    """The tree that is meant; if none runs here, the host.  Raises ``Unusable``."""
    doors = found()[0]
    hosts = called((each for each in doors if not is_tree(each)), name)
    if hosts and (name is not None or not any(map(is_tree, doors))):
        return _only(hosts, "hosts")
    trees, _ = one_tree(name, "planaria run MODULE:TREE starts one")
    return _only(trees, "trees")


def _only(named: list[Found], what: str) -> Found:
    if len(named) == 1:
        return named[0]
    there = ", ".join(map(str, named))
    raise Unusable(f"several {what} run here: {there}; say which with --tree NAME or --tree PID")
