"""``planaria why``: of a running tree and of a journal file, and one line for everything that can be wrong."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from supervisors.autopsy.record import Autopsy
from tests.cli.shell import planaria
from tests.project import ROOT

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no local sockets"),
]

COMMAND = "import sys; sys.path.insert(0, sys.argv.pop(1)); from supervisors.cli import main; main()"

STORY = """
from actors import Actor, handle
from supervisors import Supervisor, child

class Clerk(Actor):
    def started(self):
        if self.pid.incarnation <= 2:
            self.after(0.0, "an order")

    @handle
    def take(self, order: str) -> None:
        raise ValueError("no [bold]stock[/]")

shop = Supervisor("shop", [child(Clerk, id="clerk"), child(Actor, id="till")], strategy="rest_for_one")
site = Supervisor("site", [child(Clerk, id="clerk"), child(Actor, id="page")])
fails = Supervisor("fails", [child(Clerk, id="clerk")], max_restarts=0)
"""


@pytest.fixture(autouse=True)
def runtime(runtime: Path, folder: Path) -> Path:
    """A runtime directory of this test's own, and a module with trees that tell a story."""
    (folder / "story.py").write_text(STORY, encoding="utf-8")
    return runtime


@contextmanager
def running(*trees: str, options: tuple[str, ...] = ()) -> Iterator[list[subprocess.Popen[str]]]:
    """``planaria run`` in processes of their own, whose stories have been told: each clerk has died twice."""
    processes = []
    try:
        for tree in trees:
            command = [sys.executable, "-c", COMMAND, str(ROOT), "run", f"story:{tree}", "--json", *options]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")
            processes.append(process)
            assert process.stdout is not None
            for line in process.stdout:
                event = json.loads(line)
                if (event["event"], event.get("life")) == ("Serving", 3) and event["path"].endswith("clerk"):
                    break
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def story(out: str) -> list[str]:
    """What was printed, with times and places that depend on the run taken out."""
    out = re.sub(r"^.* ago: ", "… ago: ", out, flags=re.MULTILINE)
    out = re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d: ", "… at: ", out, flags=re.MULTILINE)
    out = re.sub(r"(served|served \d+) [\d.]+ [mµ]?s", r"\1 …", out)
    out = re.sub(r"raised at \S+", "raised at …", out)
    return re.sub(r"Raised at \S+", "Raised at …", out).splitlines()


CRASH = [
    "shop/clerk died handling str in Clerk.take (life 2): ValueError: no [bold]stock[/].",
    "  Raised at … in take.",
    "  It had served … and handled 1 message.",
    "  It is permanent and was restarted with its group (rest_for_one): the 2nd of 3 restarts allowed within 5 s.",
    "  Life 3 served … later.",
]


def test_a_running_tree_tells_why() -> None:
    with running("shop"):
        done = planaria("why", "shop/clerk")
        sibling = planaria("why", "till")

    assert (done.code, story(done.out)) == (0, [f"… ago: {CRASH[0]}", *CRASH[1:]])
    assert done.complaint == "planaria: 1 earlier death is known: --last 2"
    assert story(sibling.out) == [
        "… ago: shop/till was stopped because of shop/clerk (life 2): shutdown.",
        "  It had served ….",
        "  By rest_for_one it is stopped and started with shop/clerk.",
        "  Life 3 served … later.",
        f"Because {CRASH[0]}",
        *CRASH[1:],
    ]


def test_several_deaths_are_told_the_newest_first() -> None:
    with running("shop"):
        done = planaria("why", "clerk", "--last", "5")

    heads = [line for line in story(done.out) if line.startswith("…")]
    assert ([re.findall(r"life \d", head) for head in heads], done.err) == ([["life 2"], ["life 1"]], "")
    assert "" in done.out.splitlines()


