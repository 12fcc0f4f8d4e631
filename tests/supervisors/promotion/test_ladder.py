"""The decision about a child's place, as a function of evidence and time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.places.place import Host, Process, Thread
from supervisors import INFINITY, Promote
from supervisors.promotion.ladder import Ladder, Rung, Step
from supervisors.promotion.policy import KINDS

LOOP, THREAD, PROCESS, HOST = Rung


def test_the_third_time_that_it_blocks_the_loop_it_goes_to_a_thread() -> None:
    ladder = Ladder(Promote(), None)

    assert [ladder.hear("blocked", LOOP, now) for now in (0.0, 1.0)] == [None, None]
    assert ladder.hear("blocked", LOOP, 2.0) == Step(LOOP, THREAD, "blocked", 3, 300.0)
    assert ladder.place == Thread()


def test_memory_leads_past_the_thread_which_bounds_none() -> None:
    ladder = Ladder(Promote(after=1, process=Process(memory=1 << 30)), None)

    assert ladder.hear("memory", LOOP, 0.0) == Step(LOOP, PROCESS, "memory", 1, 300.0)
    assert ladder.place == Process(memory=1 << 30)


def test_from_a_thread_everything_leads_to_a_process() -> None:
    for kind in KINDS:
        ladder = Ladder(Promote(after=1), Thread())
        step = ladder.hear(kind, THREAD, 0.0)
        assert (step.to if step else None) is PROCESS


def test_a_process_is_the_last_rung_unless_a_host_is_named() -> None:
    assert Ladder(Promote(after=1), Process()).hear("signal", PROCESS, 0.0) is None

    ladder = Ladder(Promote(after=1, host=Host(gpu=True)), Process())

    assert ladder.hear("signal", PROCESS, 0.0) == Step(PROCESS, HOST, "signal", 1, 300.0)
    assert ladder.place == Host(gpu=True)
    assert ladder.hear("signal", HOST, 1.0) is None


def test_what_the_policy_does_not_name_is_no_evidence() -> None:
    ladder = Ladder(Promote(after=1, on=("memory",)), None)

    assert ladder.hear("blocked", LOOP, 0.0) is None
    assert ladder.is_home


def test_evidence_further_apart_than_calm_begins_to_count_anew() -> None:
    ladder = Ladder(Promote(after=2, calm=10.0), None)

    assert [ladder.hear("blocked", LOOP, now) for now in (0.0, 10.0, 20.0)] == [None, None, None]
    assert ladder.hear("blocked", LOOP, 29.9) is not None


def test_a_life_that_is_on_its_way_out_speaks_for_nothing_more() -> None:
    ladder = Ladder(Promote(after=1), None)
    ladder.hear("blocked", LOOP, 0.0)

    assert ladder.hear("blocked", LOOP, 0.1) is None
    assert ladder.rung is THREAD


def test_calm_brings_it_back_in_by_the_step_that_led_out() -> None:
    ladder = Ladder(Promote(after=1), None)
    ladder.hear("blocked", LOOP, 0.0)
    ladder.hear("memory", THREAD, 100.0)

    assert ladder.due == 400.0
    assert ladder.settle(399.9) is None
    assert ladder.settle(400.0) == Step(PROCESS, THREAD, None, 0, 300.0)
    assert ladder.due == 700.0
    assert ladder.settle(700.0) == Step(THREAD, LOOP, None, 0, 300.0)
    assert ladder.due is None


def test_evidence_further_out_puts_the_return_off() -> None:
    ladder = Ladder(Promote(after=1), None)
    ladder.hear("memory", LOOP, 0.0)
    ladder.hear("signal", PROCESS, 200.0)

    assert ladder.settle(300.0) is None
    assert ladder.due == 500.0


def test_each_time_that_it_has_to_go_out_again_twice_the_calm_is_asked_for() -> None:
    ladder = Ladder(Promote(after=1), None)
    now, asked = 0.0, []
    for _ in range(10):
        step = ladder.hear("memory", LOOP, now)
        assert step is not None
        asked.append(step.calm)
        assert ladder.due is not None
        now = ladder.due
        ladder.settle(now)

    assert asked == [300.0, 600.0, 1200.0, 2400.0, 4800.0, 9600.0, 19_200.0, 38_400.0, 76_800.0, 86_400.0]


def test_a_day_at_home_without_evidence_is_a_new_beginning() -> None:
    ladder = Ladder(Promote(after=1), None)
    ladder.hear("memory", LOOP, 0.0)
    ladder.settle(300.0)
    ladder.hear("memory", LOOP, 400.0)
    ladder.settle(1000.0)

    step = ladder.hear("memory", LOOP, 1000.0 + 86_400.0)

    assert step is not None
    assert step.calm == 300.0


def test_without_an_end_to_calm_it_stays_out() -> None:
    ladder = Ladder(Promote(after=1, calm=INFINITY), None)
    ladder.hear("memory", LOOP, 0.0)

    assert ladder.due is None
    assert ladder.settle(1e9) is None


def test_one_that_does_not_start_out_there_is_sent_back_and_stays_for_a_while() -> None:
    ladder = Ladder(Promote(after=1, calm=10.0), None)
    ladder.hear("blocked", LOOP, 0.0)

    assert ladder.failed(THREAD, 1.0) == Step(THREAD, LOOP, None, 0, 0.0)
    assert ladder.hear("blocked", LOOP, 10.0) is None
    assert ladder.hear("blocked", LOOP, 11.0) is not None


def test_one_that_does_not_start_at_home_changes_nothing() -> None:
    ladder = Ladder(Promote(after=1), None)

    assert ladder.failed(LOOP, 0.0) is None
    ladder.hear("blocked", LOOP, 1.0)
    assert ladder.failed(LOOP, 2.0) is None, "a successor of before"
    assert ladder.rung is THREAD


events = st.lists(
    st.tuples(
        st.sampled_from(["signal", "memory", "blocked", "settle", "failed"]),
        st.sampled_from(list(Rung)),
        st.floats(0.0, 1000.0),
    ),
    max_size=60,
)


@given(events, st.integers(1, 3), st.sampled_from([None, Thread()]), st.booleans())
def test_whatever_happens_it_is_a_step_at_a_time_and_never_further_in_than_home(
    schedule: list[tuple[str, Rung, float]], after: int, home: Thread | None, has_host: bool
) -> None:
    ladder = Ladder(Promote(after=after, calm=50.0, host=Host() if has_host else None), home)
    order = list(Rung)
    base, now, heard = ladder.rung, 0.0, 0
    for what, rung, seconds in schedule:
        now += seconds
        before = ladder.rung
        if what == "settle":
            step = ladder.settle(now)
        elif what == "failed":
            step = ladder.failed(rung, now)
        else:
            step = ladder.hear(what, rung, now)
            heard += 1
        if step is None:
            assert ladder.rung is before
            continue
        assert (step.was, step.to) == (before, ladder.rung)
        assert (order.index(step.to) > order.index(step.was)) is (step.kind is not None)
        assert order.index(ladder.rung) >= order.index(base)
        assert ladder.rung is not HOST or has_host
        if step.kind is not None:
            assert heard >= after
            heard = 0
    assert ladder.is_home is (ladder.rung is base)
