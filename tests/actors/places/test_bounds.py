"""Who bounds a process: a control group, for real where this machine lets us and with a false one else, or itself."""

from __future__ import annotations

import logging
import os
import signal
import time
from pathlib import Path

import pytest

from actors import ActorDied
from actors.engines.thespian.folders import own_prefix
from actors.engines.thespian.groups import Group, Home, find_homes
from actors.places.place import Process
from supervisors.promotion.promoter import kind_of
from tests.actors.places.culprits import Fault
from tests.actors.places.test_faults import ward
from tests.reality import real

pytestmark = [pytest.mark.process, pytest.mark.real]

HOMES, WHY = find_homes()


def left() -> list[str]:
    return [str(each) for home in HOMES.values() for each in home.folder.glob(f"{own_prefix()}*")]


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.places.bounds.find_homes", lambda: (HOMES, WHY))


@pytest.mark.skipif("cpu" not in HOMES, reason=f"no groups: {WHY}")
@pytest.mark.usefixtures("groups")
def test_a_share_of_the_cores_slows_a_process_down_and_its_group_goes_with_it() -> None:
    async def main() -> None:
        async with ward(place=Process(cores=0.1)) as w:
            for life in (1, 2):
                began = time.monotonic()
                await w.tree.ref("a").ask(Fault("burn", (0.15,)), timeout=30)
                assert time.monotonic() - began > 0.6
                assert len(left()) == 1
                os.kill(await w.pid(), signal.SIGKILL)
                await w.lives_after(life, "a")
            await w.pid()
            assert w.deaths() == {"a": ["crashed(ProcessDied: signal 9)"] * 2}
        assert left() == []

    real(main())


@pytest.mark.skipif("memory" not in HOMES, reason=f"no groups: {WHY}")
@pytest.mark.usefixtures("groups")
def test_memory_that_is_used_is_bounded_and_memory_that_is_only_asked_for_is_not() -> None:
    async def main() -> None:
        async with ward(place=Process(memory=64 << 20)) as w:
            await w.tree.ref("a").ask(Fault("reserve", (1 << 30,)), timeout=30)
            with pytest.raises(ActorDied) as died:
                await w.tree.ref("a").ask(Fault("hoard"), timeout=30)

            assert str(died.value.reason) == "crashed(ProcessDied: signal 9 (out of memory))"
            assert kind_of(died.value.reason) == "memory"
        assert left() == []

    real(main())


class Kernel:
    """A folder that stands for a memory controller; what is in it goes as groups go."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        monkeypatch.setattr("actors.places.bounds.find_homes", lambda: ({"memory": Home(2, folder)}, ""))
        monkeypatch.setattr("actors.engines.thespian.groups._remove", self._remove)

    def groups(self) -> list[Path]:
        return list(self.folder.iterdir())

    def _remove(self, folder: Path) -> bool:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
        return True


def test_a_process_that_its_group_s_kernel_killed_ran_out_of_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = Kernel(tmp_path, monkeypatch)

    async def main() -> None:
        async with ward(place=Process(memory=64 << 20)) as w:
            pid = await w.pid()
            (group,) = kernel.groups()
            assert (group / "cgroup.procs").read_text() == str(pid)
            assert (group / "memory.max").read_text() == str(64 << 20)
            await w.tree.ref("a").ask(Fault("reserve", (1 << 30,)))  # it has no limit of its own besides
            (group / "memory.events").write_text("oom_kill 1\n")
            with pytest.raises(ActorDied) as died:
                await w.tree.ref("a").ask(Fault("signal", (9,)), timeout=30)

            assert str(died.value.reason) == "crashed(ProcessDied: signal 9 (out of memory))"
            assert kind_of(died.value.reason) == "memory"
            os.kill(await w.pid(), signal.SIGKILL)  # by somebody else
            await w.lives_after(2, "a")
            await w.pid()
            assert w.deaths()["a"][1] == "crashed(ProcessDied: signal 9)"
        assert kernel.groups() == []

    real(main())


def test_where_a_group_cannot_hold_a_process_it_is_bounded_by_itself_and_that_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kernel = Kernel(tmp_path, monkeypatch)

    def fail(group: Group, pid: int) -> None:
        raise OSError("not here")

    monkeypatch.setattr(Group, "add", fail)

    async def main() -> None:
        async with ward("a b", place=Process(memory=64 << 20)) as w:
            for id in ("a", "b"):
                with pytest.raises(ActorDied) as died:
                    await w.tree.ref(id).ask(Fault("hoard"), timeout=30)
                assert str(died.value.reason) == "crashed(MemoryError)"

    with caplog.at_level(logging.DEBUG, "planaria"):
        real(main())
    assert [each.levelname for each in caplog.records if "not here" in each.getMessage()] == ["DEBUG"]
    assert kernel.groups() == []