def test_json_is_what_the_tree_knows() -> None:
    with running("shop"):
        done = planaria("why", "clerk", "--last", "2", "--json")

    autopsies = [Autopsy.from_dict(each) for each in json.loads(done.out)]
    assert [(each.path, each.life, each.message) for each in autopsies] == [
        ("shop/clerk", life, "str") for life in (2, 1)
    ]
    assert done.err == ""


def test_who_has_not_died_is_told_so() -> None:
    with running("site"):
        done = planaria("why", "page")
        as_json = planaria("why", "page", "--json")

    assert (done.code, done.out) == (0, "site/page has not died\n")
    assert json.loads(as_json.out) == []


def test_of_several_trees_the_one_that_knows_the_path_is_asked() -> None:
    with running("shop", "site"):
        by_name = planaria("why", "site/clerk")
        by_path = planaria("why", "page")

    assert by_name.out.splitlines()[0].endswith(
        "site/clerk died handling str in Clerk.take (life 2): ValueError: no [bold]stock[/]."
    )
    assert by_path.out == "site/page has not died\n"


def test_if_several_trees_know_the_path_it_has_to_be_said_which() -> None:
    with running("shop", "site") as (shop, site):
        unclear = planaria("why", "clerk")
        named = planaria("why", "clerk", "--tree", "site")
        by_pid = planaria("why", "clerk", "--tree", str(shop.pid))
        unknown = planaria("why", "clerk", "--tree", "stop")
        nobody = planaria("why", "clark")

    both = f"shop (pid {shop.pid}), site (pid {site.pid})"
    assert (unclear.code, unclear.complaint) == (
        2,
        f"planaria: several trees know 'clerk': {both}; say which with --tree NAME or --tree PID",
    )
    assert ("site/clerk died" in named.out, "shop/clerk died" in by_pid.out) == (True, True)
    assert unknown.complaint == f"planaria: no tree 'stop' runs here; there are {both}"
    assert (nobody.code, nobody.complaint) == (
        2,
        (
            f"planaria: shop (pid {shop.pid}): the tree has nothing at 'clark'; did you mean 'clerk'?; "
            f"site (pid {site.pid}): the tree has nothing at 'clark'; did you mean 'clerk'?"
        ),
    )


def test_without_a_tree_there_is_one_line_that_says_what_to_do() -> None:
    done = planaria("why", "clerk")

    assert (done.code, done.complaint) == (
        2,
        "planaria: no tree of yours runs here with a door; --journal FILE reads what one has left",
    )


def test_a_tree_that_was_run_without_a_door_is_not_found() -> None:
    with running("shop", options=("--no-door",)):
        assert planaria("why", "clerk").code == 2


def test_an_unsafe_folder_is_named_and_not_used(runtime: Path) -> None:
    (runtime / "planaria").mkdir()
    (runtime / "planaria").chmod(0o777)

    done = planaria("why", "clerk")
    assert (done.code, f"{runtime / 'planaria'} may be entered by others (mode 0777, not 0700)" in done.complaint) == (
        2,
        True,
    )


def test_a_tree_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with running("shop") as (shop,):
        monkeypatch.setattr("supervisors.autopsy.client.ask.__defaults__", (0.2,))
        shop.send_signal(signal.SIGSTOP)
        done = planaria("why", "clerk")
        shop.send_signal(signal.SIGCONT)

    assert done.code == 2
    assert f"shop-{shop.pid}.sock: no answer within 0.2 s; its loop may be blocked" in done.complaint


def test_a_killed_process_leaves_nothing_in_the_way(runtime: Path) -> None:
    with running("shop") as (shop,):
        shop.kill()
        shop.wait()
        done = planaria("why", "clerk")

    assert done.code == 2
    assert list((runtime / "planaria").iterdir()) == []


# -- from a journal file -----------------------------------------------------------------------------------------------


