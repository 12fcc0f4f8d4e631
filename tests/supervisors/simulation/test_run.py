"""Simulated runs: exact timelines of small trees, one fault at a time; the same seed, the same run."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from actors import Actor, Brownout, CoDel, Mailbox, handle
from actors.places.place import Host
from supervisors.apoptosis.policy import Apoptosis, Lifetime
from supervisors.backoff import Backoff
from supervisors.checks.chance import fits, longest
from supervisors.checks.giveup import escalation
from supervisors.checks.places import Place
from supervisors.promotion.policy import Promote
from supervisors.simulation import FaultError, Outcome, TargetError, simulate, spell, timeline
from supervisors.simulation.run import AFTERMATH, AT_ONCE, LENGTH
from supervisors.simulation.targets import workers_of
from supervisors.spec import ChildSpec, DynamicSupervisor, Pool, Supervisor, Tree, child


class Loud(Actor):
    """Nobody may start it: it is somebody's real work."""

    def __init__(self) -> None:
        raise AssertionError("the real actor was started")


def worker(id: str = "mail", **options: Any) -> ChildSpec:
    return child(Loud, id=id, **options)


def shop(*children: Any, **options: Any) -> Supervisor:
    return Supervisor("shop", children or [worker()], **options)


def lines(tree: Tree, *faults: str, **options: Any) -> list[str]:
    """The timeline without the stop at the end of the run."""
    return [
        line
        for line in timeline(simulate(tree, faults, **options).entries)
        if "the run is over" not in line and "it has stopped" not in line
    ]


def of(outcome: Outcome, path: str) -> Any:
    return next(account for account in outcome.accounts if account.path == path)


# -- each fault --------------------------------------------------------------------------------------------------------


def test_without_faults_everything_serves_all_the_time() -> None:
    outcome = simulate(shop(), length=3600.0)

    assert timeline(outcome.entries) == [
        "00:00:00.000  shop is ready with 1 child after 0 s",
        "01:00:00.000  the run is over, and the tree is told to stop",
        "01:00:00.000  it has stopped, after 0 s",
    ]
    assert (outcome.is_well, outcome.missing, outcome.restarts, outcome.gaps) == (True, 0.0, 0, ())


def test_a_worker_that_is_down_uses_up_a_budget_without_a_wait_at_once() -> None:
    outcome = simulate(shop(max_restarts=1), ["mail down 10m at 1s"])

    given_up = "shop gives up on mail (crashed(Down: it cannot start)): 2 restarts within 5 s, 1 allowed"
    assert timeline(outcome.entries) == [
        "00:00:00.000  shop is ready with 1 child after 0 s",
        "00:00:01.000  fault: shop/mail is down for 10 min",
        "00:00:01.000  shop/mail died: crashed(Down) (life 1, 1 s); it is restarted",
        "00:00:01.000  shop/mail did not start: crashed(Down: it cannot start) (attempt 2); its supervisor gives up",
        f"00:00:01.000  {given_up}",
        "00:00:01.000  shop ends (shutdown), stopping 0 children",
        f"00:00:01.000  the tree has ended: {given_up}",
    ]
    assert (outcome.gave_up, outcome.is_well, outcome.gave_up_at, outcome.missing) == (True, False, 1.0, LENGTH - 1.0)


def test_a_worker_with_a_backoff_is_back_soon_after_it_can_start_again() -> None:
    tree = shop(worker(backoff=Backoff(1.0, 2.0)), max_restarts=9, within=10.0)

    outcome = simulate(tree, ["mail down 3s at 1m"], seed=3)

    (gap,) = outcome.gaps
    account = of(outcome, "shop/mail")
    assert (outcome.is_well, gap.began, account.deaths, account.restarts, account.now) == (True, 60.0, 1, 1, "serves")
    assert gap.ended is not None
    assert 63.0 <= gap.ended <= 65.0
    assert (account.down, account.longest, outcome.missing) == pytest.approx((gap.ended - 60.0,) * 3)


