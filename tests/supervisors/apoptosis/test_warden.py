"""Watched workers in running trees: damage, repairs, replacements and what a successor inherits, as exact logs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors import ActorDied, Mailbox, NotRunning, Undelivered
from actors.testing import World, world
from supervisors import (
    Apoptosis,
    Backoff,
    DynamicSupervisor,
    Lifetime,
    Pool,
    ReplacementFailed,
    SpecError,
    Supervisor,
    Weights,
    by_key,
)
from supervisors.apoptosis.events import Damaged, Kept, Recovered, Repairing, RepairSkipped, Replaced, Replacing
from supervisors.errors import NoSuchPath
from supervisors.events import Died, GaveUp, Serving
from tests.supervisors.apoptosis.fixtures import (
    JUDGED,
    TOLERANT,
    Add,
    AsyncPatient,
    Chart,
    Childless,
    Crash,
    Do,
    Fail,
    Hold,
    Patient,
    damaging,
    items,
    raising,
    sleeping,
)
from tests.supervisors.fixtures import fails

RETIRE = Do(lambda actor: actor.retire("rust"))
DAY = 86_400.0

# -- the course --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [Patient, AsyncPatient])
@world()
async def test_a_worker_is_replaced_by_a_successor_that_is_ready_before_it_goes(w: World, cls: Any) -> None:
    c = Chart()
    async with c.top(cls=cls) as tree:
        await tree.ref("w").ask(Add("a"))
        ref = await tree.replace("w")
        await w.idle()

        assert (ref is tree.ref("w"), str(ref.pid), await items(ref)) == (True, "top/w#2", ["a"])
        assert c.take() == [
            "w#1: a",
            "0 top/w gets a successor beside life 1 because of by hand",
            "w#2 started",
            "w#2 ready",
            "w#1 bequeath",
            "w#2 inherit ['a']",
            "0 top/w is replaced by life 2 after 0 s because of by hand, inherits all",
            "w#1 stopping apoptosis(by hand)",
            "0 life 1 of top/w has ended: apoptosis(by hand)",
        ]


@world()
async def test_the_old_life_serves_until_the_successor_is_ready(w: World) -> None:
    c = Chart("bequeath", "inherit")
    c.plan("started", sleeping(3.0), life=2)
    c.plan("ready", lambda actor: w.now() >= 5.0, life=2)
    async with c.top(cls=AsyncPatient) as tree:
        replaced = asyncio.ensure_future(tree.replace("w"))
        lives = []
        for _ in range(7):
            lives.append(await tree.ref("w").ask(Add("x")))
            await w.advance(1.0)
        await replaced

        (event,) = c.of(Replaced)
        assert lives == [1] * 6 + [2]
        assert (5.0 <= event.at < 6.0, event.took == event.at, event.paused) == (True, True, 0.0)


@world()
async def test_the_message_in_hand_is_finished_and_what_waits_goes_over_in_order(w: World) -> None:
    c = Chart("started", "ready", "bequeath", "inherit")
    async with c.top(cls=AsyncPatient) as tree:
        ref = tree.ref("w")
        held = asyncio.ensure_future(ref.ask(Hold(2.0, "held")))
        await w.idle()
        replaced = asyncio.ensure_future(tree.replace("w"))
        told = [asyncio.ensure_future(ref.ask(Add(n))) for n in range(4)]
        await asyncio.gather(replaced, *told)

        assert (await held, [await one for one in told], await items(ref)) == (1, [2] * 4, ["held", 0, 1, 2, 3])
        assert [line for line in c.take() if "life 1" not in line and "stopping" not in line] == [
            "w#1 holds",
            "w#1: held",
            "2 top/w is replaced by life 2 after 2 s because of by hand, 4 messages moved, inherits all",
            "w#2: 0",
            "w#2: 1",
            "w#2: 2",
            "w#2: 3",
        ]


@world()
async def test_the_two_lives_have_numbers_of_their_own(w: World) -> None:
    c = Chart()
    async with c.top() as tree:
        for _ in range(3):
            await tree.replace("w")

        node = tree.snapshot().find("top/w")
        assert node is not None
        assert (node.incarnation, [event.life for event in c.of(Replacing)]) == (4, [1, 2, 3])
        assert [event.life for event in c.of(Replaced)] == [2, 3, 4]


@world()
async def test_a_successor_that_failed_takes_its_number_with_it(w: World) -> None:
    c = Chart()
    c.plan("ready", raising(RuntimeError("no")), life=2)
    async with c.top() as tree:
        await fails(tree.replace("w"), ReplacementFailed)
        await tree.replace("w")
        tree.ref("w").kill()
        await w.idle()

        assert [line for line in c.take() if line.endswith(" started")] == ["w#2 started", "w#3 started", "w#4 started"]


@world()
async def test_a_restart_does_not_take_the_number_of_a_successor_that_failed(w: World) -> None:
    c = Chart()
    c.plan("ready", raising(RuntimeError("no")), life=2)
    async with c.top() as tree:
        await fails(tree.replace("w"), ReplacementFailed)
        tree.ref("w").kill()
        await w.idle()

        assert [event.life for event in c.of(Serving)] == [1, 3]
        assert [line for line in c.take() if line.endswith(" started")] == ["w#2 started", "w#3 started"]


@world()
async def test_messages_handled_are_counted_on_over_a_replacement(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=JUDGED) as tree:
        ref = tree.ref("w")
        for n in range(5):
            await ref.ask(Add(n))
        await tree.replace("w")
        await ref.ask(Add(5))
        vitals = tree.vitals("w")

        assert vitals is not None
        assert (ref.statistics().handled, vitals.handled, len(await items(ref))) == (6, 1, 6)


# -- evidence and repairs ----------------------------------------------------------------------------------------------


@world()
async def test_a_worker_is_repaired_twice_before_it_is_replaced(w: World) -> None:
    c = Chart("ready", "bequeath", "inherit", "started")
    async with c.top(apoptosis=TOLERANT) as tree:
        ref = tree.ref("w")
        for n in range(3):
            assert str(await fails(ref.ask(Fail(f"bad {n}")), ValueError)) == f"bad {n}"
        await ref.ask(Add("good"))
        await w.idle()

        assert c.take() == [
            "0 top/w is damaged handling Fail (exception: ValueError: bad 0); alpha is 1",
            "0 top/w is repaired, level 1, because of exception Patient.fail Fail (alpha 1)",
            "w#1 repair 1",
            "0 top/w is damaged handling Fail (exception: ValueError: bad 1); alpha is 2",
            "0 top/w is repaired, level 2, because of exception Patient.fail Fail (alpha 2)",
            "w#1 repair 2",
            "0 top/w is damaged handling Fail (exception: ValueError: bad 2); alpha is 3",
            "0 top/w gets a successor beside life 1 because of exception: ValueError: bad 2",
            "0 top/w is replaced by life 2 after 0 s because of exception: ValueError: bad 2, inherits all",
            "w#1 stopping apoptosis(exception: ValueError: bad 2)",
            "0 life 1 of top/w has ended: apoptosis(exception: ValueError: bad 2)",
            "w#2: good",
        ]


@world()
async def test_good_messages_between_errors_keep_a_worker_alive(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=TOLERANT) as tree:
        ref = tree.ref("w")
        for _ in range(50):
            ref.tell(Fail())
            for n in range(10):
                ref.tell(Add(n))
        await w.idle()
        vitals = tree.vitals("w")

        assert vitals is not None
        assert (ref.pid.incarnation, c.of(Replacing), vitals.errors) == (1, [], 50)
        assert vitals.alpha == pytest.approx(0.8**10 / (1 - 0.8**10))


@pytest.mark.parametrize("n", [1, 3, 10, 40])
@world()
async def test_alpha_fades_by_k_to_the_power_of_the_good_messages(w: World, n: int) -> None:
    c = Chart()
    async with c.top(apoptosis=Apoptosis(decay=0.9, tolerate=(ValueError,))) as tree:
        ref = tree.ref("w")
        ref.tell(Fail())
        for number in range(n):
            await ref.ask(Add(number))
            assert tree.vitals("w")  # looking changes nothing
        vitals = tree.vitals("w")

        assert vitals is not None
        assert vitals.alpha == pytest.approx(0.9**n)


@world()
async def test_what_was_told_and_failed_is_a_dead_letter(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=TOLERANT) as tree:
        tree.ref("w").tell(Fail("lost"))
        await w.idle()

        (letter,) = tree.system.dead_letters
        assert (letter.message, letter.why, str(letter.reason)) == (
            Fail("lost"),
            Undelivered.FAILED,
            "crashed(ValueError: lost)",
        )


@world()
async def test_what_is_not_tolerated_crashes_as_ever(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=TOLERANT) as tree:
        error = await fails(tree.ref("w").ask(Crash("boom")), ActorDied)

        assert str(error.reason) == "crashed(Boom: boom)"
        assert c.of(Damaged) == []


@pytest.mark.parametrize("give_up", [lambda actor: actor.defer(), lambda actor: actor.stash()])
@world()
async def test_what_is_tolerated_is_tolerated_after_the_message_was_put_off_too(w: World, give_up: Any) -> None:
    c = Chart()
    kept = []

    def act(actor: Patient) -> None:
        kept.append(give_up(actor))
        raise ValueError("later")

    async with c.top(apoptosis=TOLERANT) as tree:
        asked = asyncio.ensure_future(tree.ref("w").ask(Do(act)))
        await w.idle()
        vitals = tree.vitals("w")
        asked.cancel()

        assert vitals is not None
        assert (tree.ref("w").pid.incarnation, vitals.errors, vitals.alpha) == (1, 1, 1.0)


@world()
async def test_a_worker_recovers_when_no_more_evidence_comes(w: World) -> None:
    c = Chart("bequeath")
    async with c.top(apoptosis=JUDGED) as tree:
        tree.ref("w").tell(damaging(1.5))
        await w.advance(10.0)

        assert c.take() == [
            "0 top/w is damaged handling Do (invariant: checksum); alpha is 1.5",
            "0 top/w is repaired, level 1, because of invariant Patient.do Do (alpha 1.5)",
            "w#1 repair 1",
            "3 top/w has recovered after repair level 1",  # 1.5 at 1 s, which is none of the good ones, 1.2, 0.96
        ]


@world()
async def test_a_class_without_repair_hears_nothing_of_the_ladder(w: World) -> None:
    c = Chart()
    async with c.top(cls=Childless, apoptosis=JUDGED) as tree:
        tree.ref("w").tell(damaging(2.0))
        await w.advance(10.0)
        tree.ref("w").tell(damaging(2.0))
        tree.ref("w").tell(damaging(2.0))
        await w.idle()
        vitals = tree.vitals("w")

        assert c.of(Repairing, Recovered, RepairSkipped) == []
        assert vitals is not None
        assert (vitals.repairs, tree.ref("w").pid.incarnation) == (0, 2)


@world()
async def test_a_repair_that_raises_is_evidence_itself(w: World) -> None:
    c = Chart("bequeath", "started", "ready", "inherit")
    c.plan("repair", raising(OSError("no disk")))
    async with c.top(apoptosis=JUDGED) as tree:
        tree.ref("w").tell(damaging(1.0))
        await w.idle()

        what = "probe: repair(2) raised OSError: no disk"
        assert c.take() == [
            "0 top/w is damaged handling Do (invariant: checksum); alpha is 1",
            "0 top/w is repaired, level 1, because of invariant Patient.do Do (alpha 1)",
            "w#1 repair 1",
            "0 top/w is damaged (probe: repair(1) raised OSError: no disk); alpha is 2",
            "0 top/w is repaired, level 2, because of probe (alpha 2)",
            "w#1 repair 2",
            "0 top/w is damaged (probe: repair(2) raised OSError: no disk); alpha is 3",
            "0 top/w gets a successor beside life 1 because of probe: repair(2) raised OSError: no disk",
            f"0 top/w is replaced by life 2 after 0 s because of {what}, inherits nothing",
            "w#1 stopping apoptosis(probe: repair(2) raised OSError: no disk)",
            "0 life 1 of top/w has ended: apoptosis(probe: repair(2) raised OSError: no disk)",
        ]


@world()
async def test_a_repair_that_never_helps_is_skipped_for_a_day(w: World) -> None:
    c = Chart()

    async def ill(seconds: float) -> list[str]:
        for _ in range(3):
            tree.ref("w").tell(Fail())
        await w.idle()
        tried = [line.partition(" ")[2] for line in c.take() if "repair" in line and line[0].isdigit()]
        await w.advance(seconds)
        return tried

    async with c.top(apoptosis=Apoptosis(tolerate=(ValueError,), every=3600.0)) as tree:
        rounds = [await ill(60.0), await ill(1.01 * DAY), await ill(0.0)]

    of = "exception Patient.fail Fail"
    tried = [f"top/w is repaired, level {level}, because of {of} (alpha {level})" for level in (1, 2)]
    skipped = [f"top/w is not repaired at level {level}, which never helped against {of}" for level in (1, 2)]
    assert rounds == [tried, skipped, tried]


@world()
async def test_weights_decide_what_leads_to_the_end(w: World) -> None:
    c = Chart()
    policy = Apoptosis(tolerate=(ValueError,), weights=Weights(exception=3.0))
    async with c.top(apoptosis=policy) as tree:
        tree.ref("w").tell(Fail())
        await w.idle()

        assert tree.ref("w").pid.incarnation == 2


@world()
async def test_an_invariant_that_weighs_nothing_leads_to_nothing(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=Apoptosis(weights=Weights(invariant=0.0))) as tree:
        tree.ref("w").tell(damaging(50.0))
        await w.advance(3.0)
        vitals = tree.vitals("w")

        assert vitals is not None
        assert (vitals.alpha, c.of(Repairing, Replacing)) == (0.0, [])


@world()
async def test_a_childs_own_policy_comes_before_its_supervisors(w: World) -> None:
    c = Chart()
    children = [c.child("a"), c.child("b", apoptosis=Apoptosis(threshold=9.0)), *c.children("d", Childless)]
    async with c.run(Supervisor("top", children, apoptosis=JUDGED)) as tree:
        for id in "abd":
            tree.ref(id).tell(damaging(3.0))
        await w.advance(3.0)

        assert [tree.ref(id).pid.incarnation for id in "abd"] == [2, 1, 2]


@world()
async def test_a_policy_is_not_inherited_by_supervisors_below(w: World) -> None:
    c = Chart()
    sub = Supervisor("sub", c.children("w"))
    async with c.run(Supervisor("top", [sub], apoptosis=JUDGED)) as tree:
        tree.ref("sub/w").tell(damaging(3.0))
        await w.advance(3.0)

        assert (tree.ref("sub/w").pid.incarnation, tree.vitals("sub/w")) == (1, None)


@world()
async def test_damage_that_nobody_judges_is_an_event_of_the_system(w: World) -> None:
    c = Chart()
    seen: list[str] = []
    async with c.top() as tree:
        tree.system.events.subscribe(lambda event: seen.append(type(event).__name__))
        tree.ref("w").tell(damaging(3.0))
        await w.idle()

        assert (seen, tree.ref("w").pid.incarnation) == (["Harmed"], 1)


@world()
async def test_evidence_against_a_life_does_not_follow_its_successor(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=TOLERANT) as tree:
        for _ in range(2):
            tree.ref("w").tell(Fail())
        await w.idle()
        await tree.replace("w")
        vitals = tree.vitals("w")

        assert vitals is not None
        assert (vitals.alpha, vitals.errors, vitals.repairs) == (0.0, 0, 0)


@world()
async def test_what_a_successor_says_of_itself_before_it_serves_is_not_held_against_the_old_life(w: World) -> None:
    c = Chart()
    c.plan("started", lambda actor: actor.damage(9.0, "newborn"), life=2)
    async with c.top(apoptosis=JUDGED) as tree:
        await tree.replace("w")
        await w.idle()

        assert (tree.ref("w").pid.incarnation, len(c.of(Replaced))) == (2, 1)


# -- what is inherited -------------------------------------------------------------------------------------------------


@world()
async def test_corrupted_values_are_never_inherited(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=JUDGED) as tree:
        ref = tree.ref("w")
        await ref.ask(Add("good"))
        await w.advance(1.5)  # a check-up finds nothing, and keeps a copy
        for life in range(1, 5):
            await ref.ask(Add(f"rotten in {life}"))
            ref.tell(damaging(3.0))
            await w.idle()
            assert (ref.pid.incarnation, await items(ref)) == (life + 1, ["good"])

        assert [event.estate for event in c.of(Replaced)] == ["last good"] * 4


@world()
async def test_a_copy_that_was_asked_for_before_the_damage_and_came_after_it_is_not_kept(w: World) -> None:
    c = Chart()

    async def rot(actor: AsyncPatient) -> None:
        await asyncio.sleep(1.0)
        actor.items.append("rotten")
        actor.damage(1.0, "rot")
        await asyncio.sleep(1.0)

    async with c.top(cls=AsyncPatient, apoptosis=JUDGED) as tree:
        ref = tree.ref("w")
        await ref.ask(Add("good"))
        await w.advance(1.5)
        await w.advance(4.0)
        ref.tell(Do(rot))  # from 5.5 to 7.5; the copy of the check-up at 6 is made at 7.5
        await w.advance(2.5)
        ref.tell(damaging(2.5))
        await w.idle()

        assert (ref.pid.incarnation, await items(ref)) == (2, ["good"])


@world()
async def test_what_is_found_wrong_while_the_successor_warms_up_is_not_inherited(w: World) -> None:
    c = Chart()
    c.plan("ready", sleeping(5.0, True), life=2)
    async with c.top(cls=AsyncPatient, apoptosis=JUDGED) as tree:
        ref = tree.ref("w")
        await ref.ask(Add("good"))
        await w.advance(1.5)
        ref.tell(RETIRE)
        await w.advance(1.0)
        await ref.ask(Add("rotten"))
        ref.tell(damaging(3.0))
        await w.advance(10.0)

        assert (await items(ref), [event.estate for event in c.of(Replaced)]) == (["good"], ["last good"])


@world()
async def test_an_old_life_that_is_found_wrong_while_it_waits_leaves_its_last_good(w: World) -> None:
    c = Chart()
    c.plan("ready", sleeping(2.0, True), id="b")
    policy = Apoptosis(lifetime=Lifetime(seconds=3.0, jitter=0.0))
    children = [c.child("a", AsyncPatient, apoptosis=policy), c.child("b", AsyncPatient)]
    async with c.run(Supervisor("top", children)) as tree:
        ref = tree.ref("a")
        await ref.ask(Add("good"))
        await w.advance(2.5)
        tree.ref("b").tell(RETIRE)  # until 4.5, and at 3.0 it is a's turn
        await w.advance(1.0)
        await ref.ask(Add("rotten"))
        ref.tell(damaging(0.5))
        await w.advance(1.2)

        assert (await items(ref), ref.pid.incarnation) == (["good"], 2)
        assert [(event.cause, event.estate) for event in c.of(Replaced)] == [("rust", "all"), ("age", "last good")]


@world()
async def test_without_a_good_copy_the_heir_of_a_corrupt_life_gets_nothing(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=JUDGED) as tree:
        await tree.ref("w").ask(Add("unseen"))
        tree.ref("w").tell(damaging(3.0))
        await w.idle()

        assert (await items(tree.ref("w")), c.of(Replaced)[0].estate) == ([], "nothing")


@pytest.mark.parametrize(("estate", "left"), [("all", ["seen", "new"]), ("last good", ["seen"]), ("nothing", [])])
@pytest.mark.parametrize("by", ["replace", "retire"])
@world()
async def test_who_asks_for_a_replacement_may_say_what_is_inherited(
    w: World, estate: str, left: list[str], by: str
) -> None:
    c = Chart()
    async with c.top(apoptosis=JUDGED) as tree:
        ref = tree.ref("w")
        await ref.ask(Add("seen"))
        await w.advance(1.5)
        await ref.ask(Add("new"))
        if by == "replace":
            await tree.replace("w", "by hand", estate=estate)
        else:
            ref.tell(Do(lambda actor: actor.retire("by itself", estate)))
            await w.idle()

        assert (await items(ref), c.of(Replaced)[0].estate) == (left, estate)


@world()
async def test_age_leaves_all(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=Apoptosis(lifetime=Lifetime(messages=3, jitter=0.0))) as tree:
        for n in range(3):
            await tree.ref("w").ask(Add(n))
        await w.advance(1.5)

        assert (await items(tree.ref("w")), c.of(Replaced)[0].estate) == ([0, 1, 2], "all")


@world()
async def test_a_first_crash_leaves_all_a_second_the_last_good_a_third_nothing(w: World) -> None:
    c = Chart("bequeath", "ready", "repair")
    async with c.top(apoptosis=JUDGED, max_restarts=9) as tree:
        ref = tree.ref("w")
        await ref.ask(Add("seen"))
        await w.advance(1.5)
        inherited = []
        for n in range(4):
            await ref.ask(Add(f"new {n}"))
            ref.tell(Crash())
            await w.idle()
            inherited.append(await items(ref))

        assert inherited == [["seen", "new 0"], ["seen"], [], []]


@world()
async def test_a_crash_after_ten_seconds_of_health_is_a_first_one_again(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=JUDGED, max_restarts=9) as tree:
        ref = tree.ref("w")
        for n in range(4):
            await ref.ask(Add(n))
            ref.tell(Crash())
            await w.advance(10.0)

        assert await items(ref) == [0, 1, 2, 3]


@world()
async def test_a_crash_after_a_clean_end_is_a_first_one_again(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=JUDGED, max_restarts=9) as tree:
        ref = tree.ref("w")
        ref.tell(Crash())
        await w.idle()
        await ref.stop()
        await w.idle()
        await ref.ask(Add("a"))
        ref.tell(Crash())
        await w.idle()

        assert await items(ref) == ["a"]


@world()
async def test_a_crash_after_a_healthy_life_that_was_replaced_is_a_first_one_again(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=JUDGED, max_restarts=9) as tree:
        ref = tree.ref("w")
        await ref.ask(Add("a"))
        ref.tell(Crash())
        await w.advance(30.0)
        await tree.replace("w")
        await ref.ask(Add("b"))
        ref.tell(Crash())
        await w.idle()

        assert await items(ref) == ["a", "b"]


@world()
async def test_a_backoff_says_how_long_a_healthy_life_is(w: World) -> None:
    c = Chart()
    backoff = Backoff(0.001, 0.001, reset=100.0)
    async with c.top(apoptosis=Apoptosis(snapshot=1000.0), max_restarts=9, backoff=backoff) as tree:
        ref = tree.ref("w")
        await w.advance(1.5)  # the only copy, of nothing
        for n in range(2):
            await ref.ask(Add(n))
            ref.tell(Crash())
            await w.advance(50.0)

        assert await items(ref) == []


@world()
async def test_a_kill_leaves_the_last_good(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=JUDGED) as tree:
        ref = tree.ref("w")
        await ref.ask(Add("seen"))
        await w.advance(1.5)
        await ref.ask(Add("unseen"))
        ref.kill()
        await w.idle()

        assert await items(ref) == ["seen"]


@world()
async def test_a_clean_end_leaves_nothing_to_the_next_life(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=JUDGED) as tree:
        ref = tree.ref("w")
        await ref.ask(Add("seen"))
        await w.advance(1.5)
        await ref.stop()
        await w.idle()

        assert (ref.pid.incarnation, await items(ref)) == (2, [])


@world()
async def test_who_is_stopped_and_started_by_hand_begins_with_nothing(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=JUDGED) as tree:
        await tree.ref("w").ask(Add("seen"))
        await w.advance(1.5)
        await tree.terminate_child("w")
        await tree.restart_child("w")

        assert await items(tree.ref("w")) == []


@world()
async def test_poison_leaves_nothing_and_is_quarantined(w: World) -> None:
    c = Chart("bequeath", "ready", "started")
    async with c.top(apoptosis=JUDGED, max_restarts=9, mailbox=Mailbox(redeliver=3)) as tree:
        ref = tree.ref("w")
        await ref.ask(Add("seen"))
        await w.advance(11.0)
        c.take()
        ref.tell(Crash("poison"))
        ref.tell(Add("next"))
        await w.idle()

        assert [line for line in c.take() if "stopping" not in line and ("inherit" in line or ":" in line)] == [
            "11 top/w died handling Crash: crashed(Boom: poison) (life 1, 11 s); it is restarted",
            "w#2 inherit ['seen']",
            "11 top/w died handling Crash: crashed(Boom: poison) (life 2, 0 s); it is restarted",
            "w#3 inherit ['seen']",
            "11 top/w died handling Crash: crashed(Boom: poison) (life 3, 0 s); it is restarted",
            "w#4: next",
        ]
        assert [letter.why for letter in tree.system.dead_letters] == [Undelivered.QUARANTINED]


@world()
async def test_one_poison_alone_leaves_nothing_even_at_a_first_crash(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=JUDGED, mailbox=Mailbox(redeliver=1)) as tree:
        await tree.ref("w").ask(Add("seen"))
        await w.advance(1.5)
        tree.ref("w").tell(Crash("poison"))
        await w.idle()

        assert await items(tree.ref("w")) == []


@world()
async def test_the_next_life_after_a_crash_inherits_before_its_first_message(w: World) -> None:
    c = Chart("ready")
    async with c.top(cls=AsyncPatient, apoptosis=JUDGED) as tree:
        ref = tree.ref("w")
        for message in (Add("a"), Crash(), Add("b")):
            ref.tell(message)
        await w.idle()

        assert [line for line in c.take() if line.startswith("w#")] == [
            "w#1: a",
            "w#1 bequeath",
            "w#1 stopping crashed(Boom: boom)",
            "w#2 started",
            "w#2 inherit ['a']",
            "w#2: b",
        ]


@world()
async def test_an_estate_that_fails_a_start_is_not_inherited_again(w: World) -> None:
    c = Chart("bequeath", "ready")
    c.plan("inherit", raising(RuntimeError("rotten")))
    async with c.top(apoptosis=JUDGED) as tree:
        tree.ref("w").tell(Add("a"))
        tree.ref("w").tell(Crash())
        await w.idle()

        assert [line for line in c.take() if line[0].isdigit() or "inherit" in line] == [
            "0 top/w died handling Crash: crashed(Boom: boom) (life 1, 0 s); it is restarted",
            "w#2 inherit ['a']",
            "0 top/w did not start: crashed(RuntimeError: rotten) (attempt 2); it is restarted",
            "0 top/w serves again (life 3, 0 s after the last one ended)",
        ]


@world()
async def test_without_a_policy_a_crash_leaves_nothing(w: World) -> None:
    c = Chart()
    async with c.top() as tree:
        await tree.ref("w").ask(Add("a"))
        tree.ref("w").tell(Crash())
        await w.idle()

        assert (await items(tree.ref("w")), [line for line in c.log if "bequeath" in line]) == ([], [])


@world()
async def test_a_class_that_bequeaths_and_does_not_inherit_is_asked_for_nothing(w: World) -> None:
    class Half(Childless):
        def bequeath(self) -> object:
            raise AssertionError("nobody would inherit it")

    c = Chart()
    async with c.top(cls=Half, apoptosis=JUDGED) as tree:
        await w.advance(3.0)
        await tree.replace("w")
        tree.ref("w").kill()
        await w.idle()

        assert (tree.ref("w").pid.incarnation, c.of(Replaced)[0].estate) == (3, "")


# -- lifetimes ---------------------------------------------------------------------------------------------------------


@world()
async def test_a_life_ends_after_its_seconds(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=Apoptosis(lifetime=Lifetime(seconds=10.0, jitter=0.0))) as tree:
        await w.advance(35.0)

        assert [(event.at, event.cause) for event in c.of(Replaced)] == [(10, "age"), (20, "age"), (30, "age")]
        assert tree.ref("w").pid.incarnation == 4


@world()
async def test_a_life_ends_after_its_messages(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=Apoptosis(lifetime=Lifetime(messages=10, jitter=0.0))) as tree:
        for second in range(35):
            await tree.ref("w").ask(Add(second))
            await w.advance(1.0)

        assert [event.at for event in c.of(Replaced)] == [10, 20, 30]


@world(seed=5)
async def test_siblings_draw_their_ends_from_the_systems_chance(w: World) -> None:
    c = Chart()
    ids = " ".join(f"w{n}" for n in range(30))
    policy = Apoptosis(lifetime=Lifetime(seconds=1000.0))
    async with c.top(ids, apoptosis=policy) as tree:
        await w.advance(1201.0)
        ends = sorted(event.at for event in c.of(Replaced))

        assert (len(ends), len(set(ends)) > 20, tree.snapshot().restarts) == (30, True, 0)
        assert 800 <= ends[0] < 860
        assert 1140 < ends[-1] <= 1201


@world()
async def test_the_same_seed_draws_the_same_ends(w: World) -> None:
    async def ends() -> list[float]:
        c = Chart()
        policy = Apoptosis(lifetime=Lifetime(seconds=100.0), every=0.5)
        async with c.run(Supervisor("top", c.children("a b c", apoptosis=policy)), seed=99):
            begun = w.now()
            await w.advance(130.0)
            return [round(event.at - begun, 3) for event in c.of(Replaced)]

    assert await ends() == await ends()


@world()
async def test_a_lineage_that_keeps_crashing_has_shorter_lives_until_one_was_healthy(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=Apoptosis(lifetime=Lifetime(seconds=100.0, jitter=0.0))) as tree:
        for _ in range(2):
            tree.ref("w").tell(Crash())
            await w.idle()
        await w.advance(300.0)

        assert [round(event.at) for event in c.of(Replaced)] == [65, 165, 265]  # the first check-up after 64


@world()
async def test_the_restart_after_a_crash_begins_a_new_lifetime(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=Apoptosis(lifetime=Lifetime(seconds=100.0, jitter=0.0))) as tree:
        await w.advance(90.0)
        tree.ref("w").tell(Crash())
        await w.advance(85.0)

        assert [round(event.at) for event in c.of(Replaced)] == [170]  # at 90 it crashed


# -- crashes are counted, replacements are not -------------------------------------------------------------------------


@world()
async def test_any_number_of_replacements_costs_no_restart(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=JUDGED, max_restarts=0) as tree:
        for _ in range(20):
            await tree.replace("w")
        node = tree.snapshot()

        assert (node.restarts, c.of(GaveUp), c.of(Died), c.of(Serving)) == (0, [], [], c.of(Serving)[:1])
        assert tree.ref("w").pid.incarnation == 21


@world()
async def test_crashes_between_replacements_are_counted_as_ever(w: World) -> None:
    c = Chart()
    async with c.top(max_restarts=3) as tree:
        for _ in range(3):
            tree.ref("w").tell(Crash())
            await w.idle()
            await tree.replace("w")
        counted = tree.snapshot().restarts
        tree.ref("w").tell(Crash())
        await w.idle()

        assert (counted, len(c.of(Died)), len(c.of(GaveUp)), tree.is_alive) == (3, 4, 1, False)


# -- strategies, restart types, significance ---------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
@pytest.mark.parametrize("restart", ["permanent", "transient", "temporary"])
@pytest.mark.parametrize("cause", ["by hand", "age", "damage"])
@world()
async def test_a_replacement_concerns_nobody_else(w: World, strategy: Any, restart: Any, cause: str) -> None:
    c = Chart("bequeath", "ready", "inherit")
    significant = restart != "permanent"
    policy = Apoptosis(lifetime=Lifetime(seconds=5.0, jitter=0.0)) if cause == "age" else JUDGED
    middle = c.child("b", restart=restart, significant=significant, apoptosis=policy)
    tree_ = Supervisor(
        "top",
        [c.child("a"), middle, c.child("d")],
        strategy=strategy,
        auto_shutdown="any_significant" if significant else "never",
        max_restarts=0,
    )
    async with c.run(tree_) as tree:
        if cause == "by hand":
            await tree.replace("b")
        elif cause == "damage":
            tree.ref("b").tell(damaging(3.0))
        await w.advance(5.5)

        others = [line for line in c.take() if line.startswith(("a#", "d#")) or "top/a" in line or "top/d" in line]
        assert (others, [tree.ref(id).pid.incarnation for id in "abd"], tree.is_alive) == ([], [1, 2, 1], True)
        assert len(await tree.which_children()) == 3


@world()
async def test_a_significant_successor_is_as_significant_as_its_predecessor(w: World) -> None:
    c = Chart()
    child = c.child(restart="transient", significant=True)
    async with c.run(Supervisor("top", [child], auto_shutdown="any_significant")) as tree:
        await tree.replace("w")
        await tree.ref("w").stop()

        assert str(await tree.wait_ended()) == "shutdown"


@world()
async def test_a_temporary_child_that_was_replaced_is_forgotten_when_it_ends(w: World) -> None:
    c = Chart()
    async with c.top(restart="temporary") as tree:
        await tree.replace("w")
        tree.ref("w").tell(Crash())
        await w.idle()

        assert await tree.which_children() == []


@world()
async def test_a_successor_that_crashes_is_restarted_in_its_place(w: World) -> None:
    c = Chart()
    async with c.top() as tree:
        ref = tree.ref("w")
        await tree.replace("w")
        for message in (Crash(), Add("next")):
            ref.tell(message)
        await w.idle()

        assert (ref is tree.ref("w"), ref.pid.incarnation, await items(ref)) == (True, 3, ["next"])


@world()
async def test_a_child_that_was_replaced_can_be_managed_as_ever(w: World) -> None:
    c = Chart()
    async with c.top("a b") as tree:
        await tree.replace("a")
        await tree.terminate_child("a")
        alive = tree.ref("a").is_alive
        await tree.restart_child("a")
        again = tree.ref("a").pid.incarnation
        await tree.replace("a")
        await tree.terminate_child("a")
        await tree.delete_child("a")

        assert (alive, again, [info.id for info in await tree.which_children()]) == (False, 3, ["b"])


# -- other kinds of supervisors ----------------------------------------------------------------------------------------


@world()
async def test_the_workers_of_a_pool_are_replaced_behind_its_ref(w: World) -> None:
    c = Chart()
    async with c.run(Supervisor("top", [Pool("pool", c.child("w"), size=3)])) as tree:
        pool = tree.ref("pool")
        for n in range(30):
            pool.tell(Add(n))
        rolled = await tree.at("pool").replace_all()
        lives = [await pool.ask(Add("x")) for _ in range(6)]

        assert (rolled, lives) == (3, [2] * 6)
        kept = [await items(tree.ref(f"pool/w-{n}")) for n in (1, 2, 3)]
        assert sorted(n for each in kept for n in each if n != "x") == list(range(30))


@world()
async def test_a_key_meets_the_same_worker_before_and_after(w: World) -> None:
    c = Chart()
    pool = Pool("pool", c.child("w"), size=3, route=by_key(lambda message: getattr(message, "value", 0) % 7))
    async with c.run(Supervisor("top", [pool])) as tree:
        for n in range(70):
            tree.ref("pool").tell(Add(n))
            if n % 10 == 5:
                await tree.replace(f"pool/w-{1 + n // 10 % 3}")
        kept = [await items(tree.ref(f"pool/w-{n}")) for n in (1, 2, 3)]

        keys = [{n % 7 for n in one} for one in kept]
        assert sum(map(len, keys)) == len(set().union(*keys)) == 7
        assert [sorted(one) for one in kept] == kept


@world()
async def test_a_dynamic_child_is_replaced(w: World) -> None:
    c = Chart()
    async with c.run(DynamicSupervisor("top", apoptosis=JUDGED)) as tree:
        ref = await tree.start_child(c.child("job"))
        assert ref is not None
        await ref.ask(Add("a"))
        ref.tell(damaging(0.1))
        await tree.replace("job")
        ref.tell(damaging(3.0))
        await w.idle()

        assert (ref.pid.incarnation, len(await tree.which_children())) == (3, 1)


@world()
async def test_a_nested_worker_is_replaced_by_its_path(w: World) -> None:
    c = Chart()
    sub = Supervisor("sub", [Supervisor("sub", c.children("w"))])
    async with c.run(Supervisor("top", [sub])) as tree:
        refs = [await tree.replace(path) for path in ("sub/sub/w", "top/sub/sub/w")]
        lives = [tree.ref("sub/sub/w").pid.incarnation]
        refs.append(await tree.at("sub").replace("sub/w"))

        assert (lives, refs, tree.ref("sub/sub/w").pid.incarnation) == ([3], [tree.ref("sub/sub/w")] * 3, 4)


# -- asking for it -----------------------------------------------------------------------------------------------------


@world()
async def test_a_worker_may_ask_for_its_own_replacement(w: World) -> None:
    c = Chart("ready", "bequeath", "inherit")
    async with c.top() as tree:
        tree.ref("w").tell(RETIRE)
        tree.ref("w").tell(Add("next"))
        await w.idle()

        assert (tree.ref("w").pid.incarnation, await items(tree.ref("w"))) == (2, ["next"])
        assert [(event.cause, event.estate) for event in c.of(Replaced)] == [("rust", "all")]


@world()
async def test_nobody_can_replace_an_actor_without_a_supervisor(w: World) -> None:
    lonely = await w.spawn(AsyncPatient, Chart(), "lonely")

    error = await fails(lonely.ask(Do(lambda actor: actor.retire("rust"))), ActorDied)

    assert isinstance(error.reason.exception, NotRunning)


@pytest.mark.parametrize("estate", ["everything", "ALL", "", 7])
@world()
async def test_there_are_three_kinds_of_estates(w: World, estate: Any) -> None:
    c = Chart()
    async with c.top(apoptosis=TOLERANT) as tree:
        await fails(tree.ref("w").ask(Do(lambda actor: actor.retire("rust", estate))), ValueError)
        await fails(tree.replace("w", estate=estate), SpecError)

        assert tree.ref("w").pid.incarnation == 1


@world()
async def test_two_who_ask_at_once_get_one_replacement(w: World) -> None:
    c = Chart()
    c.plan("started", sleeping(1.0), life=2)
    async with c.top(cls=AsyncPatient) as tree:
        refs = await asyncio.gather(*(tree.replace("w", f"cause {n}") for n in range(3)))

        assert ([ref is tree.ref("w") for ref in refs], tree.ref("w").pid.incarnation) == ([True] * 3, 2)
        assert len(c.of(Replacing)) == 1


@world()
async def test_who_asks_while_one_is_under_way_is_answered_with_the_others(w: World) -> None:
    c = Chart()
    c.plan("started", sleeping(2.0), life=2)
    async with c.top(cls=AsyncPatient) as tree:
        first = asyncio.ensure_future(tree.replace("w"))
        await w.advance(1.0)
        await tree.replace("w")

        assert (first.done(), w.now(), len(c.of(Replaced))) == (True, 2.0, 1)


@world()
async def test_who_asks_is_told_what_went_wrong_and_nothing_is_tried_again(w: World) -> None:
    c = Chart()
    c.plan("ready", raising(RuntimeError("cold")))
    async with c.top() as tree:
        asked = [asyncio.ensure_future(tree.replace("w")) for _ in range(2)]
        errors = [await fails(one, ReplacementFailed) for one in asked]
        await w.advance(100.0)

        assert {(error.path, error.why) for error in errors} == {("top/w", "ready: ready() raised RuntimeError: cold")}
        assert [(event.step, event.delay) for event in c.of(Kept)] == [("ready", None)]


@world()
async def test_what_cannot_be_replaced_is_refused_by_name(w: World) -> None:
    c = Chart()
    children: list[Any] = [Supervisor("sub", c.children("x")), Pool("pool", c.child("p")), *c.children("gone w")]
    async with c.run(Supervisor("top", children)) as tree:
        await tree.terminate_child("gone")
        errors = {path: await fails(tree.replace(path)) for path in ("sub", "pool", "gone", "nobody", "w/x", "top")}

        assert {path: type(error).__name__ for path, error in errors.items()} == {
            "sub": "ReplacementFailed",
            "pool": "ReplacementFailed",
            "gone": "ReplacementFailed",
            "nobody": "NoSuchPath",
            "w/x": "NoSuchPath",
            "top": "ReplacementFailed",
        }
        assert str(errors["sub"]) == "top/sub was not replaced: it is a supervisor; replace the workers below it"
        assert str(errors["gone"]) == "top/gone was not replaced: it is stopped"
        assert isinstance(errors["nobody"], NoSuchPath)


@world()
async def test_a_child_that_waits_for_its_backoff_cannot_be_replaced(w: World) -> None:
    c = Chart()
    async with c.run(Supervisor("top", c.children("w", backoff=Backoff(5.0, 5.0))), seed=3) as tree:
        tree.ref("w").tell(Crash())
        await w.idle()
        error = await fails(tree.replace("w"), ReplacementFailed)

        assert error.why == "it is waiting"


@world()
async def test_all_workers_of_a_supervisor_are_rolled_one_by_one(w: World) -> None:
    c = Chart()
    async with c.top("a b d") as tree:
        rolled = await tree.replace_all("a new version")
        course = [f"{type(event).__name__} {event.path}" for event in c.of(Replacing, Replaced)]

        assert rolled == 3
        assert course == [f"{step} top/{id}" for id in "abd" for step in ("Replacing", "Replaced")]


@world()
async def test_rolling_tries_all_and_tells_of_the_first_that_failed(w: World) -> None:
    c = Chart()
    c.plan("ready", raising(RuntimeError("cold")), id="b")
    async with c.top("a b d") as tree:
        error = await fails(tree.replace_all(), ReplacementFailed)

        assert (error.path, [tree.ref(id).pid.incarnation for id in "abd"]) == ("top/b", [2, 1, 2])


# -- failed attempts ---------------------------------------------------------------------------------------------------


@world(seed=2)
async def test_the_pauses_between_failed_attempts_grow_until_one_succeeds(w: World) -> None:
    c = Chart("ready")
    c.plan("ready", lambda actor: 1 / 0 if actor.pid.incarnation < 8 else True)
    async with c.top(apoptosis=Apoptosis(backoff=Backoff(1.0, 60.0))) as tree:
        tree.ref("w").tell(RETIRE)
        await w.advance(200.0)
        kept, tried = c.of(Kept), c.of(Replacing)

        assert (len(kept), len(tried), len(c.of(Replaced)), tree.ref("w").pid.incarnation) == (6, 7, 1, 8)
        assert all(event.delay <= min(60.0, 2.0**k) for k, event in enumerate(kept))
        assert [later.at for later in tried[1:]] == pytest.approx([event.at + event.delay for event in kept], abs=0.01)


@pytest.mark.parametrize("seed", range(6))
def test_success_ends_the_row_of_failed_attempts(seed: int) -> None:
    async def scenario(w: World) -> tuple[int, float]:
        c = Chart()
        c.plan("ready", lambda actor: 1 / 0 if actor.pid.incarnation in (2, 3, 4, 5, 7) else True)
        async with c.top(apoptosis=Apoptosis(backoff=Backoff(10.0, 1e6))) as tree:
            for _ in range(2):
                tree.ref("w").tell(RETIRE)
                await w.advance(1000.0)
            return tree.ref("w").pid.incarnation, c.of(Kept)[4].delay

    life, delay = world(seed).run(scenario)

    assert (life, delay <= 10.0) == (8, True)


@world(seed=2)
async def test_who_asks_by_hand_need_not_wait_for_the_pause(w: World) -> None:
    c = Chart()
    c.plan("ready", raising(RuntimeError("cold")), life=2)
    async with c.top(apoptosis=Apoptosis(backoff=Backoff(60.0, 60.0))) as tree:
        tree.ref("w").tell(RETIRE)
        await w.idle()
        await tree.replace("w")

        assert (w.now(), tree.ref("w").pid.incarnation) == (0.0, 3)


@world(seed=2)
async def test_a_failed_attempt_by_hand_does_not_end_those_that_are_needed(w: World) -> None:
    c = Chart()
    c.plan("ready", raising(RuntimeError("cold")), life=2)
    c.plan("ready", raising(RuntimeError("cold")), life=3)
    async with c.top(apoptosis=Apoptosis(backoff=Backoff(2.0, 2.0))) as tree:
        tree.ref("w").tell(damaging(50.0))
        await w.idle()
        await fails(tree.replace("w"), ReplacementFailed)
        await w.advance(5.0)

        assert tree.ref("w").pid.incarnation == 4


@world(seed=2)
async def test_alpha_stays_when_an_attempt_fails(w: World) -> None:
    c = Chart()
    c.plan("ready", raising(RuntimeError("cold")))
    async with c.top(apoptosis=JUDGED) as tree:
        tree.ref("w").tell(damaging(5.0))
        await w.idle()
        vitals = tree.vitals("w")

        assert vitals is not None
        assert (vitals.alpha, [event.step for event in c.of(Kept)]) == (5.0, ["ready"])


@world(seed=2)
async def test_a_wish_is_dropped_when_the_evidence_has_faded_while_it_waited(w: World) -> None:
    c = Chart()
    c.plan("ready", raising(RuntimeError("cold")))
    async with c.top(apoptosis=Apoptosis(backoff=Backoff(60.0, 60.0), tolerate=(ValueError,))) as tree:
        for _ in range(3):
            tree.ref("w").tell(Fail())
        await w.idle()
        for n in range(20):
            tree.ref("w").tell(Add(n))
        await w.advance(200.0)

        assert (len(c.of(Replacing)), tree.ref("w").pid.incarnation) == (1, 1)


@world(seed=2)
async def test_a_bequeath_that_raises_keeps_the_old_life_and_speaks_against_it(w: World) -> None:
    c = Chart()
    c.plan("bequeath", raising(RuntimeError("torn")), life=1)
    async with c.top(apoptosis=Apoptosis(backoff=Backoff(60.0, 60.0))) as tree:
        tree.ref("w").tell(RETIRE)
        await w.idle()
        vitals = tree.vitals("w")

        assert [(event.step, event.why) for event in c.of(Kept)] == [
            ("bequeath", "bequeath() raised RuntimeError: torn")
        ]
        assert vitals is not None
        assert (vitals.alpha, tree.ref("w").pid.incarnation) == (2.0, 1)
