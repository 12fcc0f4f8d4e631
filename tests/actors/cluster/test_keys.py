"""Keys of a cluster: what is made, for whom, and what is refused."""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from actors.cluster import keys, secret, tls
from actors.cluster.errors import ClusterError, KeyProblem

pytest.importorskip("cryptography", reason="keys are made with it: pip install 'planaria[cluster]'")


@pytest.fixture
def ca(tmp_path: Path) -> Path:
    keys.make_ca(tmp_path / "ca")
    return tmp_path / "ca"


def long_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def test_a_host_has_a_certificate_of_the_ca_with_its_name(ca: Path, tmp_path: Path) -> None:
    folder = keys.make_host("web-1", ca, tmp_path / "web-1")

    security = tls.load(folder, "web-1")
    assert (security.name, security.days) == ("web-1", keys.HOST_DAYS - 1)


def test_keys_are_their_users_alone(ca: Path, tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        folder = keys.make_host("a", ca, tmp_path / "a")
    finally:
        os.umask(mask)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()} == {
        "ca.crt": 0o600,
        "convention.key": 0o600,
        "host.crt": 0o600,
        "host.key": 0o600,
    }


def test_the_key_of_the_ca_goes_to_no_host(ca: Path, tmp_path: Path) -> None:
    folder = keys.make_host("a", ca, tmp_path / "a")

    assert not (folder / keys.CA_KEY).exists()
    assert stat.S_IMODE((ca / keys.CA_KEY).stat().st_mode) == 0o600


def test_keys_are_not_overwritten_unless_that_is_asked_for(ca: Path, tmp_path: Path) -> None:
    keys.make_host("a", ca, tmp_path / "a")
    before = (tmp_path / "a" / tls.KEY).read_bytes()

    with pytest.raises(KeyProblem, match="is there already"):
        keys.make_host("a", ca, tmp_path / "a")
    with pytest.raises(KeyProblem, match="is there already"):
        keys.make_ca(ca)
    assert (tmp_path / "a" / tls.KEY).read_bytes() == before
    keys.make_host("a", ca, tmp_path / "a", replace=True)
    assert (tmp_path / "a" / tls.KEY).read_bytes() != before


def test_no_certificate_outlives_its_ca(tmp_path: Path) -> None:
    keys.make_ca(tmp_path / "ca", days=10)

    with pytest.raises(KeyProblem, match="ask for fewer --days, or make a new CA"):
        keys.make_host("a", tmp_path / "ca", tmp_path / "a", days=11)