def test_the_end_of_the_fault_and_of_the_gap_are_in_the_timeline() -> None:
    tree = shop(worker(backoff=Backoff(5.0, 5.0)))

    outcome = simulate(tree, ["mail down 1ms at 1m"])

    over, served, calm = outcome.entries[4:7]
    assert [entry.kind for entry in outcome.entries[:4]] == ["Ready", "fault", "Died", "Waiting"]
    assert (str(over), served.kind) == ("00:01:00.001  fault: shop/mail can start again", "Serving")
    assert (calm.at, calm.text) == (served.at, f"everything serves again, after {spell(served.at - 60.0)}")


def test_a_crash_is_over_when_it_has_happened() -> None:
    assert lines(shop(), "mail crash at 90s") == [
        "00:00:00.000  shop is ready with 1 child after 0 s",
        "00:01:30.000  fault: shop/mail is crashed",
        "00:01:30.000  shop/mail died: crashed(Crash) (life 1, 90 s); it is restarted",
        "00:01:30.000  shop/mail serves again (life 2, 0 s after the last one ended)",
        "00:01:30.000  everything serves again, after 0 s",
    ]


@pytest.mark.parametrize(("fault", "deaths"), [("every 10s times 4", 4), ("every 10s", 6), ("every 1m", 1)])
def test_a_crash_repeats_as_often_as_it_is_told_to_or_until_the_end(fault: str, deaths: int) -> None:
    outcome = simulate(shop(), [f"mail crash at 1s {fault}"], length=60.0)

    assert of(outcome, "shop/mail").deaths == deaths


def test_a_slow_start_delays_the_first_one_too() -> None:
    outcome = simulate(shop(), ["mail slow 4s"])

    assert (outcome.served_at, outcome.is_well) == (4.0, True)


def test_a_slow_start_makes_the_gap_as_long() -> None:
    outcome = simulate(shop(), ["mail slow 4s at 1s for 10s", "mail crash at 5s", "mail crash at 20s"])

    assert [(gap.began, gap.ended) for gap in outcome.gaps] == [(5.0, 9.0), (20.0, 20.0)]


def test_a_worker_that_hangs_is_killed_after_its_shutdown_and_its_successor_is_well() -> None:
    tree = shop(worker("a"), worker("b", shutdown=3.0), strategy="one_for_all")

    outcome = simulate(tree, ["b hang at 1s", "a crash at 2s", "a crash at 60s"], length=100.0)

    assert [(gap.began, gap.ended) for gap in outcome.gaps] == [(2.0, 5.0), (60.0, 60.0)]
    assert "00:00:05.000  shop/b was stopped in 3 s: killed, which was not expected" in timeline(outcome.entries)


def test_one_that_hangs_at_the_end_holds_up_the_stop() -> None:
    outcome = simulate(shop(), ["mail hang"], length=100.0)

    assert (outcome.stopping, timeline(outcome.entries)[-3:]) == (
        5.0,
        [
            "00:01:40.000  the run is over, and the tree is told to stop",
            "00:01:45.000  shop/mail was stopped in 5 s: killed, which was not expected",
            "00:01:45.000  it has stopped, after 5 s",
        ],
    )


def test_a_hang_waits_for_a_life_if_there_is_none() -> None:
    tree = shop(worker(backoff=Backoff(5.0, 5.0)), max_restarts=99)

    assert simulate(tree, ["mail down 60s at 1s", "mail hang at 30s"], length=100.0).stopping == 5.0


def test_a_start_that_is_stuck_takes_all_the_time_it_is_given() -> None:
    outcome = simulate(shop(worker(start_timeout=7.0)), ["mail stuck-start at 10s times 2"], length=100.0)

    account = of(outcome, "shop/mail")
    assert ([(gap.began, gap.ended) for gap in outcome.gaps], account.failed) == ([(10.0, 24.0)], 2)


def test_damage_is_repaired_then_replaced_without_a_gap() -> None:
    class Mended(Loud):
        def repair(self, level: int) -> None:
            raise AssertionError("the real repair was called")

    tree = shop(child(Mended, id="mail", apoptosis=Apoptosis()))

    outcome = simulate(tree, ["mail damage 1 every 1s times 3"], length=60.0)

    assert [entry.kind for entry in outcome.entries if entry.path == "shop/mail"][:10] == [
        "fault", "Damaged", "Repairing", "fault", "Damaged", "Repairing", "fault", "Damaged", "Replacing", "Replaced",
    ]  # fmt: skip
    assert (of(outcome, "shop/mail").replaced, outcome.gaps, outcome.is_well) == (1, (), True)


