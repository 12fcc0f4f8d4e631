"""``planaria top``: figures of two looks, lines and tables of them, real trees; and where autopsies say lives were."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from supervisors.cli.processes import Usage, everybody, family, parsed, usage_of
from supervisors.cli.top_figures import Look, figures
from supervisors.cli.top_view import headline, lines, picture
from tests.cli.shell import await_door, planaria
from tests.project import ROOT

COMMAND = "import sys; sys.path.insert(0, sys.argv.pop(1)); from supervisors.cli import main; main()"

STORY = """
from actors import Actor, handle
from supervisors import Supervisor, child

class Clerk(Actor):
    def started(self):
        print(f"{self.pid} begins", flush=True)

    @handle
    def take(self, order: str) -> None:
        pass

shop = Supervisor("shop", [child(Clerk, id="clerk"), child(Clerk, id="till")])
far = Supervisor("far", [child(Clerk, id="clerk", place="process")])
"""


# -- processes ---------------------------------------------------------------------------------------------------------


def test_a_line_of_the_kernel_is_read_whatever_the_name_of_the_process_is() -> None:
    rest = "S 7 1 1 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 1 0 100 4096 3 18446744073709551615"

    found = parsed(f"42 (a (b) c) {rest}\n")

    ticks = os.sysconf("SC_CLK_TCK")
    assert found == Usage(42, 7, "a (b) c", 3 * os.sysconf("SC_PAGESIZE"), 300 / ticks)


def test_a_family_is_a_process_and_all_below_it() -> None:
    processes = [Usage(pid, parent, "p", 0, 0.0) for pid, parent in ((1, 0), (5, 4), (4, 2), (2, 1), (3, 1), (9, 3))]

    assert [each.pid for each in family(2, processes)] == [2, 4, 5]
    assert family(77, processes) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells it on Linux")
def test_this_process_is_found_among_all() -> None:
    own = usage_of(os.getpid())

    assert own is not None
    assert own.memory > 1_000_000
    assert own.pid in {each.pid for each in everybody()}
    assert usage_of(1 << 30) is None


# -- figures -----------------------------------------------------------------------------------------------------------


def place(path: str, handled: int = 0, **more: Any) -> dict[str, Any]:
    kind = "supervisor" if "/" not in path else "worker"
    usual = {"kind": kind, "status": "running", "incarnation": 1, "mailbox": 0, "restarts": None, "delay": None}
    usual |= {"place": "loop", "process": None, "host": None, "memory": None, "cpu": None, "silence": None}
    return {"path": path, "handled": handled, **usual, **more}


def look(at: float, *places: dict[str, Any], pid: int = 10, hosts: tuple[Any, ...] = (), **cpu: float) -> Look:
    names = {"node": (10, 9, "planaria-node"), "guard": (9, 1, "planaria-guard"), "life": (12, 11, "planaria-life")}
    names |= {"zygote": (11, 10, "planaria-zygote"), "other": (77, 1, "bash")}
    processes = tuple(Usage(*names[name], 2_000_000, seconds) for name, seconds in cpu.items())
    return Look(at, {"tree": "shop", "pid": pid, "places": list(places), "hosts": list(hosts)}, processes)


def test_rates_and_shares_are_what_has_changed_between_two_looks() -> None:
    before = look(1.0, place("shop/a", 10, process=12, place="process", cpu=5.0), life=5.0)
    now = look(3.0, place("shop/a", 30, process=12, place="process", cpu=6.0), life=6.0)

    (row,) = figures(now, before).places
    assert (row.rate, row.cpu, row.memory) == (10.0, 0.5, 2_000_000)


def test_a_first_look_has_neither() -> None:
    (row,) = figures(look(1.0, place("shop/a", 10, process=12, place="process"), life=5.0)).places

    assert (row.rate, row.cpu, row.memory) == (None, None, 2_000_000)


def test_another_node_of_the_same_tree_is_a_first_look() -> None:
    before, now = look(1.0, place("shop/a", 10)), look(2.0, place("shop/a", 3), pid=11)

    assert figures(now, before).places[0].rate is None


def test_of_a_process_on_another_host_it_is_told_what_that_one_says() -> None:
    far: dict[str, Any] = {"process": 12, "host": "b", "place": "host", "memory": 7_000_000}
    before, now = (
        look(1.0, place("shop/a", cpu=1.0, **far), life=5.0),
        look(2.0, place("shop/a", cpu=1.5, **far), life=9.0),
    )

    (row,) = figures(now, before).places
    assert (row.process, row.host, row.memory, row.cpu) == (12, "b", 7_000_000, 0.5)


def test_the_share_of_a_new_process_is_not_that_of_the_one_before() -> None:
    before, now = (
        look(at, place("shop/a", process=pid, place="process", cpu=1.0)) for at, pid in ((1.0, 12), (2.0, 13))
    )

    assert figures(now, before).places[0].cpu is None


def test_the_processes_of_a_tree_are_its_guardian_its_own_and_all_below_each_with_its_role() -> None:
    shown = figures(
        look(1.0, place("shop/a", process=12, place="process"), node=1.0, guard=0.0, life=1.0, zygote=1.0, other=1.0)
    )

    assert [(each.pid, each.role) for each in shown.processes] == [
        (9, "guardian"), (10, "the tree"), (11, "zygote"), (12, "shop/a"),
    ]  # fmt: skip


HOST = {
    "name": "b", "boot": 1, "address": "10.0.0.2:7400", "zone": "eu/b", "capabilities": {}, "cores": 2, "lives": 3,
    "load": 1.5, "state": "up", "up": True, "here": False, "serves": True, "round_trip": 0.0004,
}  # fmt: skip


def test_lines_have_full_paths_and_a_table_each_for_places_processes_and_hosts() -> None:
    life = place("shop/a", process=12, place="process", incarnation=3, mailbox=5)
    before = look(1.0, place("shop", 0, restarts=1), life | {"cpu": 1.0}, life=1.0)
    now = look(
        2.0, place("shop", 0, restarts=1), life | {"cpu": 1.25, "handled": 8},
        hosts=(HOST,), node=1.0, zygote=0.0, life=1.25,
    )  # fmt: skip

    assert list(lines(figures(now, before))) == [
        "shop (pid 10); 1 of 1 worker runs; 3 processes, 6.0 MB; 1 of 1 host is up",
        "PLACE   STATE    LIVES IN    LIVES  RESTARTS  WAITING  HANDLED  PER SECOND  DELAY  MEMORY  CPU",
        "shop    running  loop            1         1        0        0           0",
        "shop/a  running  process 12      3                  5        8           8         2.0 MB  25%",
        "PROCESS  ROLE      MEMORY  CPU",
        "     10  the tree  2.0 MB",
        "     11  zygote    2.0 MB",
        "     12  shop/a    2.0 MB  25%",
        "HOST  STATE  LIVES  CORES  ROUND TRIP  ZONE  ADDRESS",
        "b     up         3      2      400 µs  eu/b  10.0.0.2:7400",
        "",
    ]


def test_in_a_terminal_the_tree_is_indented_and_nothing_steers_the_terminal() -> None:
    shown = figures(look(1.0, place("shop"), place("shop/a\x1b[2J", host="b", process=7, place="host")))
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(picture(shown))

    text = console.export_text()
    assert "  a\\u001b[2J  running  host 7 on b" in text
    assert "\x1b" not in text


def test_the_headline_counts_who_does_not_run() -> None:
    shown = figures(look(1.0, place("shop"), place("shop/a", status="waiting"), place("shop/b")))

    assert headline(shown) == "shop (pid 10); 1 of 2 workers run"


# -- real trees --------------------------------------------------------------------------------------------------------


@pytest.fixture
def runtime(runtime: Path, folder: Path) -> Path:
    """A runtime directory of this test's own, and a module with trees that tell a story."""
    (folder / "story.py").write_text(STORY, encoding="utf-8")
    return runtime


