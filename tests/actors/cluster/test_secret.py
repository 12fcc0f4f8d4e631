"""The key of a convention: the same on all hosts of a cluster, and nothing that a stranger can know."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from actors.cluster import keys, secret
from actors.cluster.errors import KeyProblem


def test_hosts_of_one_ca_have_the_same_key_and_hosts_of_another_have_not(tmp_path: Path) -> None:
    pytest.importorskip("cryptography", reason="keys are made with it: pip install 'planaria[cluster]'")
    made = {"a": "one", "b": "one", "c": "two"}
    for ca in ("one", "two"):
        keys.make_ca(tmp_path / ca)
    hosts = [keys.make_host(name, tmp_path / ca, tmp_path / name) for name, ca in made.items()]

    a, b, c = map(secret.of_cluster, hosts)

    assert a == b != c
    assert len(a) == secret.SIZE


def test_a_user_has_one_key_which_nobody_else_may_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    first, second = secret.of_user(), secret.of_user()

    folder = tmp_path / "planaria"
    assert first == second
    assert [each.name for each in folder.iterdir()] == [secret.FILE]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / secret.FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("what", ["folder", "file", "link"])
def test_a_key_that_others_may_have_made_or_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = tmp_path / "planaria"
    if what == "link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        secret.of_user()
        (folder if what == "folder" else folder / secret.FILE).chmod(0o755 if what == "folder" else 0o644)

    with pytest.raises(KeyProblem, match=r"alone|may be read by others"):
        secret.of_user()


def test_keys_without_it_say_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(KeyProblem, match="make the host's keys anew with `planaria keys host a --ca CA"):
        secret.of_cluster(tmp_path, "a")


@pytest.mark.parametrize("text", ["", "zz", "00" * 31])
def test_what_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / secret.FILE
    path.write_text(text)
    os.chmod(path, 0o600)  # noqa: PTH101

    with pytest.raises(KeyProblem):
        secret.of_cluster(tmp_path)