def test_an_actor_that_cannot_be_repaired_is_not() -> None:
    outcome = simulate(shop(worker(apoptosis=Apoptosis())), ["mail damage 1 every 1s times 3"], length=60.0)

    assert "Repairing" not in [entry.kind for entry in outcome.entries]


def test_lifetimes_pass_without_any_fault() -> None:
    policy = Apoptosis(lifetime=Lifetime(seconds=600.0))
    outcome = simulate(Pool("shop", worker(apoptosis=policy), size=4), length=3600.0)

    assert sum(account.replaced for account in outcome.accounts) == pytest.approx(4 * 3600 / 600, abs=4)
    assert outcome.missing == 0.0


def test_the_memory_of_this_process_is_not_the_trees() -> None:
    tree = shop(worker("a", apoptosis=Apoptosis(memory=1)), worker("b"), apoptosis=Apoptosis(memory=1))

    assert [entry.kind for entry in simulate(tree, length=60.0).entries] == ["Ready", "end", "end"]


def test_wherever_children_live_their_stand_ins_live_on_the_loop() -> None:
    promote = Promote(on=("signal",), host=Host())
    tree = shop(worker(place="process", promote=promote), worker("b", place=Host(gpu=True)), promote=Promote(after=1))

    assert of(simulate(tree, ["mail crash"], length=60.0), "shop/mail").restarts == 1


def test_a_mailbox_under_control_is_kept_although_the_handlers_are_not() -> None:
    class Dimmed(Loud):
        @handle
        def full(self, message: int) -> None: ...

        @handle(level=1)
        def cheap(self, message: int) -> None: ...

    mailbox = Mailbox(limit=5, control=CoDel(), brownout=Brownout())
    outcome = simulate(shop(child(Dimmed, id="mail", mailbox=mailbox)), ["mail crash"], length=60.0)

    assert (of(outcome, "shop/mail").restarts, outcome.is_well) == (1, True)


# -- when and whom -----------------------------------------------------------------------------------------------------


def test_a_fault_at_boot_is_there_before_anything_starts() -> None:
    outcome = simulate(shop(), ["mail down 3s at boot"])

    assert (outcome.served_at, outcome.gave_up_at, outcome.missing) == (None, 0.0, LENGTH)
    assert outcome.why == (
        "shop#1 did not start: shutdown(child 'shop/mail' did not start: crashed(Down: it cannot start))"
    )


def test_without_a_time_a_fault_waits_for_the_tree_to_serve() -> None:
    outcome = simulate(shop(worker("slow"), worker("mail")), ["slow slow 5s", "mail crash"])

    assert [gap.began for gap in outcome.gaps] == [5.0]


def test_a_tree_that_is_still_starting_at_the_end_never_served() -> None:
    outcome = simulate(shop(worker(start_timeout=float("inf"))), ["mail stuck-start at boot"], length=60.0)

    assert (outcome.served_at, outcome.is_well, outcome.gave_up, outcome.why) == (
        None,
        False,
        False,
        "shop was still starting",
    )


def test_a_pattern_strikes_all_it_names() -> None:
    tree = shop(Pool("orders", worker("clerk"), size=3), max_restarts=9)

    outcome = simulate(tree, ["orders/* crash at 1s"])

    assert [account.deaths for account in outcome.accounts] == [1, 1, 1]


def test_striking_a_worker_that_is_not_there_changes_nothing_and_is_said() -> None:
    found = lines(shop(worker(restart="temporary")), "mail crash every 1s times 2")

    assert found[-1] == "00:00:01.000  fault: nobody is there at shop/mail, so nothing happens to it"


def test_a_child_that_is_gone_for_good_is_not_missing() -> None:
    outcome = simulate(shop(worker(restart="temporary")), ["mail crash at 1s"])

    assert (of(outcome, "shop/mail").now, outcome.is_well, outcome.missing) == ("gone", True, 0.0)


def test_a_supervisor_that_gave_up_for_good_takes_its_children_with_it() -> None:
    stock = Supervisor("stock", [worker("a"), worker("b")], restart="transient", max_restarts=0)

    outcome = simulate(shop(stock, worker("c")), ["a crash at 1s"])

    assert [account.now for account in outcome.accounts] == ["gone", "gone", "serves"]


