"""Keys of a cluster: what is made, for whom, and what is refused."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from actors.cluster import keys, tls
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

    with pytest.raises(KeyProblem, match="is of host a, not of b: start the host by that name"):
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

    with pytest.raises(KeyProblem, match=f"there is no .*{missing}: make it with `planaria keys host a --out"):
        tls.load(folder, "a")


def test_what_is_no_certificate_is_refused_with_its_path(ca: Path, tmp_path: Path) -> None:
    folder = keys.make_host("a", ca, tmp_path / "a")
    (folder / tls.CERTIFICATE).write_text("nonsense")

    with pytest.raises(KeyProblem, match="cannot be used"):
        tls.load(folder, "a")
    with pytest.raises(KeyProblem, match=r"host\.crt is no certificate that can be read"):
        keys.show(folder)


def test_what_is_wrong_with_certificates_is_shown(ca: Path, tmp_path: Path) -> None:
    folder = keys.make_host("a", ca, tmp_path / "a", days=20)
    (folder / tls.KEY).chmod(0o644)
    (folder / keys.CA_KEY).write_bytes(b"")

    authority, host = keys.show(folder)

    assert (authority.name, authority.is_ca, host.name, host.is_ca) == ("planaria", True, "a", False)
    assert host.problems[0] == "it expires in 19 days"
    assert "host.key may be read by others" in host.problems[1]
    assert any("the CA's key lies on a host" in each for each in authority.problems)


def test_a_folder_without_certificates_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(KeyProblem, match="there are no certificates in"):
        keys.show(tmp_path)


@pytest.mark.parametrize("days", [0.0, -1.0, float("nan"), 1e12])
def test_a_certificate_is_good_for_a_time_that_there_is(tmp_path: Path, days: float) -> None:
    with pytest.raises(KeyProblem):
        keys.make_ca(tmp_path / "ca", days=days)
