"""How ``planaria top`` shows its figures: tables in a terminal, lines without one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group
from rich.table import Table

from supervisors.events import counted, seconds

from .hosts import lives_of
from .terminal import line
from .top_figures import Figures, PlaceRow

STYLES = {"running": "green", "waiting": "yellow", "restarting": "yellow", "starting": "yellow", "stopping": "dim"}

Rows = list[tuple[str, ...]]

PLACES = (
    "PLACE",
    "STATE",
    "LIVES IN",
    "LIVES",
    "RESTARTS",
    "WAITING",
    "HANDLED",
    "PER SECOND",
    "DELAY",
    "MEMORY",
    "CPU",
)
PROCESSES = ("PROCESS", "ROLE", "MEMORY", "CPU")
HOSTS = ("HOST", "STATE", "LIVES", "CORES", "ROUND TRIP", "ZONE", "ADDRESS")

LEFT = frozenset({"PLACE", "STATE", "LIVES IN", "ROLE", "HOST", "ZONE", "ADDRESS"})
"""Columns of words; the others are figures and stand to the right."""


def picture(shown: Figures) -> Group:
    """All of it, for a terminal."""
    return Group(
        line(headline(shown), "bold"), line(""),
        *(each for head, rows in _tables(shown, indent=True) for each in (_table(head, rows), line(""))),
    )  # fmt: skip


def lines(shown: Figures) -> Iterator[str]:
    """All of it in lines, each of its own: full paths, columns apart by two blanks or more."""
    yield headline(shown)
    for head, rows in _tables(shown, indent=False):
        widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
        for row in (head, *rows):
            cells = (
                cell.ljust(width) if name in LEFT else cell.rjust(width)
                for name, cell, width in zip(head, row, widths, strict=True)
            )
            yield "  ".join(cells).rstrip()
    yield ""


def headline(shown: Figures) -> str:
    """The whole in one line."""
    workers = [each for each in shown.places if each.kind == "worker"]
    running = sum(each.status == "running" for each in workers)
    memory = sum(each.memory for each in shown.processes)
    parts = [f"{shown.tree} (pid {shown.pid})"]
    if shown.guests is not None:
        parts.append(f"{counted(shown.guests, 'life of others runs', 'lives of others run')} here")
    else:
        parts.append(f"{running} of {counted(len(workers), 'worker runs', 'workers run')}")
    if shown.processes:
        parts.append(f"{counted(len(shown.processes), 'process', 'processes')}, {_size(memory)}")
    if shown.hosts:
        up = sum(bool(each["up"]) for each in shown.hosts)
        parts.append(f"{up} of {counted(len(shown.hosts), 'host is', 'hosts are')} up")
    return "; ".join(parts)


def _tables(shown: Figures, *, indent: bool) -> Iterator[tuple[tuple[str, ...], Rows]]:
    if shown.places:
        yield PLACES, [_place(each, indent) for each in shown.places]
    if shown.processes:
        yield PROCESSES, [(str(each.pid), each.role, _size(each.memory), _share(each.cpu)) for each in shown.processes]
    if shown.hosts:
        yield HOSTS, [_host(each) for each in shown.hosts]


def _host(host: Mapping[str, Any]) -> tuple[str, ...]:
    state = f"{host['state']}, here" if host["here"] else host["state"]
    trip = "" if host["round_trip"] is None else seconds(host["round_trip"])
    return (host["name"], state, lives_of(host), str(host["cores"]), trip, host["zone"], host["address"])


def _place(row: PlaceRow, indent: bool) -> tuple[str, ...]:
    depth, last = row.path.count("/"), row.path.rpartition("/")[2]
    own = f" {row.process}" if row.process is not None else ""
    return (
        f"{'  ' * depth}{last}" if indent else row.path,
        row.status,
        f"{row.place}{own}{f' on {row.host}' if row.host is not None else ''}",
        str(row.lives),
        "" if row.restarts is None else str(row.restarts),
        str(row.mailbox),
        str(row.handled),
        "" if row.rate is None else f"{row.rate:,.0f}",
        "" if row.delay is None else seconds(row.delay),
        "" if row.memory is None else _size(row.memory),
        _share(row.cpu),
    )


def _table(head: tuple[str, ...], rows: Rows) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in head:
        table.add_column(name, justify="left" if name in LEFT else "right", no_wrap=True)
    for row in rows:
        styles = {1: STYLES.get(row[1], "")} if head is PLACES else {}
        table.add_row(*(line(cell, styles.get(place, "")) for place, cell in enumerate(row)))
    return table


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"