@pytest.mark.parametrize(
    ("faults", "length", "error", "said"),
    [
        (["mail donw 3s"], None, FaultError, "'donw' is nothing that can happen"),
        (["male crash"], None, TargetError, "the tree has no worker 'male'; did you mean shop/mail?"),
        (["mail crash at 10m"], 600.0, FaultError, "'at' is after the end of the run, which takes 10 min"),
        (["mail damage 1"], None, FaultError, "'damage' would change nothing: shop/mail has no apoptosis policy"),
    ],
)
def test_a_fault_that_could_not_happen_is_refused(
    faults: list[str], length: float | None, error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as caught:
        simulate(shop(), faults, length=length)

    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("faults", "length"),
    [
        ([], LENGTH),
        (["mail down 1h"], 3600.0 + AFTERMATH),
        (["mail crash at 2h"], 7200.0 + AFTERMATH),
        (["mail crash every 20m times 4"], 3600.0 + AFTERMATH),
        (["mail slow 1s for 2h"], 7200.0 + AFTERMATH),
        (["mail slow 1s", "mail crash every 1m"], LENGTH),
    ],
)
def test_a_run_lasts_until_well_after_what_its_faults_say(faults: list[str], length: float) -> None:
    assert simulate(shop(max_restarts=100), faults).length == length


def test_a_tree_without_workers_serves_too() -> None:
    outcome = simulate(shop(DynamicSupervisor("visitors")), length=60.0)

    assert (outcome.is_well, outcome.served_at, [entry.kind for entry in outcome.entries]) == (
        True,
        0.0,
        ["Ready", "end", "end"],
    )


def test_an_automatic_shutdown_ends_the_run_and_is_said_to_be_one() -> None:
    job = worker(restart="temporary", significant=True)

    outcome = simulate(shop(job, worker("web"), auto_shutdown="any_significant"), ["mail crash at 1m"])

    assert (outcome.gave_up_at, outcome.shut_down, outcome.is_well) == (60.0, True, False)
    assert timeline(outcome.entries)[-1] == (
        "00:01:00.000  the tree has ended: its automatic shutdown, because a significant child ended"
    )


def test_who_is_still_down_by_another_fault_cannot_start_again() -> None:
    outcome = simulate(shop(worker(backoff=Backoff(9.0, 9.0)), max_restarts=99), ["mail down 1m", "mail down 30s"])

    assert [str(entry) for entry in outcome.entries if "can start" in entry.text] == [
        "00:01:00.000  fault: shop/mail can start again"
    ]


# -- runs that do not end by themselves --------------------------------------------------------------------------------


def test_restarts_that_never_end_and_take_no_time_are_cut_short() -> None:
    outcome = simulate(shop(max_restarts=10**6), ["mail down 1h"])

    assert outcome.cut_short == f"the run was cut short after {AT_ONCE:,} deaths of shop/mail without time passing"
    assert (outcome.is_well, outcome.gave_up, outcome.length) == (False, False, 0.0)


# -- repeatability -----------------------------------------------------------------------------------------------------

BUSY = shop(
    worker("a", backoff=Backoff()),
    Pool("orders", worker("clerk", apoptosis=Apoptosis(lifetime=Lifetime(seconds=60.0))), size=3),
    DynamicSupervisor("visitors"),
    max_restarts=50,
)
TROUBLE = ["a down 20s at 1m", "orders/* crash at 2m every 40s", "clerk-2 slow 2s"]


def bytes_of(seed: int) -> str:
    outcome = simulate(BUSY, TROUBLE, seed=seed)
    return "\n".join([repr(outcome.to_dict()), *timeline(outcome.entries, everything=True)])


def test_the_same_seed_gives_the_same_run_byte_for_byte() -> None:
    assert bytes_of(7) == bytes_of(7)


def test_another_seed_gives_another_run() -> None:
    assert bytes_of(7) != bytes_of(8)


# -- what was worked out is what happens -------------------------------------------------------------------------------

restarts = st.sampled_from(["permanent", "permanent", "transient", "temporary"])
budgets = st.integers(0, 3)


backoffs = st.sampled_from([Backoff(0.1, 0.1), Backoff(0.05, 0.4), Backoff(0.5, 2.0, reset=1.0)])


