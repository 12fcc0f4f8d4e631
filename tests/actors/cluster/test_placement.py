"""On which host a life goes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from actors.cluster.errors import NoHostFits
from actors.cluster.placement import AVOIDED, FAILURES, SHOWN, Failures, choose, why_not
from actors.cluster.values import HostView
from actors.places.place import Host, Process, Thread, place_of


def host(name: str, *, lives: int = 0, cores: int = 1, state: str = "up", boot: int = 1, **more: Any) -> HostView:
    capabilities, zone = more.get("has", {}), more.get("zone", "")
    is_up = state in ("up", "draining")
    return HostView(
        name, boot, "10.0.0.1:7400", zone, capabilities, cores, lives, state, is_up, False, more.get("serves", True)
    )


def test_the_least_loaded_host_is_chosen() -> None:
    assert choose([host("a", lives=2), host("b", lives=1), host("c", lives=3)], {}).name == "b"


def test_load_is_by_processor() -> None:
    assert choose([host("a", lives=3, cores=8), host("b", lives=1, cores=1)], {}).name == "a"


def test_equals_are_taken_by_name() -> None:
    assert choose([host("c"), host("a"), host("b")], {}).name == "a"


def test_a_life_goes_only_where_there_is_what_it_asks_for() -> None:
    hosts = [host("a"), host("b", has={"gpu": False}), host("c", lives=9, has={"gpu": True, "ram": 64})]

    assert choose(hosts, {"gpu": True}).name == "c"


@pytest.mark.parametrize(("wanted", "found"), [("eu", "b"), ("eu/a", "b"), ("eu/b", None), ("e", None)])
def test_a_zone_holds_all_that_is_in_it(wanted: str, found: str | None) -> None:
    hosts = [host("a", zone="us"), host("b", zone="eu/a")]

    if found is not None:
        assert choose(hosts, {"zone": wanted}).name == found
    else:
        with pytest.raises(NoHostFits):
            choose(hosts, {"zone": wanted})


def test_a_host_can_be_asked_for_by_its_name() -> None:
    assert choose([host("a"), host("b", lives=9)], {"host": "b"}).name == "b"


def test_where_it_has_failed_to_begin_a_life_goes_only_if_there_is_no_other() -> None:
    hosts = [host("a"), host("b", lives=9), host("c", lives=8)]

    assert choose(hosts, {}, failed={"a": 1.0}).name == "c"
    assert choose(hosts, {}, failed={"a": 1.0, "c": 2.0}).name == "b"
    assert choose(hosts, {}, tried={"b"}, failed={"a": 1.0, "c": 2.0}).name == "a"


def test_where_it_has_failed_everywhere_it_goes_where_that_is_longest_ago() -> None:
    assert choose([host("a"), host("b"), host("c")], {}, failed={"a": 3.0, "b": 1.0, "c": 2.0}).name == "b"


def test_a_failed_start_is_forgotten_after_a_while() -> None:
    failures, a = Failures(), host("a")
    failures.note("t/p", a, 10.0)

    assert failures.of("t/p", hosts=[a, host("b")], now=10.0 + AVOIDED) == {"a": 10.0}
    assert failures.of("t/p", hosts=[a, host("b")], now=10.1 + AVOIDED) == {}


def test_a_failed_start_is_held_against_nobody_else() -> None:
    failures, a = Failures(), host("a")
    failures.note("t/p", a, 1.0)
    failures.note("m:C", a, 2.0)

    assert failures.of("t/q", "m:D", hosts=[a], now=3.0) == {}
    assert failures.of("t/p", "m:D", hosts=[a], now=3.0) == {"a": 1.0}
    assert failures.of("t/p", "m:C", hosts=[a], now=3.0) == {"a": 2.0}


def test_a_host_that_was_started_again_has_never_failed() -> None:
    failures = Failures()
    failures.note("t/p", host("a", boot=1), 1.0)

    assert failures.of("t/p", hosts=[host("a", boot=2)], now=1.0) == {}


def test_of_more_failed_starts_than_are_remembered_the_last_ones_are() -> None:
    failures, a = Failures(), host("a")
    for number in range(FAILURES + 1):
        failures.note(f"t/p{number % FAILURES}", a, number / FAILURES)
    failures.note("t/q", a, 2.0)

    known = [each for each in range(FAILURES) if failures.of(f"t/p{each}", hosts=[a], now=2.0)]
    assert known == [0, *range(2, FAILURES)]


def test_a_refusal_names_what_was_asked_for_and_why_each_host_does_not_fit() -> None:
    hosts = [
        host("down", state="down"), host("full", state="draining"), host("mine", serves=False), host("none"),
        host("other", has={"gpu": "tpu"}), host("tried", has={"gpu": True}),
    ]  # fmt: skip

    with pytest.raises(NoHostFits) as raised:
        choose(hosts, {"gpu": True}, {"tried"})

    assert str(raised.value) == (
        "no host for Host(gpu=True): down is down; full is draining; mine runs nobody else's lives; none has no gpu; "
        "other has gpu='tpu'; tried has refused"
    )


def test_a_refusal_is_short_however_many_hosts_there_are() -> None:
    with pytest.raises(NoHostFits, match="and 92 more"):
        choose([host(f"h{number}") for number in range(SHOWN + 92)], {"gpu": True})


def test_nobody_there_is_said_so() -> None:
    with pytest.raises(NoHostFits, match="this host knows of no other"):
        choose([], {})


def test_a_host_that_is_drained_takes_nothing() -> None:
    assert why_not(host("a", state="draining"), {}) == "is draining"


def test_a_place_on_a_host_is_a_value() -> None:
    assert Host(gpu=True, zone="eu") == Host(zone="eu", gpu=True)
    assert place_of(Host(gpu=True)) == Host(gpu=True)
    assert repr(Host(gpu=True, on=Process(cpu=3))) == "Host(gpu=True, on=Process(memory=None, cpu=3, patience=5.0))"


@pytest.mark.parametrize("wrong", [{"gpu": object()}, {"on": "process"}, {"gpu": None}])
def test_a_place_that_no_host_can_be_is_refused_when_it_is_written(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Host\.(gpu|on) must be"):
        Host(**wrong)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Process(patience=None),  # type: ignore[arg-type]
         "Process.patience must be at least 0.1, or math.inf for no bound; got None"),
        (lambda: Process(patience=0.01), "Process.patience must be at least 0.1, or math.inf for no bound; got 0.01"),
        (lambda: Process(cpu=0.5), "Process.cpu must be at least 1, or None for no bound; got 0.5"),
        (lambda: Thread(patience=True), "Thread.patience must be at least 0.1, or None for no bound; got True"),
    ],
)  # fmt: skip
def test_a_bound_that_is_none_says_what_would_be_one(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make()
