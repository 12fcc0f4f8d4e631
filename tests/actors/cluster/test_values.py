"""What a host says of itself, and how a process is told to be one."""

from __future__ import annotations

import re
from typing import Any

import pytest

from actors.cluster.errors import ClusterError
from actors.cluster.values import (
    CAPABILITIES,
    CONVENTION_PORT,
    PORT,
    HostInfo,
    HostState,
    Membership,
    check_capabilities,
    read_address,
    read_leaders,
    spell_address,
)

INFO = HostInfo("a", 5, 2, "10.0.0.1:7400", "eu/a", {"gpu": True, "ram": 64}, 8, 3, HostState.DRAINING, False)


def test_what_a_host_says_of_itself_travels_as_plain_values() -> None:
    assert HostInfo.from_plain(INFO.to_plain()) == INFO


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, ""), (0, "a b"), (0, "a" * 64), (0, 7), (0, "ä"), (1, -1), (1, True), (1, 1 << 63), (2, "1"), (3, None),
        (3, "x" * 256), (4, b""), (5, []), (5, {"gpu": []}), (5, {"host": "b"}), (5, {"a-b": 1}), (6, 0), (7, -1),
        (8, "away"), (9, 1),
    ],
)  # fmt: skip
def test_what_is_no_host_is_refused(place: int, value: Any) -> None:
    plain = INFO.to_plain()
    plain[place] = value

    with pytest.raises((ClusterError, ValueError, TypeError)):
        HostInfo.from_plain(plain)


@pytest.mark.parametrize("plain", [None, [], INFO.to_plain()[:-1], [*INFO.to_plain(), 1], "a", {}])
def test_what_has_other_parts_is_refused(plain: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        HostInfo.from_plain(plain)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.1:80", ("10.0.0.1", 80)), ("10.0.0.1", ("10.0.0.1", PORT)), ("[::1]:80", ("::1", 80)),
        ("::1", ("::1", PORT)), ("[fd00::1]", ("fd00::1", PORT)), ("one.example:0", ("one.example", 0)),
    ],
)  # fmt: skip
def test_an_address_is_read(text: str, address: tuple[str, int]) -> None:
    assert read_address(text) == address
    assert read_address(spell_address(*address)) == address


NO_NAMES = ["10.9.0..1", "a..b:80", ".foo", "x" * 64, f"{'x' * 64}.example:80", "a\0b", "ä" * 64]


@pytest.mark.parametrize("text", ["", ":", ":80", "a:b", "a:65536", "a:-1", None, 7, "[]:80", *NO_NAMES])
def test_what_is_no_address_is_refused_with_an_example(text: Any) -> None:
    with pytest.raises(ClusterError, match=f"as in 10.0.0.1:{PORT}"):
        read_address(text)


def test_an_address_is_kept_in_one_spelling_with_its_port_and_once() -> None:
    spelled = ("10.9.0.1", "10.9.0.1:7400", "[fd00:0::1]", "fd00::1", "One.example", "one.example:7400")

    membership = Membership("a", join=spelled, listen="0.0.0.0", keys="k", advertise="10.9.0.2")

    assert membership.join == ("10.9.0.1:7400", "[fd00::1]:7400", "one.example:7400")
    assert membership.advertise == "10.9.0.2"


def test_without_keys_a_host_listens_on_loopback_only_and_says_how_to_get_out() -> None:
    with pytest.raises(ClusterError) as raised:
        Membership("a", listen="10.0.0.1:7400")

    assert str(raised.value) == (
        "host a has no keys, so it may not listen on 10.0.0.1: make some with `planaria keys ca` and `planaria keys "
        "host`, and name their folder with --keys; or listen on 127.0.0.1"
    )


@pytest.mark.parametrize("address", [None, "127.0.0.1", "127.0.0.9:1", "[::1]:7400", "localhost:7400"])
def test_without_keys_loopback_will_do(address: str | None) -> None:
    assert Membership("a", listen=address).keys is None