@st.composite
def trees(draw: st.DrawFn, waits: st.SearchStrategy[Backoff | None], name: str = "root", depth: int = 2) -> Tree:
    """Small trees of all shapes, with backoffs from ``waits``."""
    common: dict[str, Any] = {
        "max_restarts": draw(budgets),
        "within": draw(st.sampled_from([1.0, 5.0, 60.0])),
        "restart": draw(restarts),
        "backoff": draw(waits),
    }
    if draw(st.integers(0, 4)) == 0:
        return Pool(name, draw(workers(waits, "w")), size=draw(st.integers(1, 2)), **common)
    specs: list[Any] = []
    for number in range(draw(st.integers(1, 3))):
        deeper = depth and draw(st.booleans())
        specs.append(draw(trees(waits, f"s{number}", depth - 1) if deeper else workers(waits, f"w{number}")))
    strategy: Any = draw(st.sampled_from(["one_for_one", "one_for_all", "rest_for_one"]))
    return Supervisor(name, specs, strategy=strategy, **common)


@st.composite
def workers(draw: st.DrawFn, waits: st.SearchStrategy[Backoff | None], id: str) -> ChildSpec:
    own = draw(st.one_of(st.none(), budgets))
    budget: dict[str, Any] = {} if own is None else {"max_restarts": own, "within": 3.0}
    return worker(id, restart=draw(restarts), backoff=draw(waits), **budget)


@st.composite
def victims(draw: st.DrawFn, waits: st.SearchStrategy[Backoff | None]) -> tuple[Tree, str, Place]:
    tree = draw(trees(waits))
    places = workers_of(tree)
    if not places:
        tree = shop()
        places = workers_of(tree)
    path = draw(st.sampled_from(sorted(places)))
    return tree, path, places[path]


@settings(max_examples=80)
@given(victims(st.none()), st.booleans())
def test_the_linter_and_the_simulation_agree_on_who_gives_up_and_when(
    victim: tuple[Tree, str, Place], can_start: bool
) -> None:
    tree, path, place = victim
    rise = escalation(place)
    expected = (False, 1, 1) if rise is None else (rise.ends_tree, rise.starts, rise.failed_starts)

    outcome = simulate(tree, [f"{path} crash every 1ms" if can_start else f"{path} down 1h"], length=0.5)

    account = of(outcome, path)
    starts = 1 + account.restarts + account.failed
    assert (outcome.gave_up, starts) == (expected[0], expected[1] if can_start else expected[2])


@settings(max_examples=80)
@given(victims(st.one_of(st.none(), backoffs)), st.booleans(), st.integers(0, 9))
def test_what_is_proved_of_a_tree_with_backoffs_happens_whatever_the_waits(
    victim: tuple[Tree, str, Place], can_start: bool, seed: int
) -> None:
    tree, path, place = victim
    rise = escalation(place)
    strikes = 0.001 if rise is None else 0.001 * (rise.starts + 1)  # until it is struck again
    assume(rise is not None and all(longest(step.waits) + strikes <= step.limit.within for step in rise.steps))
    assert rise is not None

    most = longest(rise.steps[-1].elapsed) + strikes
    fault = f"{path} crash every 1ms" if can_start else f"{path} down 1h"
    outcome = simulate(tree, [fault], length=most + 1.0, seed=seed)

    account = of(outcome, path)
    starts = rise.starts if can_start else rise.failed_starts
    assert (outcome.gave_up, 1 + account.restarts + account.failed) == (rise.ends_tree, starts)
    assert outcome.gave_up_at is None or outcome.gave_up_at <= most


def test_the_probability_of_a_give_up_is_the_share_of_runs_in_which_it_happens() -> None:
    backoff, runs = Backoff(1.0), 200
    tree = shop(worker(backoff=backoff))
    chance = fits(tuple((backoff.ceiling(k), 1) for k in range(3)), 5.0, None)  # type: ignore[arg-type]

    ended = [simulate(tree, ["mail down 1h"], length=60.0, seed=seed).gave_up_at for seed in range(runs)]

    first_time = sum(at is not None and at <= 5.0 for at in ended) / runs
    assert first_time == pytest.approx(chance.share, abs=0.06)
