"""Control groups: where they may be made, what is written to them, and that nothing of them stays."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from actors.engines.thespian import groups
from actors.engines.thespian.folders import own_prefix
from actors.engines.thespian.groups import LEAF, Groups, Home, find_homes

ROOT_V1 = "3:cpu,cpuacct:/\n2:memory:/\n0::/\n"


@pytest.fixture(autouse=True)
def as_in_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group is removed with the files in it."""
    monkeypatch.setattr(Path, "rmdir", shutil.rmtree)


def version_1(root: Path) -> Path:
    for name in ("memory", "cpu,cpuacct"):
        (root / name).mkdir()
    return root


def version_2(root: Path, path: str = "", controllers: str = "cpu memory", opened: str = "", inside: str = "") -> Path:
    home = root / path
    home.mkdir(parents=True, exist_ok=True)
    (root / "cgroup.controllers").write_text(controllers)
    (home / "cgroup.controllers").write_text(controllers)
    (home / "cgroup.subtree_control").write_text(opened)
    (home / "cgroup.procs").write_text(inside)
    return root


def test_a_group_of_version_1_bounds_memory_and_cores_and_knows_that_it_ran_out(tmp_path: Path) -> None:
    homes, why = find_homes(version_1(tmp_path), ROOT_V1)
    made = Groups(homes).make(64 << 20, 0.5)
    assert made is not None
    name = f"{own_prefix()}1"
    memory, cpu = tmp_path / "memory" / name, tmp_path / "cpu,cpuacct" / name
    made.add(42)

    assert (why, made.bounds_memory) == ("", True)
    assert (memory / "memory.limit_in_bytes").read_text() == str(64 << 20)
    assert (cpu / "cpu.cfs_quota_us").read_text() == "50000"
    assert (memory / "cgroup.procs").read_text() == (cpu / "cgroup.procs").read_text() == "42"
    (memory / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 0\n")
    (memory / "memory.failcnt").write_text("7")  # it was short of memory, and got by
    assert not made.has_run_out()
    (memory / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\n")  # an old kernel
    assert made.has_run_out()
    assert made.remove()
    assert made.has_run_out()  # it is asked late
    assert not memory.exists()
    assert not cpu.exists()
    assert made.remove()


def test_a_group_of_version_2_is_one_folder_and_the_node_makes_room_for_it(tmp_path: Path) -> None:
    root = version_2(tmp_path, inside=f"{os.getpid()}\n")
    homes, why = find_homes(root, "0::/\n")
    made = Groups(homes).make(64 << 20, 2.0)
    assert made is not None
    folder = root / f"{own_prefix()}1"
    made.add(42)

    assert why == ""
    assert (root / LEAF / "cgroup.procs").read_text() == str(os.getpid())
    assert ((folder / "memory.max").read_text(), (folder / "cpu.max").read_text()) == (str(64 << 20), "200000 100000")
    assert (folder / "cgroup.procs").read_text() == "42"
    (folder / "memory.events").write_text("low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n")
    assert made.has_run_out()
    (folder / "cgroup.kill").write_text("")
    assert made.remove()
    assert not folder.exists()
    # The next nursery of this node finds itself in the leaf, and the groups beside it.
    version_2(tmp_path, opened="cpu memory")
    assert find_homes(root, f"0::/{LEAF}\n")[0] == homes


def test_only_what_is_bounded_gets_a_group(tmp_path: Path) -> None:
    made = Groups({"memory": Home(2, tmp_path)})

    assert made.make(None, 0.5) is None
    assert not list(tmp_path.iterdir())
    only = made.make(1 << 20, 0.5)
    assert only is not None
    assert sorted(each.name for each in next(tmp_path.iterdir()).iterdir()) == ["memory.max"]


REFUSED = {
    "somebody else's": (
        "shop.service",
        "cpu memory",
        "",
        "0::/shop.service\n",
        "the group /shop.service was not given",
    ),
    "others in it": ("", "cpu memory", "1\n2\n", "0::/\n", "2 processes are in the group itself"),
    "without": ("", "cpu", "", "0::/\n", "the group / does not have it"),
    "none": ("", "cpu memory", "", "", "there is no such controller"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_where_groups_may_not_be_made_it_is_said_why_and_nothing_is_touched(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, controllers, inside, listed, why = REFUSED[case]
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    version_2(tmp_path, path, controllers, inside=inside)
    before = sorted(tmp_path.rglob("*"))
    homes, said = find_homes(tmp_path, listed)

    assert "memory" not in homes
    assert f"memory: {why}" in said
    if case != "without":
        assert sorted(tmp_path.rglob("*")) == before


def test_a_group_that_systemd_gave_away_is_the_node_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version_2(tmp_path, "shop.service", opened="cpu memory")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(groups, "_is_marked", lambda folder, mark: mark == "user.delegate")

    assert find_homes(tmp_path, "0::/shop.service\n")[0] == {
        name: Home(2, tmp_path / "shop.service") for name in ("memory", "cpu")
    }


def test_groups_of_dead_nodes_are_swept_and_those_of_the_living_stay(tmp_path: Path) -> None:
    own = tmp_path / f"{own_prefix()}7"
    machine = own.name.split("-")[1]
    dead = tmp_path / f"planaria-{machine}-{2**22 + 1}-17-1"
    elsewhere = tmp_path / "planaria-00000000-1-17-1"
    for each in (own, dead, elsewhere, tmp_path / "other"):
        each.mkdir()
    Groups({"memory": Home(2, tmp_path)}).sweep()

    assert {each.name for each in tmp_path.iterdir()} == {own.name, elsewhere.name, "other"}


def test_what_cannot_be_bounded_leaves_no_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(OSError, match="the disk is gone"):
        Groups({"memory": Home(2, tmp_path)}).make(1 << 20, None)

    assert not list(tmp_path.iterdir())