def test_an_address_that_nobody_can_reach_must_be_advertised_as_another() -> None:
    with pytest.raises(ClusterError, match="--advertise ADDRESS:9"):
        Membership("a", listen="0.0.0.0:9", keys="k")

    assert Membership("a", listen="0.0.0.0:9", keys="k", advertise="10.0.0.1:9").advertise == "10.0.0.1:9"


@pytest.mark.parametrize("address", ["0.0.0.0", "*", "0", "0x0", "::", "0::0"])
def test_any_address_of_a_machine_is_none_that_others_reach_however_it_is_spelt(address: str) -> None:
    with pytest.raises(ClusterError, match="which is no address that others can reach: say which with --advertise"):
        Membership("a", listen=spell_address(address, 9), keys="k")
    with pytest.raises(ClusterError, match="no address of any host"):
        Membership("a", join=(spell_address(address, 9),))


@pytest.mark.parametrize("listen", [None, "127.0.0.1:7500", "[::1]:7500"])
def test_a_host_on_loopback_joins_other_machines_only_if_it_says_where_they_reach_it(listen: str | None) -> None:
    with pytest.raises(ClusterError, match=r"where 10\.0\.0\.1:7400 and other machines cannot reach it: listen on an"):
        Membership("a", listen=listen, keys="k", join=("127.0.0.1:1", "10.0.0.1:7400"))

    assert Membership("a", listen=listen, keys="k", join=("10.0.0.1",), advertise="10.0.0.2").listen == listen
    assert Membership("a", listen=listen, keys="k", join=("127.0.0.2", "localhost", "a.example")).listen == listen


@pytest.mark.parametrize(
    "wrong",
    [{"patience": 0.4}, {"lease": 0.1}, {"patience": float("nan")}, {"lease": "2"}, {"discovery": "hope"},
     {"join": ("x:y",)}, {"name": "a/b"}, {"capabilities": {"zone": "eu"}},
     {"join": ("10.0.0.1:0",)}, {"join": ("0.0.0.0:1",)}, {"join": ("a b",)}, {"advertise": "[::]:1"}, {"name": ".."},
     {"zone": "/"}, {"zone": "eu//a"}, {"zone": "eu/a/"}, {"zone": " eu"}, {"zone": "e\nu"}, {"zone": "x" * 256},
     {"capabilities": {"class": 1}}, {"capabilities": {"gpu": float("nan")}}],
)  # fmt: skip
def test_a_membership_out_of_range_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ClusterError):
        Membership(**{"name": "a", **wrong})


@pytest.mark.parametrize(
    ("listen", "leaders", "why"),
    [
        (None, (), "one to 3 leaders, named with --leader; got 0"),
        (None, ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"), "got 4"),
        (None, ("127.0.0.1:1", "127.0.0.1:2"), "two leaders have one address"),
        (None, ("localhost",), "one address of IPv4, as 10.0.0.1; got 'localhost'"),
        ("[::1]:0", ("127.0.0.1",), "got '::1'"),
        (None, ("10.0.0.1",), "of 127.0.0.1 and 10.0.0.1 one is this machine's alone"),
    ],
)
def test_a_convention_that_cannot_be_is_refused(listen: str | None, leaders: tuple[str, ...], why: str) -> None:
    with pytest.raises(ClusterError, match=re.escape(why)):
        Membership("a", listen=listen, discovery="thespian", leaders=leaders)


def test_leaders_have_a_port_of_their_own_and_need_a_convention() -> None:
    assert read_leaders(("127.0.0.2", "127.0.0.3:9"), "127.0.0.1") == [("127.0.0.2", CONVENTION_PORT), ("127.0.0.3", 9)]
    with pytest.raises(ClusterError, match="need --discovery thespian"):
        Membership("a", leaders=("127.0.0.1",))


@pytest.mark.parametrize(
    "wrong",
    [{f"c{number}": 1 for number in range(CAPABILITIES + 1)}, {f"c{number}": "x" * 255 for number in range(17)}],
)
def test_capabilities_are_few_and_small_for_all_hosts_are_told_of_them(wrong: dict[str, Any]) -> None:
    with pytest.raises(ClusterError, match="at most"):
        check_capabilities(wrong)