def test_a_certificate_can_be_good_for_as_long_as_its_ca(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    keys.make_ca(tmp_path / "ca", days=10, now=now)

    keys.make_host("a", tmp_path / "ca", tmp_path / "a", days=10, now=now)


@pytest.mark.parametrize("name", ["", "a/b", "*", "a b", "x" * 64])
def test_a_name_that_is_none_gets_no_certificate(ca: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(ClusterError, match="a host's name is"):
        keys.make_host(name, ca, tmp_path / "h")


def test_a_host_does_not_start_with_the_keys_of_another(ca: Path, tmp_path: Path) -> None:
    keys.make_host("a", ca, tmp_path / "a")

    with pytest.raises(
        KeyProblem, match=r"is of host a, not of b: start the host by that name, or .* `planaria keys host b"
    ):
        tls.load(tmp_path / "a", "b")


def test_a_host_does_not_start_with_an_expired_certificate(ca: Path, tmp_path: Path) -> None:
    keys.make_host("a", ca, tmp_path / "a", days=1, now=long_ago(3))

    with pytest.raises(
        KeyProblem,
        match=r"is no good: certificate has expired by this machine's clock, .*; make a new one with `planaria keys",
    ):
        tls.load(tmp_path / "a", "a")


def test_a_host_does_not_start_with_a_key_that_others_may_read(ca: Path, tmp_path: Path) -> None:
    folder = keys.make_host("a", ca, tmp_path / "a")
    (folder / tls.KEY).chmod(0o640)

    with pytest.raises(KeyProblem, match=r"may be read by others \(mode 640\): `chmod 600"):
        tls.load(folder, "a")


def test_a_host_does_not_start_with_the_ca_of_another_cluster(ca: Path, tmp_path: Path) -> None:
    folder = keys.make_host("a", ca, tmp_path / "a")
    keys.make_ca(tmp_path / "other")
    (folder / tls.CA).write_bytes((tmp_path / "other" / tls.CA).read_bytes())

    with pytest.raises(KeyProblem, match="is no good"):
        tls.load(folder, "a")


@pytest.mark.parametrize("missing", [tls.CA, tls.CERTIFICATE, tls.KEY])
def test_what_is_missing_is_named(ca: Path, tmp_path: Path, missing: str) -> None:
    folder = keys.make_host("a", ca, tmp_path / "a")
    (folder / missing).unlink()

    with pytest.raises(KeyProblem, match=f"there is no .*{missing}: make it with `planaria keys host a --ca CA --out"):
        tls.load(folder, "a")


def test_what_is_no_certificate_is_refused_with_its_path(ca: Path, tmp_path: Path) -> None:
    folder = keys.make_host("a", ca, tmp_path / "a")
    (folder / tls.CERTIFICATE).write_text("nonsense")

    with pytest.raises(KeyProblem, match=r"host\.crt is no certificate that can be read: make new ones with"):
        tls.load(folder, "a")
    with pytest.raises(KeyProblem, match=r"host\.crt is no certificate that can be read"):
        keys.show(folder)


def test_what_is_wrong_with_certificates_is_shown(ca: Path, tmp_path: Path) -> None:
    folder = keys.make_host("a", ca, tmp_path / "a", days=20)
    (folder / tls.KEY).chmod(0o644)
    (folder / keys.CA_KEY).write_bytes(b"")

    authority, host = keys.show(folder)

    assert (authority.name, authority.is_ca, host.name, host.is_ca) == ("planaria", True, "a", False)
    assert host.problems[0].startswith(f"{folder / tls.CERTIFICATE} expires in 19 days: make a new one with `planaria")
    assert "host.key may be read by others" in host.problems[1]
    assert any("ca.key lies on a host" in each for each in authority.problems)


def others_key(folder: Path, other: Path) -> None:
    (folder / tls.KEY).write_bytes((other / tls.KEY).read_bytes())


def no_key(folder: Path, other: Path) -> None:
    (folder / tls.KEY).unlink()


def garbage(folder: Path, other: Path) -> None:
    (folder / tls.KEY).write_text("garbage")


def others_ca(folder: Path, other: Path) -> None:
    (folder / tls.CA).write_bytes((other / tls.CA).read_bytes())


def encrypted_key(folder: Path, other: Path) -> None:
    from cryptography.hazmat.primitives import serialization as words

    key = words.load_pem_private_key((folder / tls.KEY).read_bytes(), None)
    locked = words.BestAvailableEncryption(b"secret")
    (folder / tls.KEY).write_bytes(key.private_bytes(words.Encoding.PEM, words.PrivateFormat.PKCS8, locked))


def key_for_all(folder: Path, other: Path) -> None:
    (folder / tls.KEY).chmod(0o644)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (
            others_key,
            r"host\.key is not the key of .*host\.crt: make new ones with `planaria keys host a --ca CA --out",
        ),
        (no_key, r"there is no .*host\.key"),
        (garbage, r"host\.key is no key that can be read"),
        (encrypted_key, r"host\.key is no key that can be read"),
        (others_ca, r"host\.crt is no good: .* by .*ca\.crt"),
        (key_for_all, r"host\.key may be read by others"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_keys_with_which_a_host_does_not_start_are_shown_with_what_it_says(
    tmp_path: Path, ca: Path, spoil: Callable[[Path, Path], None], complaint: str
) -> None:
    folder = keys.make_host("a", ca, tmp_path / "a")
    keys.make_ca(tmp_path / "ca2")
    assert [each.problems for each in keys.show(folder)] == [(), ()]
    spoil(folder, keys.make_host("a", tmp_path / "ca2", tmp_path / "a2"))

    with pytest.raises(KeyProblem, match=complaint) as raised:
        tls.load(folder, "a")
    assert [each.problems for each in keys.show(folder)] == [(), (str(raised.value),)]


def test_a_host_whose_certificate_is_missing_is_not_shown_as_well(ca: Path, tmp_path: Path) -> None:
    folder = keys.make_host("a", ca, tmp_path / "a")
    (folder / tls.CERTIFICATE).unlink()

    (shown,) = keys.show(folder)
    (problem,) = shown.problems
    assert problem.startswith(f"there is no {folder / tls.CERTIFICATE}: make it with `planaria keys host NAME --ca CA")


def test_a_convention_key_that_others_may_read_is_shown(ca: Path, tmp_path: Path) -> None:
    folder = keys.make_host("a", ca, tmp_path / "a")
    (folder / secret.FILE).chmod(0o644)

    assert "convention.key may be read by others" in keys.show(folder)[1].problems[0]


def test_the_key_of_another_ca_signs_nobody_and_is_shown(ca: Path, tmp_path: Path) -> None:
    keys.make_ca(tmp_path / "other")
    (ca / keys.CA_KEY).write_bytes((tmp_path / "other" / keys.CA_KEY).read_bytes())

    with pytest.raises(KeyProblem, match=r"ca\.key is not the key of .*ca\.crt"):
        keys.make_host("a", ca, tmp_path / "a")
    (shown,) = keys.show(ca)
    assert "ca.key is not the key of" in shown.problems[0]


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("out", ["ca", "other"])
def test_a_folder_of_a_ca_takes_no_keys_of_a_host(ca: Path, tmp_path: Path, out: str, replace: bool) -> None:
    keys.make_ca(tmp_path / "other")
    before = contents(tmp_path / out)

    with pytest.raises(KeyProblem, match="holds the key of a CA, which belongs on no host: name another folder"):
        keys.make_host("a", ca, tmp_path / out, replace=replace)
    assert contents(tmp_path / out) == before


def contents(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


@pytest.mark.parametrize("there", [tls.KEY, tls.CERTIFICATE, tls.CA, secret.FILE])
def test_where_one_file_is_there_none_is_written(ca: Path, tmp_path: Path, there: str) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / there).write_text("mine")

    with pytest.raises(KeyProblem, match=rf"{there} is there already: name another folder .* --replace"):
        keys.make_host("a", ca, folder)
    assert contents(folder) == {there: b"mine"}
    keys.make_host("a", ca, folder, replace=True)
    assert keys.name_in(folder) == "a"


def test_where_one_file_cannot_be_written_none_is(ca: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "a"
    link = os.link

    def race(source: Path, path: Path) -> None:
        if path.name == tls.CA:
            path.write_text("somebody else's")
        link(source, path)

    monkeypatch.setattr(os, "link", race)
    with pytest.raises(KeyProblem, match="cannot be written to: File exists"):
        keys.make_host("a", ca, folder)
    assert contents(folder) == {tls.CA: b"somebody else's"}


def test_a_host_does_not_start_with_the_folder_of_the_ca_and_is_told_how_to_get_its_own(ca: Path) -> None:
    with pytest.raises(KeyProblem, match=f"is the folder of a CA and no host's: .* `planaria keys host a --ca {ca}`"):
        tls.load(ca, "a")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("name", [tls.KEY, secret.FILE, keys.CA_KEY])
def test_a_key_that_belongs_to_another_user_may_be_read_by_him(ca: Path, tmp_path: Path, name: str) -> None:
    folder = ca if name == keys.CA_KEY else keys.make_host("a", ca, tmp_path / "a")
    os.chown(folder / name, 1234, -1)

    *_, shown = keys.show(folder)
    assert shown.problems == (f"{folder / name} belongs to user 1234, who may read it: `chown 0 {folder / name}`",)
    if name != keys.CA_KEY:
        with pytest.raises(KeyProblem, match="belongs to user 1234"):
            (tls.load if name == tls.KEY else secret.of_cluster)(folder)


def test_keys_tell_whose_they_are(ca: Path, tmp_path: Path) -> None:
    assert keys.name_in(keys.make_host("web-1", ca, tmp_path / "a")) == "web-1"


def test_what_is_to_be_done_about_keys_can_be_copied(ca: Path, tmp_path: Path) -> None:
    folder = keys.make_host("a", ca, tmp_path / "keys of a", days=1, now=long_ago(3))

    with pytest.raises(KeyProblem) as raised:
        tls.load(folder, "a")
    command = re.search("`(.*)`", str(raised.value))
    assert command is not None
    words = shlex.split(command[1])
    assert words == ["planaria", "keys", "host", "a", "--ca", "CA", "--out", str(folder), "--replace"]


def test_a_folder_without_certificates_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(KeyProblem, match="there are no certificates in"):
        keys.show(tmp_path)


@pytest.mark.parametrize("days", [0.0, -1.0, float("nan"), 1e12])
def test_a_certificate_is_good_for_a_time_that_there_is(tmp_path: Path, days: float) -> None:
    with pytest.raises(KeyProblem):
        keys.make_ca(tmp_path / "ca", days=days)
