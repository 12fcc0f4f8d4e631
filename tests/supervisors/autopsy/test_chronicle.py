"""The journal file: what is in it is what the running tree would answer, whatever happens to the file."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.testing import World, world
from supervisors import Supervisor, child
from supervisors.autopsy.annals import Annals
from supervisors.autopsy.chronicle import Chronicle, older
from supervisors.autopsy.coroner import Coroner
from supervisors.events import Ready, Serving
from tests.supervisors.autopsy.stage import Asker, Clerk, crash, died, played
from tests.supervisors.fixtures import Recorder


class Desk:
    """A chronicle that is written to by hand: nothing is put off."""

    def __init__(self, file: Path, **options: Any) -> None:
        self.coroner = Coroner()
        self.soon: list[Callable[[], None]] = []
        self.chronicle = Chronicle(
            file, "t", self.coroner, lambda: 100.0, self.soon.append, wall=lambda: 1_000_000.0, **options
        )

    def hear(self, *events: Any) -> None:
        for event in events:
            self.coroner.note(event)
            self.chronicle.note(event)

    def turn(self) -> None:
        """The next turn of the loop."""
        soon, self.soon[:] = self.soon[:], []
        for function in soon:
            function()


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def kinds(file: Path) -> list[str]:
    words = ("journal", "event", "autopsy", "lost")
    return [next(word for word in words if word in line) for line in lines(file)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tree.log"


# -- what is in it -----------------------------------------------------------------------------------------------------


def test_the_file_tells_what_the_running_tree_would_answer(file: Path) -> None:
    answers: dict[str, list[Any]] = {}
    r = Recorder()
    stock = Supervisor("stock", [child(Clerk, id="clerk"), r.child("b")], strategy="rest_for_one", max_restarts=1)
    tree = Supervisor("shop", [child(Asker, id="front"), stock, r.child("c")])

    async def main(w: World) -> None:
        async with played(tree, journal=file) as shop:
            shop.ref("front").tell("shop/stock/clerk")
            await w.advance(1.0)
            crash(shop.ref("stock/clerk"), "from a cause")
            await w.advance(1.0)
            shop.ref("stock").kill()
            await w.advance(1.0)
            await shop.terminate_child("c")
        answers.update({path: shop.why(path) for path in shop.coroner.paths()})

    world(seed=1).run(main)
    annals = Annals(file)

    assert annals.unreadable == 0
    assert annals.paths() == sorted(answers)
    assert {path: [autopsy for _, autopsy in annals.why(path)] for path in annals.paths()} == answers
    assert len(list(answers["shop/stock"][-1].chain())) == 2
    assert answers["shop"] != []


def test_lines_have_their_time_and_events_are_as_everywhere(file: Path) -> None:
    desk = Desk(file)
    event = died("t/a", at=160.5)
    desk.hear(event)
    desk.turn()

    head, said, autopsy = lines(file)
    assert {**head, "run": ""} == {
        "time": "1970-01-12T13:46:40.000000+00:00",
        "journal": 1,
        "run": "",
        "tree": "t",
        "pid": os.getpid(),
    }
    assert said == {"time": "1970-01-12T13:47:40.500000+00:00", "event": event.to_dict()}
    assert (autopsy["time"], autopsy["number"], autopsy["cause"]) == (said["time"], 1, None)


def test_an_autopsy_is_written_at_once_and_again_when_more_is_known(file: Path) -> None:
    desk = Desk(file)
    desk.hear(died("t/a"))
    desk.turn()
    (_, before), *_ = Annals(file).why("t/a")
    desk.hear(Serving(2.0, "t/a", 2, True, 1.0))
    desk.turn()
    (_, after), *_ = Annals(file).why("t/a")

    assert (before.successor, after.successor is not None) == (None, True)
    assert kinds(file) == ["journal", "event", "autopsy", "event", "autopsy"]


def test_what_happens_in_one_turn_is_one_autopsy(file: Path) -> None:
    desk = Desk(file)
    desk.hear(died("t/a"), Serving(2.0, "t/a", 2, True, 1.0))
    planned = len(desk.soon)
    desk.turn()

    assert planned == 1
    assert kinds(file) == ["journal", "event", "event", "autopsy"]


def test_what_is_left_is_written_when_it_is_closed(file: Path) -> None:
    desk = Desk(file)
    desk.hear(died("t/a"))
    desk.chronicle.close()

    assert kinds(file) == ["journal", "event", "autopsy"]


def test_a_text_that_is_no_unicode_is_written_in_some_way(file: Path) -> None:
    desk = Desk(file)
    desk.hear(died("t/a", error=ValueError("\udcff")))
    desk.turn()

    assert (Annals(file).unreadable, len(Annals(file).why("t/a"))) == (0, 1)


# -- bounds ------------------------------------------------------------------------------------------------------------


def test_a_full_file_makes_room_and_the_one_before_it_is_kept(file: Path) -> None:
    desk = Desk(file, limit=20_000)
    for number in range(100):
        desk.hear(died("t/a", number))
        desk.turn()

    assert file.stat().st_size <= 20_000
    assert older(file).stat().st_size <= 20_000
    annals = Annals(file)
    lives = [autopsy.life for _, autopsy in annals.why("t/a")]
    assert lives == list(range(99, 99 - len(lives), -1))
    assert len(lives) > 15
    assert (len(annals.runs), annals.unreadable) == (1, 0)
    assert sorted(path.name for path in file.parent.iterdir()) == ["tree.log", "tree.log.1"]


def test_much_in_one_turn_is_spread_over_files_too(file: Path) -> None:
    desk = Desk(file, limit=20_000)
    desk.hear(*(died("t/a", number) for number in range(100)))
    desk.turn()

    assert max(file.stat().st_size, older(file).stat().st_size) <= 20_000
    assert Annals(file).why("t/a")[0][1].life == 99


def test_a_second_run_goes_on_in_the_same_file(file: Path) -> None:
    for life in (1, 2):
        desk = Desk(file)
        desk.hear(died("t/a", life))
        desk.chronicle.close()

    annals = Annals(file)
    assert len(annals.runs) == 2
    assert [autopsy.life for _, autopsy in annals.why("t/a")] == [2, 1]


def test_a_line_that_was_cut_off_does_not_spoil_the_next(file: Path) -> None:
    desk = Desk(file)
    desk.hear(died("t/a", 1))
    desk.chronicle.close()
    file.write_bytes(file.read_bytes()[:-20])
    desk = Desk(file)
    desk.hear(died("t/a", 2))
    desk.chronicle.close()

    annals = Annals(file)
    assert annals.unreadable == 1
    assert [autopsy.life for _, autopsy in annals.why("t/a")] == [2]


# -- trouble -----------------------------------------------------------------------------------------------------------


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


@pytest.mark.parametrize("make", ["nothing", "a directory"])
def test_a_file_that_cannot_be_opened_is_one_warning(
    tmp_path: Path, make: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "missing" / "tree.log"
    if make == "a directory":
        file.mkdir(parents=True)
    desk = Desk(file)
    for number in range(3):
        desk.hear(died("t/a", number))
        desk.turn()
    desk.chronicle.close()

    why = "No such file or directory" if make == "nothing" else "Is a directory"
    assert warnings(caplog) == [f"the journal {file} cannot be written: {why}; the tree runs on"]


def test_a_file_that_can_be_opened_later_is_used_from_then_on_and_says_what_it_lacks(tmp_path: Path) -> None:
    file = tmp_path / "missing" / "tree.log"
    desk = Desk(file)
    desk.hear(died("t/a", 1))
    desk.turn()
    file.parent.mkdir()
    desk.hear(died("t/a", 2))
    desk.turn()

    assert kinds(file) == ["journal", "lost", "event", "autopsy"]
    assert lines(file)[1]["lost"] == 2
    assert [autopsy.life for _, autopsy in Annals(file).why("t/a")] == [2]


def test_a_full_disk_is_one_warning_and_what_comes_after_it_is_whole(
    file: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(file)
    room = 100

    def write(descriptor: int, data: bytes) -> int:
        """A disk that has room for a few bytes only."""
        nonlocal room
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken, room = data[:room], room - len(data[:room])
        return posix_write(descriptor, taken)

    posix_write = os.write
    monkeypatch.setattr("supervisors.autopsy.chronicle.os.write", write)
    for number in (1, 2):
        desk.hear(died("t/a", number))
        desk.turn()
    room = 1_000_000
    desk.hear(died("t/a", 3))
    desk.turn()

    annals = Annals(file)
    assert warnings(caplog) == [f"the journal {file} cannot be written: No space left on device; the tree runs on"]
    assert [autopsy.life for _, autopsy in annals.why("t/a")] == [3]
    assert annals.unreadable == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_tree_lives_on_where_nothing_can_be_written(caplog: pytest.LogCaptureFixture) -> None:
    async def main(w: World) -> int:
        async with played(Supervisor("shop", [child(Clerk, id="clerk")]), journal="/dev/full") as shop:
            crash(shop.ref("clerk"))
            await w.idle()
            return shop.ref("clerk").pid.incarnation

    assert world().run(main) == 2
    assert warnings(caplog) == ["the journal /dev/full cannot be written: No space left on device; the tree runs on"]


def test_a_file_that_cannot_make_room_takes_no_more(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    (file.parent / "tree.log.1").mkdir()
    desk = Desk(file, limit=20_000)
    for number in range(100):
        desk.hear(died("t/a", number))
        desk.turn()

    assert file.stat().st_size <= 21_000
    assert len(warnings(caplog)) == 1


def test_two_trees_do_not_write_to_one_file(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    first, second = Desk(file), Desk(file)
    first.hear(died("t/a", 1))
    first.turn()
    second.hear(died("t/a", 2))
    second.turn()

    assert [autopsy.life for _, autopsy in Annals(file).why("t/a")] == [1]
    assert warnings(caplog) == [f"the journal {file} cannot be written: another tree writes to it; the tree runs on"]


def test_a_file_is_its_users_own(file: Path) -> None:
    Desk(file)

    assert file.stat().st_mode & 0o777 == 0o600


# -- reading -----------------------------------------------------------------------------------------------------------


def test_a_file_of_another_version_is_not_understood(file: Path) -> None:
    file.write_text('{"journal": 99, "run": "x", "tree": "t", "pid": 1, "time": "now"}\n')

    assert (Annals(file).runs, Annals(file).unreadable) == ([], 1)


def test_autopsies_without_a_head_belong_to_no_run(file: Path) -> None:
    desk = Desk(file)
    desk.hear(died("t/a"))
    desk.chronicle.close()
    file.write_text("".join(file.read_text().splitlines(keepends=True)[1:]))

    annals = Annals(file)
    assert (annals.runs, annals.unreadable) == ([], 1)


def test_causes_that_lead_round_in_a_circle_are_cut(file: Path) -> None:
    desk = Desk(file)
    desk.hear(died("t/a", 1))
    desk.chronicle.close()
    *rest, last = lines(file)
    last["cause"] = 1
    last["autopsy"]["because"] = {"how": "asked", "path": "t/a", "death": None}
    file.write_text("".join(f"{json.dumps(line)}\n" for line in [*rest, last]))

    ((_, autopsy),) = Annals(file).why("t/a")
    assert 1 < len(list(autopsy.chain())) < 50


@settings(max_examples=60)
@given(data=st.data())
def test_a_spoiled_file_costs_no_more_than_the_lines_that_are_spoiled(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("spoiled") / "tree.log"
    desk = Desk(file)
    desk.hear(*(died("t/a", number) for number in range(5)), Ready(1.0, "t", 1, 0.0))
    desk.chronicle.close()
    whole = file.read_bytes().splitlines(keepends=True)
    spoiled = data.draw(st.integers(1, len(whole) - 1))
    noise = data.draw(st.binary(max_size=50).filter(lambda noise: b"\n" not in noise and noise.strip() != b""))
    file.write_bytes(b"".join([*whole[:spoiled], noise + b"\n", *whole[spoiled + 1 :]]))

    annals = Annals(file)
    lost = b'"autopsy"' in whole[spoiled]
    assert len(annals.why("t/a")) == 5 - lost
    assert annals.unreadable <= 1


@settings(max_examples=100)
@given(noise=st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(noise: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("noise") / "tree.log"
    file.write_bytes(noise)

    assert Annals(file).runs == []
