"""``planaria check``: what is wrong with a tree, before it starts."""

from __future__ import annotations

from dataclasses import asdict

import click

from supervisors.spec import Tree
from supervisors.validate import Code, Severity, findings

from .loading import looking_at, tree_argument
from .terminal import line, output, print_json

CLEAN, FOUND = 0, 1
STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


@click.command()
@tree_argument
@click.option("--json", "as_json", is_flag=True, help="The findings as JSON.")
@click.option("--grace", type=click.FloatRange(min=0), help="Seconds that the host gives the process to stop.")
@click.option(
    "--ignore",
    multiple=True,
    type=click.Choice([code.value for code in Code]),
    metavar="CODE",
    help="Meant so; repeatable.",
)
def check(tree: Tree, as_json: bool, grace: float | None, ignore: tuple[str, ...]) -> int:
    """Look for what will go wrong, before a tree starts.

    Exit codes: 0 nothing was found, 1 there are findings, 2 the tree could not be loaded.
    """
    with looking_at(tree):
        found = [finding for finding in findings(tree, grace=grace) if finding.code not in ignore]
    if as_json:
        print_json([asdict(finding) for finding in found])
        return FOUND if found else CLEAN
    console = output()
    for finding in found:
        style = STYLES[finding.severity]
        text = line(f"{finding.path}: ").append(f"{finding.severity} {finding.code}", style=style)
        console.print(text.append(f": {finding.message}"), soft_wrap=True)
    count = f"{len(found)} finding{'' if len(found) == 1 else 's'}" if found else "nothing found"
    console.print(line(f"{tree.name}: {count}", "" if found else "green"))
    return FOUND if found else CLEAN
