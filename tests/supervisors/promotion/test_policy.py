"""What can be said about promotion, and what is refused when it is said."""

from __future__ import annotations

import math
from typing import Any

import pytest

from actors import Actor
from actors.places.place import Host, Process, Thread
from supervisors import INFINITY, DynamicSupervisor, Promote, SpecError, Supervisor, child


class Worker(Actor):
    """Does nothing."""


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"after": 0}, "Promote.after"),
        ({"after": 1.5}, "Promote.after"),
        ({"after": True}, "Promote.after"),
        ({"on": "signal"}, "Promote.on"),
        ({"on": ()}, "Promote.on"),
        ({"on": ("signal", "boredom")}, "Promote.on"),
        ({"on": (["signal"],)}, "Promote.on"),
        ({"calm": 0}, "Promote.calm"),
        ({"calm": math.nan}, "Promote.calm"),
        ({"calm": "soon"}, "Promote.calm"),
        ({"process": "process"}, "Promote.process"),
        ({"host": "gpu"}, "Promote.host"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_by_its_name(options: dict[str, Any], field: str) -> None:
    with pytest.raises(SpecError) as refused:
        Promote(**options)

    assert refused.value.field == field


def test_it_reads_as_it_is_written() -> None:
    assert repr(Promote()) == "Promote()"
    assert repr(Promote(after=1, on=("memory",), calm=60.0)) == "Promote(after=1, on=('memory',), calm=60.0)"


def test_kinds_have_no_order_and_come_once() -> None:
    assert Promote(on=("memory", "signal", "memory")) == Promote(on=("signal", "memory"))


@pytest.mark.parametrize(
    ("promote", "place", "part"),
    [
        (Promote(), "process", "Promote(host=Host())"),
        (Promote(), Process(memory=1 << 30), "Promote(host=Host())"),
        (Promote(host=Host()), Host(gpu=True), "as far out as it can be"),
        (Promote(on=("signal",)), "loop", "on the loop alone"),
        (Promote(on=("signal",)), "thread", "in a thread alone"),
    ],
    ids=str,
)
def test_a_child_that_can_go_no_further_out_is_not_to_be_promoted(promote: Promote, place: Any, part: str) -> None:
    with pytest.raises(SpecError, match="promote") as refused:
        child(Worker, id="w", place=place, promote=promote)

    assert part in str(refused.value)


def test_a_child_in_a_process_may_go_to_a_host() -> None:
    spec = child(Worker, id="w", place="process", promote=Promote(on=("signal",), host=Host(gpu=True)))

    assert spec.promote == Promote(on=("signal",), host=Host(gpu=True))


def test_a_policy_belongs_to_supervisors_too_and_is_part_of_how_they_read() -> None:
    policy = Promote(after=2)

    assert Supervisor("s", [], promote=policy).promote is policy
    assert repr(DynamicSupervisor("d", promote=policy)) == "DynamicSupervisor('d', promote=Promote(after=2))"
    with pytest.raises(SpecError, match="must be a Promote"):
        Supervisor("s", [], promote="process")  # type: ignore[arg-type]
    with pytest.raises(SpecError, match="must be a Promote"):
        child(Worker, id="w", promote=3)  # type: ignore[arg-type]


def test_calm_is_doubled_up_to_a_day_unless_it_was_longer_from_the_start() -> None:
    assert [Promote().calm_after(times) for times in (0, 1, 2, 20, 10_000)] == [
        300.0,
        600.0,
        1200.0,
        86_400.0,
        86_400.0,
    ]
    assert Promote(calm=100_000.0).calm_after(3) == 100_000.0
    assert Promote(calm=INFINITY).calm_after(1) == INFINITY


def test_where_nothing_leads_further_out() -> None:
    assert [Promote().leads_out(place) for place in (None, Thread(), Process(), Host())] == [True, True, False, False]