def test_a_journal_tells_after_the_end_what_the_tree_told_before(folder: Path) -> None:
    with running("shop", options=("--journal", "tree.log")):
        before = planaria("why", "till", "--json")
    after = planaria("why", "till", "--json", "--journal", "tree.log")
    in_words = planaria("why", "shop/clerk", "--journal", "tree.log")

    assert json.loads(after.out) == json.loads(before.out)
    assert story(in_words.out) == [f"… at: {CRASH[0]}", *CRASH[1:]]


def test_a_tree_that_gave_up_can_be_asked_in_its_journal_only(folder: Path) -> None:
    done = planaria("run", "story:fails", "--journal", "tree.log", "--quiet")
    why = planaria("why", "fails", "--journal", "tree.log")

    assert done.code == 1
    assert [line for line in story(why.out) if not line.startswith(" ")] == [
        "… at: fails gave up on fails/clerk and ended (life 1): shutdown.",
        "Because fails/clerk died handling str in Clerk.take (life 1): ValueError: no [bold]stock[/].",
    ]


def test_what_cannot_be_read_of_a_journal_is_counted_and_passed_over(folder: Path) -> None:
    planaria("run", "story:fails", "--journal", "tree.log", "--quiet")
    with (folder / "tree.log").open("ab") as file:
        file.write(b'{"autopsy": 1}\nnonsense\n\xff\n{"time": "cut o')
    done = planaria("why", "fails/clerk", "--journal", "tree.log")

    assert (done.code, done.complaint) == (0, "planaria: 4 lines of tree.log cannot be read and are passed over")
    assert "fails/clerk died" in done.out


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (("why", "clerk", "--journal", "no.log"), "the journal no.log cannot be read: No such file or directory"),
        (("why", "clerk", "--journal", "."), "the journal . cannot be read: Is a directory"),
        (("why", "clerk", "--journal", "story.py"), "story.py is not a journal of planaria"),
        (
            ("why", "clark", "--journal", "tree.log"),
            "tree.log tells of no death at 'clark'; did you mean 'fails/clerk'?",
        ),
        (
            ("why", "clerk", "--journal", "tree.log", "--tree", "shop"),
            "tree.log does not tell of a tree 'shop'; it tells of fails",
        ),
        (("why", "clerk", "--journal", "empty.log"), "empty.log tells of no death"),
        (("why", "clerk", "--last", "0"), "Invalid value for '--last': 0 is not in the range 1<=x<=100."),
        (("why",), "Missing argument 'PATH'."),
    ],
    ids=["missing", "directory", "no journal", "no such path", "no such tree", "no death", "last", "no path"],
)
def test_every_mistake_is_one_line(folder: Path, args: tuple[str, ...], complaint: str) -> None:
    planaria("run", "story:fails", "--journal", "tree.log", "--quiet")
    head = (folder / "tree.log").read_text(encoding="utf-8").splitlines()[0]
    (folder / "empty.log").write_text(f"{head}\n", encoding="utf-8")

    done = planaria(*args)

    assert done.code == 2
    assert done.err.splitlines()[-1] == f"planaria: {complaint}"


def test_a_journal_that_cannot_be_written_is_a_warning_and_the_tree_runs(folder: Path) -> None:
    done = planaria("run", "ending:done", "--quiet", "--journal", "missing/tree.log")

    assert done.code == 0
    assert "the journal missing/tree.log cannot be written: No such file or directory; the tree runs on" in done.err


def test_the_time_of_a_journal_is_local(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planaria("run", "story:fails", "--journal", "tree.log", "--quiet")
    text = re.sub(r'"time": "[^"]+"', '"time": "2026-01-01T12:00:00+00:00"', (folder / "tree.log").read_text("utf-8"))
    (folder / "tree.log").write_text(text, encoding="utf-8")
    monkeypatch.setenv("TZ", "UTC-3")
    time.tzset()
    try:
        done = planaria("why", "fails/clerk", "--journal", "tree.log")
    finally:
        monkeypatch.undo()
        time.tzset()

    assert done.out.startswith("2026-01-01 15:00:00: fails/clerk died")
    assert os.environ.get("TZ") != "UTC-3"
