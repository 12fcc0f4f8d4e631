"""``planaria why``: why something died, asked of a running tree or read from a journal file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from supervisors.autopsy.annals import Annals
from supervisors.autopsy.client import DoorError, Found, ask
from supervisors.autopsy.record import Autopsy, Unreadable
from supervisors.errors import NoSuchPath
from supervisors.events import counted, seconds

from .doors import one_tree
from .loading import Unusable
from .terminal import complain, harmless, line, output, print_json

Told = list[tuple[str, Autopsy]]
"""Autopsies, each with when it was, in words."""


@click.command()
@click.argument("path")
@click.option("--tree", "name", metavar="NAME", help="Which tree, if several run: by name, host or process id.")
@click.option("--journal", type=click.Path(path_type=Path), help="Read it from this file, written by run --journal.")
@click.option("--last", type=click.IntRange(1, 100), default=1, help="How many deaths, the newest first (1).")
@click.option("--json", "as_json", is_flag=True, help="The autopsies as JSON.")
def why(path: str, name: str | None, journal: Path | None, last: int, as_json: bool) -> int:
    """Tell why PATH has died, and why that which led to it did, and so on.

    Asked is the tree of this user that runs here, by planaria run or with a door; of several, the one that knows PATH.
    Exit codes: 0 told, or it has not died; 2 there is nobody to ask, or nobody knows PATH.
    """
    path, told, known = _read(path, name, journal, last) if journal is not None else _asked(path, name, last)
    if as_json:
        print_json([autopsy.to_dict() for _, autopsy in told])
        return 0
    console = output()
    if not told:
        console.print(line(f"{path} has not died"))
    for number, (when, autopsy) in enumerate(told):
        headline, *rest = autopsy.describe().splitlines()
        told_when = line("\n" if number else "").append(f"{when}: ", style="dim")
        console.print(told_when.append(harmless(headline)), soft_wrap=True)
        for row in rest:
            console.print(line(row, "dim" if row.startswith(" ") else ""), soft_wrap=True)
    more = known - len(told)
    if more > 0:
        complain(f"{counted(more, 'earlier death is', 'earlier deaths are')} known: --last {min(known, 100)}")
    return 0


# -- a running tree ----------------------------------------------------------------------------------------------------


def _asked(path: str, name: str | None, last: int) -> tuple[str, Told, int]:
    """The full path, the autopsies, and how many are known."""
    refusals = []
    answers = []
    for tree in _candidates(path, name):
        try:
            answers.append((tree, ask(tree.path, {"verb": "why", "path": path, "last": last})))
        except DoorError as error:
            if error.kind != "no_such_path":
                raise Unusable(f"{tree}: {error}") from None
            refusals.append(f"{tree}: {error}" if name is None else str(error))
    if not answers:
        raise Unusable("; ".join(refusals))
    if len(answers) > 1:
        trees = ", ".join(str(tree) for tree, _ in answers)
        raise Unusable(f"several trees know {path!r}: {trees}; say which with --tree NAME or --tree PID")
    return _understood(*answers[0])


def _candidates(path: str, name: str | None) -> list[Found]:
    named, _ = one_tree(name, "--journal FILE reads what one has left")
    own = [tree for tree in named if tree.tree == path.partition("/")[0]]
    return own or named


def _understood(tree: Found, answer: Any) -> tuple[str, Told, int]:
    try:
        now, known = float(answer["now"]), int(answer["known"])
        autopsies = [Autopsy.from_dict(each) for each in answer["autopsies"]]
        told = [(f"{seconds(max(0.0, now - autopsy.at))} ago", autopsy) for autopsy in autopsies]
        return str(answer["path"]), told, known
    except (KeyError, TypeError, ValueError, Unreadable) as error:
        raise Unusable(f"{tree}: its answer cannot be understood: {error}") from None


# -- a journal file ----------------------------------------------------------------------------------------------------


def _read(path: str, name: str | None, journal: Path, last: int) -> tuple[str, Told, int]:
    try:
        annals = Annals(journal)
    except OSError as error:
        raise Unusable(f"the journal {journal} cannot be read: {error.strerror or error}") from None
    if annals.unreadable:
        complain(f"{counted(annals.unreadable, 'line', 'lines')} of {journal} cannot be read and are passed over")
    if not annals.runs:
        raise Unusable(f"{journal} is not a journal of planaria")
    trees = sorted({run.tree for run in annals.runs})
    if name is not None and name not in trees:
        raise Unusable(f"{journal} does not tell of a tree {name!r}; it tells of {', '.join(trees)}")
    entries = annals.why(path, name)
    if not entries:
        paths = annals.paths(name)
        if not paths:
            raise Unusable(f"{journal} tells of no death")
        raise Unusable(f"{journal} tells of no death at {path!r}; {NoSuchPath(path, paths).hint}")
    told = [(_local(time), autopsy) for time, autopsy in entries[:last]]
    return path, told, len(entries)


def _local(time: str) -> str:
    """The time of a line in the local time zone, or as it stands there."""
    try:
        return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return time