@contextmanager
def running(*trees: str) -> Iterator[list[subprocess.Popen[str]]]:
    """``planaria run`` in processes of their own, that serve."""
    processes = []
    try:
        for tree in trees:
            command = [sys.executable, "-c", COMMAND, str(ROOT), "run", f"story:{tree}"]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8")
            processes.append(process)
            assert process.stderr is not None
            for line in process.stderr:
                if "is ready" in line:
                    await_door(process.pid)
                    break
        yield processes
    finally:
        for process in processes:
            process.terminate()
            process.communicate(timeout=20)


@pytest.mark.real
def test_a_tree_is_looked_at_once(runtime: Path) -> None:
    with running("shop") as (shop,):
        done = planaria("top", "--once")

    assert (done.code, done.err) == (0, "")
    rows = done.out.splitlines()
    assert rows[0].startswith(f"shop (pid {shop.pid}); 2 of 2 workers run")
    assert [row.split()[:3] for row in rows[2:5]] == [
        ["shop", "running", "loop"], ["shop/clerk", "running", "loop"], ["shop/till", "running", "loop"],
    ]  # fmt: skip


@pytest.mark.real
def test_several_trees_have_to_be_told_apart(runtime: Path) -> None:
    with running("shop", "shop") as (one, other):
        unclear = planaria("top", "--once")
        named = planaria("top", "--once", "--json", "--tree", str(other.pid))
        unknown = planaria("top", "--once", "--tree", "stop")

    assert (unclear.code, "several trees run here" in unclear.complaint) == (2, True)
    assert json.loads(named.out)["pid"] == other.pid != one.pid
    assert (unknown.code, "no tree 'stop' runs here; there are shop" in unknown.complaint) == (2, True)


