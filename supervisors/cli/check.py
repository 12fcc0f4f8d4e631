"""``planaria check``: what is wrong with a tree, before it starts, and what can be shown to hold."""

from __future__ import annotations

import click
from rich.console import Console

from supervisors.spec import Tree
from supervisors.validate import Code, Finding, Report, Severity, examine

from .loading import looking_at, tree_argument
from .terminal import line, output, print_json

CLEAN, FOUND = 0, 1
STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


@click.command()
@tree_argument
@click.option("--json", "as_json", is_flag=True, help="Findings and proofs as JSON.")
@click.option("--prove", is_flag=True, help="Say also what was shown to hold.")
@click.option("--grace", type=click.FloatRange(min=0), help="Seconds that the host gives the process to stop.")
@click.option(
    "--replacement",
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds that a planned replacement takes, if you know; else its worst is reckoned with.",
)
@click.option(
    "--ignore",
    multiple=True,
    type=click.Choice([code.value for code in Code]),
    metavar="CODE",
    help="Meant so; repeatable.",
)
@click.option("--strict", is_flag=True, help="Notes count for the exit code too.")
def check(
    tree: Tree,
    as_json: bool,
    prove: bool,
    grace: float | None,
    replacement: float | None,
    ignore: tuple[str, ...],
    strict: bool,
) -> int:
    """Look for what will go wrong, before a tree starts.

    Exit codes: 0 nothing worse than a note, 1 errors or warnings (with --strict also notes), 2 the tree could not be
    loaded.
    """
    with looking_at(tree):
        report = examine(tree, grace=grace, replacement=replacement)
        found = [finding for finding in report.findings if finding.code not in ignore]
    counting = [finding for finding in found if strict or finding.severity is not Severity.NOTE]
    if as_json:
        proved = [proof.to_dict() for proof in report.proofs]
        print_json({"tree": tree.name, "findings": [finding.to_dict() for finding in found], "proved": proved})
    else:
        _show(tree, found, report if prove else None, output())
    return FOUND if counting else CLEAN


def _show(tree: Tree, found: list[Finding], report: Report | None, console: Console) -> None:
    for proof in report.proofs if report is not None else ():
        text = line(f"{proof.path}: ").append(f"proved {proof.claim}", style="green")
        console.print(text.append(f": {proof.message}"), soft_wrap=True)
    for finding in found:
        style = STYLES[finding.severity]
        text = line(f"{finding.path}: ").append(f"{finding.severity} {finding.code}", style=style)
        console.print(text.append(f": {finding.message}"), soft_wrap=True)
    console.print(line(f"{tree.name}: {_counted(found, report)}", "" if found else "green"))


def _counted(found: list[Finding], report: Report | None) -> str:
    count = f"{len(found):,} finding{'' if len(found) == 1 else 's'}" if found else "nothing found"
    return count if report is None else f"{count}, {len(report.proofs):,} proved"
