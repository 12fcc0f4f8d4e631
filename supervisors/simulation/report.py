"""What runs come to, in a few lines that somebody reads who has not seen the tree.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from supervisors.checks.findings import counted, percent

from .durations import clock, spell
from .ledger import Account
from .run import Outcome
from .survey import Spread, Survey

SHOWN_WORKERS = 20
"""Workers that are listed, the longest down first."""

SHOWN_SEEDS = 10
"""Seeds that are listed."""


def summary(outcome: Outcome) -> list[str]:
    """One run: the verdict, how long something was missing, and the workers to which anything happened."""
    rows = [f"{outcome.tree}: {_verdict(outcome)}", *_service(outcome)]
    if outcome.stopping is not None:
        rows.append(f"  the stop at the end took {spell(outcome.stopping)}")
    eventful = sorted((each for each in outcome.accounts if each.is_eventful), key=lambda each: -each.down)
    if eventful:
        rows += ["", *_table(eventful)]
    return rows


def _verdict(outcome: Outcome) -> str:
    if outcome.cut_short:
        return outcome.cut_short
    if outcome.served_at is None:
        return f"IT NEVER SERVED: {outcome.why}"
    if outcome.gave_up_at is not None:
        return f"IT {'ENDED' if outcome.shut_down else 'GAVE UP'} at {clock(outcome.gave_up_at)}: {outcome.why}"
    return (
        "everything served at the end"
        if outcome.is_well
        else "it did not give up, but something was missing at the end"
    )


def _service(outcome: Outcome) -> list[str]:
    if outcome.served_at is None or outcome.length == 0:
        return []
    if not outcome.gaps:
        return [f"  over {spell(outcome.length)}: everything served all the time"]
    times = counted(len(outcome.gaps), "time", "times")
    share = percent(1 - outcome.missing / outcome.length)
    missing = f"something was missing {times}, for {spell(outcome.missing)} in all"
    rows = [f"  over {spell(outcome.length)}: {missing}; everything served {share} of the time"]
    if outcome.gaps[-1].ended is None:
        rows.append(f"  it has not all been there since {clock(outcome.gaps[-1].began)}")
    return rows


def _table(accounts: Sequence[Account]) -> list[str]:
    rows = [["worker", "deaths", "restarts", "failed starts", "replaced", "down", "longest", "now"]]
    for each in accounts[:SHOWN_WORKERS]:
        counts = [f"{count:,}" for count in (each.deaths, each.restarts, each.failed, each.replaced)]
        rows.append([each.path, *counts, spell(each.down), spell(each.longest), each.now])
    return [*aligned(rows), *_more(len(accounts) - SHOWN_WORKERS)]


def overview(survey: Survey, tree: str) -> list[str]:
    """Many runs: how often the tree gave up, with which seeds, and the least, median and worst of every figure."""
    rows = [f"{tree}: gave up in {len(survey.gave_up):,} of {survey.runs:,} runs"]
    rows += _seeds("gave up", survey.gave_up)
    if survey.not_well != survey.gave_up:
        rows += _seeds("did not end well", survey.not_well)
    figures = [["", "least", "median", "worst"]]
    if survey.lasted is not None:
        figures.append(_figures("until it gave up", survey.lasted))
    figures.append(_figures("something missing", survey.missing))
    figures.append(_figures("restarts", survey.restarts, lambda each: f"{each:,.4g}"))
    worst = sorted(survey.down.items(), key=lambda item: -item[1].worst)
    figures += [_figures(f"{path} down", spread) for path, spread in worst[:SHOWN_WORKERS]]
    return [*rows, *aligned(figures), *_more(len(worst) - SHOWN_WORKERS)]


def _seeds(what: str, seeds: Sequence[int]) -> list[str]:
    if not seeds:
        return []
    more = len(seeds) - SHOWN_SEEDS
    listed = ", ".join(map(str, seeds[:SHOWN_SEEDS])) + (f" and {more:,} more" if more > 0 else "")
    return [f"  {what} with {'the seed' if len(seeds) == 1 else 'the seeds'} {listed}"]


def _figures(name: str, spread: Spread, said: Callable[[float], str] = spell) -> list[str]:
    return [name, said(spread.least), said(spread.median), said(spread.worst)]


def _more(count: int) -> list[str]:
    return [f"  and {count:,} more"] if count > 0 else []


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of equal length with their columns under each other, two blanks apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    return [f"  {'  '.join(row).rstrip()}" for row in padded]