@pytest.mark.real
def test_without_a_tree_there_is_one_line_that_says_what_to_do(runtime: Path) -> None:
    done = planaria("top", "--once")

    assert (done.code, done.complaint) == (
        2,
        "planaria: no tree of yours runs here with a door; planaria run MODULE:TREE starts one",
    )


@pytest.mark.real
def test_a_tree_that_ends_meanwhile_is_waited_for_and_then_given_up(
    runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supervisors.cli.top.ABSENCE", 0.2)
    with running("shop") as (shop,):

        def end() -> list[Usage]:
            shop.terminate()
            return []

        monkeypatch.setattr("supervisors.cli.top.everybody", end)  # after the first look
        done = planaria("top", "--interval", "0.1")

    assert (done.code, done.complaint.startswith("planaria: shop (pid")) == (1, True)


@pytest.mark.real
@pytest.mark.process
@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="processes need Linux")
def test_a_process_is_shown_with_what_it_takes_and_when_it_is_killed_why_says_so(runtime: Path) -> None:
    with running("far") as (far,):
        before = json.loads(planaria("top", "--once", "--json").out)
        (_, clerk) = before["places"]
        os.kill(clerk["process"], signal.SIGKILL)
        after = awaited_life(2)
        told = planaria("why", "clerk").out.splitlines()
        as_json = json.loads(planaria("why", "clerk", "--json").out)

    roles = {each["role"] for each in before["processes"]}
    assert (clerk["place"], clerk["memory"] > 1_000_000, clerk["cpu"] is not None) == ("process", True, True)
    assert {"the tree", "far/clerk", "zygote"} <= roles
    assert after["process"] not in (None, clerk["process"], far.pid)
    assert told[0].endswith("far/clerk died (life 1): its process ended, signal 9.")
    assert told[1].endswith(f", in process {clerk['process']}.")
    assert as_json[0]["where"] == f"process {clerk['process']}"


def awaited_life(number: int) -> dict[str, Any]:
    until = time.monotonic() + 15
    while time.monotonic() < until:
        row: dict[str, Any] = json.loads(planaria("top", "--once", "--json").out)["places"][1]
        if row["lives"] == number and row["status"] == "running":
            return row
        time.sleep(0.02)
    pytest.fail("there is no such life")
