"""Autopsies of real deaths, in virtual time: the exact sentences for every way to die, and chains between places."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import weakref
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import KILL, NORMAL, Actor, ActorError, Mailbox, handle
from actors.testing import World, world
from supervisors import BRUTAL_KILL, Apoptosis, Backoff, DynamicSupervisor, NoSuchPath, Supervisor, child
from supervisors.autopsy.annals import Annals
from supervisors.autopsy.kinds import How, Kind
from supervisors.autopsy.record import Autopsy
from supervisors.events import Decision, Died, Orphaned, StartFailure, Stopped
from tests.supervisors.autopsy.stage import Asker, Clerk, Clinging, Order, again, crash, played, told
from tests.supervisors.fixtures import AsyncWorker, Do, End, Recorder, Sleep, end

FIRST = "the 1st of 3 restarts allowed within 5 s"


def at(line: str) -> str:
    """A line with the places in source files cut down to the function: their line numbers are none of our business."""
    words = line.split(" ")
    for index, word in enumerate(words):
        if ".py:" in word:
            file, _, _ = word.partition(":")
            words[index] = file.rpartition("/")[2]
    return " ".join(words)


def lines(running: Any, path: str) -> list[str]:
    return [at(line) for line in told(running, path)]


# -- one death ---------------------------------------------------------------------------------------------------------


@world()
async def test_a_crash_names_message_handler_place_decision_rule_and_successor(w: World) -> None:
    async with played(Supervisor("shop", [child(Clerk, id="clerk")])) as shop:
        await w.advance(2.0)
        crash(shop.ref("clerk"))
        await w.idle()

        assert lines(shop, "clerk") == [
            "shop/clerk died handling Order in Clerk.take (life 1): ValueError: no stock.",
            "  Raised at stage.py in take.",
            "  It had served 2 s and handled 1 message.",
            "  It is permanent and was restarted: the 1st of 3 restarts allowed within 5 s.",
            "  Life 2 served at once.",
        ]


@world()
async def test_an_exception_brings_its_cause(w: World) -> None:
    async with played(Supervisor("shop", [child(Clerk, id="clerk")])) as shop:
        crash(shop.ref("clerk"), "from a cause")
        await w.idle()

        assert lines(shop, "clerk")[:3] == [
            "shop/clerk died handling Order in Clerk.take (life 1): ValueError: no stock.",
            "  Raised at stage.py in take.",
            "  Its cause was KeyError: 'from a cause', raised at stage.py in _look_up.",
        ]


@world()
async def test_an_exception_brings_what_was_being_handled_unless_it_was_suppressed(w: World) -> None:
    async with played(Supervisor("shop", [child(Clerk, id="clerk")])) as shop:
        crash(shop.ref("clerk"), "meanwhile")
        await w.idle()
        meanwhile = lines(shop, "clerk")[2]
        crash(shop.ref("clerk"), "suppressing it")
        await w.idle()

        assert meanwhile == "  It came up while handling KeyError: 'meanwhile', raised at stage.py in _look_up."
        assert not any("KeyError" in line for line in lines(shop, "clerk"))


@world()
async def test_what_waited_is_counted(w: World) -> None:
    async with played(Supervisor("shop", [child(Clerk, id="clerk")])) as shop:
        for _ in range(3):
            crash(shop.ref("clerk"))
        await w.idle()

        first = shop.why("clerk")[-1]
        assert (first.handled, first.mailbox) == (1, 2)
        assert "  It had served 0 s and handled 1 message; 2 waited." in first.describe().splitlines()


@world()
async def test_each_life_counts_its_own_messages(w: World) -> None:
    r = Recorder()
    async with played(Supervisor("shop", [r.child("a")])) as shop:
        for number in range(3):
            for _ in range(number):
                await shop.ref("a").ask(Do(lambda _: None))
            shop.ref("a").kill()
            await w.idle()

        assert [autopsy.handled for autopsy in shop.why("a")] == [2, 1, 0]


@world()
async def test_a_life_that_is_killed_says_what_it_was_doing(w: World) -> None:
    r = Recorder()
    async with played(Supervisor("shop", [r.child("a", AsyncWorker)])) as shop:
        shop.ref("a").tell(Sleep(60.0))
        await w.advance(1.0)
        shop.ref("a").kill()
        await w.idle()

        assert lines(shop, "a") == [
            "shop/a was killed while handling Sleep in AsyncWorker.sleep (life 1).",
            "  It had served 1 s and handled 1 message.",
            "  It is permanent and was restarted: the 1st of 3 restarts allowed within 5 s.",
            "  Life 2 served at once.",
        ]


@world()
async def test_who_sent_the_kill_is_named(w: World) -> None:
    r = Recorder()
    async with played(Supervisor("shop", r.children("a b"))) as shop:
        victim = shop.ref("a")
        await shop.ref("b").ask(Do(lambda _: victim.exit(KILL)))
        await w.idle()

        assert lines(shop, "a")[0] == "shop/a was killed by shop/b (life 1)."


@world()
async def test_whom_it_was_linked_to_is_named_and_why_that_one_died(w: World) -> None:
    r = Recorder()
    async with played(Supervisor("shop", [r.child("a"), child(Clerk, id="clerk")])) as shop:
        clerk = shop.ref("clerk")
        await shop.ref("a").ask(Do(lambda actor: actor.link(clerk)))
        crash(clerk)
        await w.idle()

        said = lines(shop, "a")
        assert said[0] == (
            "shop/a died with shop/clerk, to which it was linked (life 1): crashed(ValueError: no stock)."
        )
        assert "Because shop/clerk died handling Order in Clerk.take (life 1): ValueError: no stock." in said


@world()
async def test_a_clean_end_is_told_with_the_reason_why_it_stays_so(w: World) -> None:
    r = Recorder()
    async with played(Supervisor("shop", [r.child("a", restart="transient")])) as shop:
        shop.ref("a").tell(End(NORMAL))
        await w.idle()

        assert lines(shop, "a") == [
            "shop/a ended by itself (life 1): normal.",
            "  It had served 0 s and handled 1 message.",
            "  It is transient and ended cleanly, so it was left as it is.",
        ]


@world()
async def test_a_child_that_is_no_more_has_its_autopsies_still(w: World) -> None:
    async with played(DynamicSupervisor("jobs")) as jobs:
        await jobs.start_child(child(Clerk, id="job", restart="temporary"))
        crash(jobs.ref("job"))
        await w.idle()

        assert lines(jobs, "job")[3:] == ["  It is temporary, so it was removed."]


@world()
async def test_a_start_that_fails_is_told_and_that_it_is_not_tried_again(w: World) -> None:
    r = Recorder()
    r.plans["a"].extend(["fail"])
    async with played(DynamicSupervisor("jobs")) as jobs:
        with pytest.raises(Exception, match="did not start"):
            await jobs.start_child(r.child("a"))

        assert lines(jobs, "a") == [
            "jobs/a did not start (life 1): Boom: a fails.",
            "  Raised at fixtures.py in begin.",
            "  Its start was asked for by a call, so it was not tried again but removed again.",
        ]


@world()
async def test_failed_restarts_are_told_one_by_one_and_who_serves_in_the_end(w: World) -> None:
    r = Recorder()
    async with played(Supervisor("shop", [r.child("a")])) as shop:
        r.plans["a"].extend(["fail", "fail"])
        shop.ref("a").kill()
        await w.idle()

        assert [(each.kind, each.life, each.restarts) for each in shop.why("a")] == [
            (Kind.NOT_STARTED, 3, 3),
            (Kind.NOT_STARTED, 2, 2),
            (Kind.DIED, 1, 1),
        ]
        assert shop.why("a")[-1].describe().splitlines()[-1] == (
            "  Life 4 served at once, after 2 attempts that failed."
        )


@world(seed=3)
async def test_a_wait_before_the_restart_is_told_while_it_lasts_and_after(w: World) -> None:
    tree = Supervisor("shop", [child(Clerk, id="clerk", backoff=Backoff(8.0, 8.0))])
    async with played(tree) as shop:
        crash(shop.ref("clerk"))
        await w.idle()
        (waiting,) = shop.why("clerk")
        await w.advance(8.0)
        (healed,) = shop.why("clerk")

        assert waiting.ruling is not None
        wait = waiting.ruling.delay
        assert 0 < wait < 8
        assert waiting.rule == (
            f"It is permanent and was restarted after a wait of {wait:.4g} s (failure 1 in a row): "
            "the 1st of 3 restarts allowed within 5 s."
        )
        assert waiting.describe().splitlines()[-1] == "  No life has served since."
        assert healed.describe().splitlines()[-1] == f"  Life 2 served {wait:.4g} s later."


@world()
async def test_a_stop_that_takes_too_long_is_a_kill_and_says_in_what(w: World) -> None:
    r = Recorder()
    async with played(Supervisor("shop", [r.child("a", AsyncWorker, linger=60.0, shutdown=5.0)])) as shop:
        await shop.terminate_child("a")

        assert lines(shop, "a") == [
            "shop/a was to stop by a call, was not done after its 5 s and was killed in AsyncWorker.stopping (life 1).",
            "  It had served 5 s.",
        ]


@world()
async def test_a_brutal_kill_is_as_its_shutdown_says(w: World) -> None:
    r = Recorder()
    async with played(Supervisor("shop", [r.child("a", shutdown=BRUTAL_KILL)])) as shop:
        await shop.terminate_child("a")

        assert lines(shop, "a")[0] == "shop/a was killed by a call, as its shutdown says (life 1)."


@world()
async def test_a_crash_in_stopping_is_told_as_one(w: World) -> None:
    async with played(Supervisor("shop", [child(Clinging, id="a")])) as shop:
        await shop.terminate_child("a")

        assert lines(shop, "a")[:2] == [
            "shop/a was to stop by a call and died in Clinging.stopping (life 1): OSError: the disk is full.",
            "  Raised at stage.py in stopping.",
        ]


@world()
async def test_a_message_that_ended_too_many_lives_is_named_as_quarantined(w: World) -> None:
    tree = Supervisor("shop", [child(Clerk, id="clerk", mailbox=Mailbox(redeliver=2))])
    async with played(tree) as shop:
        crash(shop.ref("clerk"))
        await w.idle()

        newest, first = shop.why("clerk")
        assert (newest.quarantined, first.quarantined) == (2, None)
        assert "  Order had ended 2 lives and was quarantined." in newest.describe().splitlines()


@world()
async def test_a_handler_that_swallows_its_end_is_named_as_abandoned(w: World) -> None:
    r = Recorder()
    async with played(Supervisor("shop", [r.child("a", AsyncWorker)])) as shop:
        shop.ref("a").tell(Sleep(60.0, deaf=True))
        await w.advance(1.0)
        shop.ref("a").kill()
        await w.advance(1.0)

        assert lines(shop, "a")[:2] == [
            "shop/a was killed while handling Sleep in AsyncWorker.sleep (life 1).",
            "  AsyncWorker.sleep swallowed its cancellation and was abandoned.",
        ]


class Router(Actor):
    """Has no handler for what it is sent, and says so by dying."""

    def unhandled(self, message: object) -> None:
        raise TypeError("what is that?")


@world()
async def test_a_message_without_a_handler_is_named_too(w: World) -> None:
    async with played(Supervisor("shop", [child(Router, id="a")])) as shop:
        shop.ref("a").tell(b"?")
        await w.idle()

        assert (
            lines(shop, "a")[0] == "shop/a died handling bytes in Router.unhandled (life 1): TypeError: what is that?."
        )


class Ticking(Actor):
    """Dies of its own timer."""

    def started(self) -> None:
        if self.pid.incarnation == 1:
            self.after(1.0, Order())

    @handle
    def take(self, order: Order) -> None:
        raise ValueError


@world()
async def test_a_timers_message_is_named_like_any_other(w: World) -> None:
    async with played(Supervisor("shop", [child(Ticking, id="a")])) as shop:
        await w.advance(1.0)

        assert lines(shop, "a")[0] == "shop/a died handling Order in Ticking.take (life 1): ValueError."


# -- chains across places ----------------------------------------------------------------------------------------------


@world()
async def test_a_sibling_that_is_taken_along_says_because_of_whom(w: World) -> None:
    r = Recorder()
    tree = Supervisor("shop", [child(Clerk, id="clerk"), r.child("b")], strategy="rest_for_one")
    async with played(tree) as shop:
        crash(shop.ref("clerk"))
        await w.idle()

        assert lines(shop, "b") == [
            "shop/b was stopped because of shop/clerk (life 1): shutdown.",
            "  It had served 0 s.",
            "  By rest_for_one it is stopped and started with shop/clerk.",
            "  Life 2 served at once.",
            "Because shop/clerk died handling Order in Clerk.take (life 1): ValueError: no stock.",
            "  Raised at stage.py in take.",
            "  It had served 0 s and handled 1 message.",
            f"  It is permanent and was restarted with its group (rest_for_one): {FIRST}.",
            "  Life 2 served at once.",
        ]


@world()
async def test_giving_up_is_told_over_two_levels(w: World) -> None:
    r = Recorder()
    stock = Supervisor("stock", [child(Clerk, id="clerk"), r.child("b")], max_restarts=1)
    async with played(Supervisor("shop", [stock, r.child("front")], max_restarts=0)) as shop:
        for _ in range(2):
            crash(shop.ref("stock/clerk"))
        await w.idle()

        assert lines(shop, "front") == [
            "shop/front was stopped with its supervisor shop (life 1): shutdown.",
            "  It had served 0 s.",
            "Because shop gave up on shop/stock and ended (life 1): shutdown.",
            "Because shop/stock gave up on shop/stock/clerk and ended (life 1): shutdown.",
            "  It had served 0 s.",
            "  Its supervisor gave up: that would have been the 1st restart within 5 s, none is allowed.",
            "Because shop/stock/clerk died handling Order in Clerk.take (life 2): ValueError: no stock.",
            "  Raised at stage.py in take.",
            "  It had served 0 s and handled 1 message.",
            "  Its supervisor gave up: that would have been the 2nd restart within 5 s, 1 is allowed.",
        ]
        assert [each.path for each in shop.why("stock/b")[0].chain()] == [
            "shop/stock/b",
            "shop/stock",
            "shop/stock/clerk",
        ]


@world()
async def test_a_life_that_let_the_error_of_an_ask_go_died_of_the_one_it_asked(w: World) -> None:
    tree = Supervisor("shop", [child(Asker, id="front"), Supervisor("stock", [child(Clerk, id="clerk")])])
    async with played(tree) as shop:
        shop.ref("front").tell("shop/stock/clerk")
        await w.idle()

        (front,) = shop.why("front")
        assert front.raised[0].type == "ActorDied"
        assert front.because is not None
        assert front.because.how is How.ASKED
        assert front.because.death == shop.why("stock/clerk")[0]


@world()
async def test_one_who_asked_a_place_that_rests_died_of_its_last_death(w: World) -> None:
    r = Recorder()
    tree = Supervisor("shop", [child(Asker, id="front"), r.child("job", restart="transient")])
    async with played(tree) as shop:
        shop.ref("job").tell(End(NORMAL))
        await w.idle()
        shop.ref("front").tell("shop/job")
        await w.idle()

        assert [each.path for each in shop.why("front")[0].chain()] == ["shop/front", "shop/job"]


@world()
async def test_children_of_a_killed_supervisor_are_told_with_it(w: World) -> None:
    r = Recorder()
    async with played(Supervisor("shop", [Supervisor("stock", r.children("a"))])) as shop:
        shop.ref("stock").kill()
        await w.idle()

        assert lines(shop, "stock/a") == [
            "shop/stock/a lost its supervisor shop/stock and ended (life 1): killed.",
            "  Life 2 served at once.",
            "Because shop/stock was killed (life 1).",
            "  It had served 0 s.",
            "  It is permanent and was restarted: the 1st of 3 restarts allowed within 5 s.",
            "  Life 2 served at once.",
        ]


@world()
async def test_an_automatic_shutdown_names_the_significant_child(w: World) -> None:
    r = Recorder()
    job = child(Clerk, id="job", restart="temporary", significant=True)
    tree = Supervisor("shop", [r.child("a"), job], auto_shutdown="any_significant")
    async with played(tree) as shop:
        crash(shop.ref("job"))
        await w.idle()

        said = lines(shop, "a")
        assert said[2] == (
            "Because shop shut down because its significant child shop/job had ended (life 1): shutdown."
        )
        assert said[-1] == "  It is significant, so its supervisor shut down."


@world()
async def test_a_supervisor_that_did_not_start_names_the_child(w: World) -> None:
    r = Recorder()
    async with played(Supervisor("shop", [Supervisor("stock", r.children("a b"))])) as shop:
        r.plans["b"].extend(["fail"])
        shop.ref("stock").kill()
        await w.idle()

        (failed,) = [each for each in shop.why("stock") if each.kind is Kind.NOT_STARTED]
        assert failed.describe().splitlines()[0] == (
            "shop/stock did not start (life 2), because its child shop/stock/b did not."
        )
        assert [each.path for each in failed.chain()] == ["shop/stock", "shop/stock/b"]
        assert "  Its supervisor was still starting, and a child that does not start ends that." in (
            failed.describe().splitlines()
        )


@world()
async def test_a_death_in_the_midst_of_a_repair_is_decided_later_and_told_so(w: World) -> None:
    r = Recorder()
    children = [r.child("a", AsyncWorker), r.child("b", AsyncWorker, linger=2.0), child(Clerk, id="c")]
    async with played(Supervisor("shop", children, strategy="rest_for_one")) as shop:
        shop.ref("b").kill()
        r.plans["b"].append(1.0)
        await w.advance(0.5)
        shop.ref("a").kill()
        await w.advance(5.0)

        assert (
            shop.why("a")[0].rule == "Its supervisor was in the midst of another repair and decided when that was over."
        )


@world()
async def test_a_queued_death_that_was_too_much_is_told_as_the_one(w: World) -> None:
    r = Recorder()
    children = [r.child("a"), r.child("b", AsyncWorker)]
    async with played(Supervisor("shop", children, max_restarts=1)) as shop:
        r.plans["b"].append(1.0)
        shop.ref("b").kill()
        await w.idle()
        shop.ref("a").kill()
        await w.advance(2.0)

        (death,) = shop.why("a")
        assert death.decision is Decision.GIVE_UP
        assert death.rule == "Its supervisor gave up: that would have been the 2nd restart within 5 s, 1 is allowed."
        assert [each.path for each in shop.why("shop")[0].chain()] == ["shop", "shop/a"]


@world()
async def test_the_root_is_asked_about_by_its_name(w: World) -> None:
    r = Recorder()
    async with played(Supervisor("shop", r.children("a"))) as shop:
        await shop.stop()
        await w.idle()

        assert lines(shop, "shop") == ["shop ended (life 1): shutdown."]
        assert shop.why("") == shop.why("shop")


@world()
async def test_a_killed_root_is_the_reason_of_all_below(w: World) -> None:
    r = Recorder()
    async with played(Supervisor("shop", r.children("a"))) as shop:
        shop.ref("").kill()
        await w.idle()

        assert lines(shop, "a") == [
            "shop/a lost its supervisor shop and ended (life 1): killed.",
            "  No life has served since.",
            "Because shop was killed (life 1).",
        ]


@world()
async def test_who_outlives_the_tree_is_told_too(w: World) -> None:
    r = Recorder()
    tree = Supervisor("shop", [Supervisor("stock", [r.child("a", AsyncWorker, linger=2.0)])])
    async with played(tree) as shop:
        shop.ref("stock").kill()
        shop.ref("").kill()

    assert [each.kind for each in shop.why("stock/a")] == [Kind.ORPHANED]


# -- planned death -----------------------------------------------------------------------------------------------------


class Store(Actor):
    """Finds itself damaged when it is told so; lives after the first get ready, and stop, as they are told."""

    def __init__(self, *, is_ready: bool = True, lingers: float = 0.0) -> None:
        self.is_ready = is_ready
        self.lingers = lingers

    def ready(self) -> bool:
        return self.is_ready

    async def stopping(self, reason: object) -> None:
        await asyncio.sleep(self.lingers)

    @handle
    def put(self, what: str) -> None:
        self.damage(2.0, what)


def store(**options: Any) -> Supervisor:
    """A tree with a store that is judged, and enough others that it may go."""
    worker = child(
        functools.partial(Store, **options), id="store", shutdown=5.0, apoptosis=Apoptosis(ready_within=2.0, every=60.0)
    )
    return Supervisor("shop", [worker, child(Actor, id="b"), child(Actor, id="c")])


@world()
async def test_a_life_that_is_replaced_is_told_with_vitals_evidence_and_successor(w: World) -> None:
    async with played(store()) as shop:
        await w.advance(1.0)
        for _ in range(2):
            shop.ref("store").tell("checksum")
        await w.advance(1.0)

        damage = "invariant (checksum) handling str, weight 2"
        assert lines(shop, "store") == [
            "shop/store was replaced by life 2 (life 1): invariant: checksum.",
            "  Its vitals: alpha 4, 2 handled, age 1 s, damage 2.",
            f"  Evidence against it, the last: {damage}; {damage}.",
            "  Life 2 had just been started.",
        ]


@world()
async def test_a_successor_that_is_not_ready_in_time_is_a_death_of_its_own(w: World) -> None:
    async with played(store(is_ready=False)) as shop:
        for _ in range(2):
            shop.ref("store").tell("checksum")
        await w.advance(2.5)

        said = lines(shop, "store")
        assert said[0].startswith("shop/store could not be replaced; its successor (life 2) failed: ")
        assert said[-1] == "  Life 1 serves on."
        assert shop.why("store")[0].kind is Kind.KEPT


@world()
async def test_a_replaced_life_that_outstays_its_time_is_told_so(w: World) -> None:
    async with played(store(lingers=60.0)) as shop:
        await shop.replace("store", "a new certificate")
        await w.advance(10.0)

        said = lines(shop, "store")
        assert said[0] == "shop/store was replaced by life 2 (life 1): a new certificate."
        assert "  The old life did not end as it should: killed." in said


# -- asking ------------------------------------------------------------------------------------------------------------


@world()
async def test_the_newest_death_comes_first_and_last_limits_them(w: World) -> None:
    async with played(Supervisor("shop", [child(Clerk, id="clerk")])) as shop:
        for _ in range(3):
            crash(shop.ref("clerk"))
            await w.idle()

        assert [each.life for each in shop.why("clerk")] == [3, 2, 1]
        assert [each.life for each in shop.why("shop/clerk", last=2)] == [3, 2]
        assert [again(each) for each in shop.why("clerk")] == shop.why("clerk")


@world()
async def test_who_has_not_died_has_no_autopsy_and_who_is_not_there_is_an_error(w: World) -> None:
    async with played(Supervisor("shop", [child(Clerk, id="clerk")])) as shop:
        assert shop.why("clerk") == []
        with pytest.raises(NoSuchPath, match="did you mean 'clerk'"):
            shop.why("clark")


@world()
async def test_the_frames_of_a_crash_are_let_go(w: World) -> None:
    class Heavy(Clerk):
        pass

    tree = Supervisor("shop", [child(Heavy, id="clerk")])
    async with played(tree) as shop:
        lives = []

        def remember(actor: Any) -> None:
            lives.append(weakref.ref(actor))

        await shop.ref("clerk")._manage(remember)
        crash(shop.ref("clerk"))
        await w.advance(2.0)  # by now it is settled
        shop.journal._kept.clear()
        shop.system.dead_letters._kept.clear()
        gc.collect()

        assert lives[0]() is None
        assert shop.why("clerk")[0].raised[0].text == "no stock"


# -- whatever happens --------------------------------------------------------------------------------------------------

ACTS = st.lists(
    st.tuples(
        st.sampled_from(["kill", "crash", "end", "terminate", "restart", "wait"]),
        st.sampled_from(["a", "b", "s", "s/c", "s/d"]),
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(
    acts=ACTS,
    strategies=st.tuples(*[st.sampled_from(["one_for_one", "one_for_all", "rest_for_one"])] * 2),
    seed=st.integers(),
)
def test_every_end_of_a_life_has_one_autopsy_and_the_file_tells_the_same(
    acts: list[tuple[str, str]], strategies: tuple[Any, Any], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("journal") / "tree.log"
    r = Recorder()
    children = [r.child("c", backoff=Backoff(0.5, 0.5)), r.child("d", AsyncWorker, restart="transient", linger=0.5)]
    inner = Supervisor("s", children, strategy=strategies[1])
    tree = Supervisor("t", [r.child("a"), r.child("b", AsyncWorker), inner], strategy=strategies[0], max_restarts=4)
    ends: list[tuple[str, int]] = []
    answers: dict[str, list[Autopsy]] = {}

    async def main(w: World) -> None:
        async with played(tree, journal=file) as running:
            running.system.events.subscribe(
                lambda event: (
                    ends.append((event.path, event.life))
                    if isinstance(event, Died | Stopped | StartFailure | Orphaned)
                    else None
                )
            )
            for act, path in acts:
                await play(running, act, path)
                await w.advance(0.25)
        await w.idle()
        answers.update({path: running.why(path) for path in running.coroner.paths()})

    world(seed=seed).run(main)
    annals = Annals(file)
    told = [
        (each.path, each.life) for autopsies in answers.values() for each in autopsies if each.kind is not Kind.ENDED
    ]

    assert sorted(told) == sorted(ends)
    assert all(again(each) == each and each.describe() for autopsies in answers.values() for each in autopsies)
    assert (annals.paths(), annals.unreadable) == (sorted(answers), 0)
    assert {path: [autopsy for _, autopsy in annals.why(path)] for path in answers} == answers


async def play(running: Any, act: str, path: str) -> None:
    """Do something to a place, whether it makes sense or not."""
    above, _, id = path.rpartition("/")
    with contextlib.suppress(ActorError):
        match act:
            case "kill":
                running.ref(path).kill()
            case "crash" | "end" if path != "s":
                end(running.ref(path), "abnormal" if act == "crash" else "normal")
            case "terminate":
                await running.at(above).terminate_child(id)
            case "restart":
                await running.at(above).restart_child(id)
