"""What a replacement takes along and what it leaves: links, names, groups, timers, stash, senders, answers owed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors import ActorDied, Brownout, CoDel, Mailbox, Undelivered, handle
from actors.testing import World, world
from supervisors import Apoptosis, ReplacementFailed
from supervisors.apoptosis.events import Replaced
from tests.supervisors.apoptosis.fixtures import (
    JUDGED,
    Add,
    AsyncPatient,
    Chart,
    Crash,
    Do,
    Hold,
    Patient,
    Tick,
    Urgent,
    hang,
    items,
    raising,
    sleeping,
)
from tests.supervisors.fixtures import fails


class Trapper(AsyncPatient):
    """Hears of the ends of those it is linked to."""

    trap_exits = True


class Slow(AsyncPatient):
    """Takes two seconds for what is urgent."""

    @handle(priority=True)
    async def urgent(self, message: Urgent) -> int:
        await asyncio.sleep(2.0)
        return self.write(message.value)


# -- links -------------------------------------------------------------------------------------------------------------


@world()
async def test_the_links_of_others_move_and_nobody_hears_of_it(w: World) -> None:
    c = Chart()
    async with c.top(cls=AsyncPatient) as tree:
        peer = await tree.system.spawn(Trapper, c, "peer")
        await peer.ask(Do(lambda actor: actor.link(tree.ref("w"))))
        await tree.replace("w")
        await w.advance(1.0)
        c.take()
        tree.ref("w").kill()
        await w.idle()

        assert [line for line in c.take() if line.startswith("peer")] == ["peer#1 exited top/w#2 killed"]


@world()
async def test_who_was_linked_to_the_old_life_takes_the_new_one_along(w: World) -> None:
    c = Chart()
    async with c.top(cls=AsyncPatient) as tree:
        peer = await tree.system.spawn(AsyncPatient, c, "peer")
        await tree.ref("w").ask(Do(lambda actor: actor.link(peer)))
        await tree.replace("w")
        await w.advance(1.0)
        alive = (peer.is_alive, tree.ref("w").pid.incarnation)
        peer.tell(Crash())
        await w.idle()

        assert (alive, tree.ref("w").pid.incarnation) == ((True, 2), 3)


@pytest.mark.parametrize("seed", range(12))
def test_no_link_is_lost_however_near_to_the_switch_the_other_dies(seed: int) -> None:
    async def scenario(w: World) -> tuple[int, int]:
        c = Chart()
        async with c.top(cls=AsyncPatient) as tree:
            ref = tree.ref("w")
            peer = await tree.system.spawn(AsyncPatient, c, "peer")
            await ref.ask(Do(lambda actor: actor.link(peer)))

            async def inherit(actor: Any, estate: Any) -> None:
                peer.tell(Crash())
                for _ in range(w.rng.randrange(5)):
                    await asyncio.sleep(0)

            c.plan("inherit", inherit)
            try:
                await tree.replace("w")
            except ReplacementFailed:
                pass
            await w.advance(10.0)
            died = sum("crashed(Boom" in line and "top/w died" in line for line in c.take())
            return died, ref.pid.incarnation

    died, life = world(seed).run(scenario)

    assert (died, life) == (1, 3)  # a successor that was called off keeps its number


@world()
async def test_a_linked_helper_of_the_old_life_ends_with_it(w: World) -> None:
    c = Chart()

    async def hire(actor: AsyncPatient) -> Any:
        return await actor.spawn_link(AsyncPatient, c, "helper")

    async with c.top(cls=AsyncPatient) as tree:
        helper = await tree.ref("w").ask(Do(hire))
        await tree.replace("w")
        await w.idle()

        assert (helper.is_alive, tree.ref("w").pid.incarnation) == (False, 2)
        assert "helper#1 stopping apoptosis(by hand)" in c.take()


@world()
async def test_a_helper_that_is_not_linked_lives_on(w: World) -> None:
    c = Chart()

    async def hire(actor: AsyncPatient) -> Any:
        return await actor.spawn(AsyncPatient, c, "helper")

    async with c.top(cls=AsyncPatient) as tree:
        helper = await tree.ref("w").ask(Do(hire))
        await tree.replace("w")
        await w.advance(10.0)

        assert (helper.is_alive, helper.parent) == (True, tree.ref("w"))


@world()
async def test_a_linked_helper_of_a_successor_that_failed_ends_with_it(w: World) -> None:
    c = Chart()

    async def hire(actor: AsyncPatient) -> None:
        await actor.spawn_link(AsyncPatient, c, "helper")

    c.plan("started", hire, id="w", life=2)
    c.plan("ready", raising(RuntimeError("no")), id="w")
    async with c.top(cls=AsyncPatient) as tree:
        await fails(tree.replace("w"), ReplacementFailed)
        await w.idle()

        assert [line for line in c.take() if line.startswith("helper")] == [
            "helper#1 started",
            "helper#1 stopping shutdown",
        ]
        assert tree.system.statistics().actors == 2


@world()
async def test_an_exit_that_was_trapped_and_not_yet_handled_goes_to_the_successor(w: World) -> None:
    c = Chart()
    c.plan("inherit", sleeping(1.0))
    async with c.top(cls=Trapper) as tree:
        peer = await tree.system.spawn(AsyncPatient, c, "peer")
        await tree.ref("w").ask(Do(lambda actor: actor.link(peer)))
        replaced = asyncio.ensure_future(tree.replace("w"))
        await w.advance(0.5)
        peer.kill()
        await replaced
        await w.idle()

        assert [line for line in c.take() if "exited" in line] == ["w#2 exited AsyncPatient-3#1 killed"]


# -- monitors ----------------------------------------------------------------------------------------------------------


@world()
async def test_who_monitors_the_old_life_is_told_of_its_planned_end(w: World) -> None:
    c = Chart()
    async with c.top(cls=AsyncPatient) as tree:
        watcher = await tree.system.spawn(AsyncPatient, c, "watcher")
        await watcher.ask(Do(lambda actor: actor.monitor(tree.ref("w")) and None))
        c.take()
        await tree.replace("w", "rust")
        await w.idle()
        tree.ref("w").kill()
        await w.idle()

        assert [line for line in c.take() if "down" in line] == ["watcher#1 down top/w#1 apoptosis(rust)"]


@world()
async def test_what_the_old_life_monitored_is_not_monitored_by_the_new_one(w: World) -> None:
    c = Chart()
    async with c.top("w x", cls=AsyncPatient) as tree:
        await tree.ref("w").ask(Do(lambda actor: actor.monitor(tree.ref("x")) and None))
        await tree.replace("w")
        await w.idle()
        tree.ref("x").kill()
        await w.idle()

        assert [line for line in c.take() if " down " in line] == []


@world()
async def test_who_waits_for_the_end_of_the_old_life_hears_of_it(w: World) -> None:
    c = Chart()
    async with c.top() as tree:
        ended = asyncio.ensure_future(tree.ref("w").wait_ended())
        await w.idle()
        await tree.replace("w", "rust")

        assert str(await ended) == "apoptosis(rust)"


# -- names and groups --------------------------------------------------------------------------------------------------


@world()
async def test_a_name_is_the_places_at_every_moment(w: World) -> None:
    c = Chart()
    c.plan("started", lambda actor: actor.system.register("prices", actor.ref))
    c.plan("ready", sleeping(1.0, True))
    c.plan("inherit", sleeping(1.0))
    c.plan("stopping", sleeping(1.0))
    async with c.top(cls=AsyncPatient) as tree:
        ref = tree.ref("w")
        replaced = asyncio.ensure_future(tree.replace("w"))
        found = []
        for _ in range(40):
            found.append((tree.system.whereis("prices") is ref, tree.system.whereis("top/w") is ref))
            await w.advance(0.1)
        await replaced

        assert (set(found), ref.pid.incarnation) == ({(True, True)}, 2)
        ref.kill()
        await w.idle()
        assert tree.system.whereis("prices") is ref


@world()
async def test_a_name_is_free_again_when_the_successor_ends(w: World) -> None:
    c = Chart()
    async with c.top(restart="temporary") as tree:
        await tree.ref("w").ask(Do(lambda actor: actor.system.register("prices", actor.ref)))
        await tree.replace("w")
        await w.idle()
        tree.ref("w").kill()
        await w.idle()

        assert tree.system.whereis("prices") is None


@world()
async def test_a_group_keeps_its_order_and_hears_everything_once(w: World) -> None:
    c = Chart("started", "ready", "bequeath", "inherit", "stopping")
    c.plan("started", lambda actor: actor.join("staff"))
    c.plan("ready", sleeping(1.0, True), id="b")
    c.plan("inherit", sleeping(1.0), id="b")
    async with c.top("a b d", cls=AsyncPatient) as tree:
        replaced = asyncio.ensure_future(tree.replace("b"))
        taken = []
        for n in range(5):
            taken.append(tree.system.publish("staff", Add(n)))
            taken.append([ref.name for ref in tree.system.members("staff")])  # type: ignore[arg-type]
            await w.advance(0.75)
        await replaced
        kept = [await items(tree.ref(id)) for id in "abd"]

        assert taken == [3, ["top/a", "top/b", "top/d"]] * 5
        assert kept == [[0, 1, 2, 3, 4]] * 3


@world()
async def test_a_group_that_only_the_successor_joins_is_joined_at_the_switch(w: World) -> None:
    c = Chart()
    c.plan("started", lambda actor: actor.join("new"), life=2)
    c.plan("ready", sleeping(1.0, True), life=2)
    async with c.top(cls=AsyncPatient) as tree:
        await tree.ref("w").ask(Do(lambda actor: actor.join("old")))
        replaced = asyncio.ensure_future(tree.replace("w"))
        await w.advance(0.5)
        before = [len(tree.system.members(group)) for group in ("old", "new")]
        await replaced
        await w.idle()
        after = [len(tree.system.members(group)) for group in ("old", "new")]

        assert (before, after) == ([1, 0], [1, 1])


@world()
async def test_a_successor_that_failed_leaves_no_trace_in_names_and_groups(w: World) -> None:
    c = Chart()
    c.plan("started", lambda actor: actor.join("staff"))
    c.plan("ready", raising(RuntimeError("no")))
    async with c.top() as tree:
        await fails(tree.replace("w"), ReplacementFailed)
        await w.idle()

        assert [str(ref.pid) for ref in tree.system.members("staff")] == ["top/w#1"]


# -- timers ------------------------------------------------------------------------------------------------------------


@world()
async def test_the_timers_of_the_old_life_end_with_it(w: World) -> None:
    c = Chart("bequeath", "inherit", "ready", "stopping")
    async with c.top() as tree:
        await tree.ref("w").ask(Do(lambda actor: (actor.every(1.0, Tick()), actor.after(2.5, Tick("once")))))
        await w.advance(1.5)
        await tree.replace("w")
        await w.advance(10.0)

        assert [line for line in c.take() if "#" in line and ":" in line] == ["w#1: tick"]


@world()
async def test_the_timers_of_a_successor_are_handled_only_once_it_serves(w: World) -> None:
    c = Chart("bequeath", "inherit", "ready", "stopping")
    c.plan("started", lambda actor: actor.every(1.0, Tick()) and None, life=2)
    c.plan("ready", sleeping(3.5, True), life=2)
    async with c.top(cls=AsyncPatient) as tree:
        await tree.replace("w")
        await w.advance(1.0)

        assert [line for line in c.take() if "life 1" not in line] == [
            "w#2 started",
            "3.5 top/w is replaced by life 2 after 3.5 s because of by hand, inherits all",
            "w#2: tick",  # of those that were missed, one is delivered
            "w#2: tick",
        ]


# -- stash, continuations, urgent messages -----------------------------------------------------------------------------


@world()
async def test_what_was_put_aside_comes_first_and_its_askers_are_answered(w: World) -> None:
    c = Chart()

    async def put_aside(actor: AsyncPatient) -> int:
        if actor.pid.incarnation == 1:
            actor.stash()
            return 0
        return actor.write("stashed")

    async with c.top(cls=AsyncPatient) as tree:
        ref = tree.ref("w")
        asked = [asyncio.ensure_future(ref.ask(Do(put_aside))) for _ in range(2)]
        await w.idle()
        ref.tell(Hold(1.0))
        await w.idle()
        ref.tell(Add("waited"))
        await tree.replace("w")

        assert ([await one for one in asked], await items(ref)) == ([2, 2], ["held", "stashed", "stashed", "waited"])


@world()
async def test_a_message_that_goes_on_with_another_is_not_torn_in_two(w: World) -> None:
    c = Chart()

    async def halfway(actor: AsyncPatient) -> None:
        await asyncio.sleep(1.0)
        actor.write("first half")
        actor.continue_with(Add("second half"))

    async with c.top(cls=AsyncPatient) as tree:
        ref = tree.ref("w")
        ref.tell(Do(halfway))
        await w.advance(0.5)
        await tree.replace("w")
        await w.idle()

        assert (ref.pid.incarnation, await items(ref)) == (2, ["first half", "second half"])
        assert len(tree.system.dead_letters) == 0


@world()
async def test_urgent_messages_wait_while_the_estate_changes_hands(w: World) -> None:
    c = Chart()
    c.plan("bequeath", lambda actor: list(actor.items))
    c.plan("inherit", sleeping(2.0))
    async with c.top(cls=AsyncPatient) as tree:
        replaced = asyncio.ensure_future(tree.replace("w"))
        await w.advance(0.5)
        tree.ref("w").tell(Add("plain"))
        answers = [asyncio.ensure_future(tree.ref("w").ask(Urgent(n))) for n in range(3)]
        await replaced

        assert ([await one for one in answers], await items(tree.ref("w"))) == ([2, 2, 2], [0, 1, 2, "plain"])


@pytest.mark.parametrize("seed", range(6))
def test_what_comes_while_an_urgent_handler_outlasts_a_failed_replacement_is_not_lost(seed: int) -> None:
    async def scenario(w: World) -> list[Any]:
        c = Chart()

        async def inherit(actor: Any, estate: Any) -> None:
            await asyncio.sleep(1.0)
            raise RuntimeError("no")

        c.plan("inherit", inherit)
        async with c.top(cls=Slow) as tree:
            ref = tree.ref("w")
            failed = asyncio.ensure_future(fails(tree.replace("w"), ReplacementFailed))
            await w.advance(0.5)
            ref.tell(Urgent("urgent"))
            await w.advance(1.0)
            ref.tell(Add("plain"))
            await w.advance(5.0)
            await failed
            return await items(ref)

    assert sorted(world(seed).run(scenario)) == ["plain", "urgent"]


@world()
async def test_urgent_messages_of_one_sender_keep_their_order_when_the_paused_life_is_killed(w: World) -> None:
    c = Chart()
    c.plan("inherit", sleeping(2.0))
    async with c.top(cls=AsyncPatient) as tree:
        ref = tree.ref("w")
        failed = asyncio.ensure_future(fails(tree.replace("w"), ReplacementFailed))
        await w.advance(0.5)
        for n in range(3):
            ref.tell(Urgent(n))
        await w.idle()
        ref.kill()
        for n in range(3, 6):
            ref.tell(Urgent(n))
        await failed
        await w.idle()

        assert await items(ref) == [0, 1, 2, 3, 4, 5]


# -- full mailboxes ----------------------------------------------------------------------------------------------------


@world()
async def test_senders_that_wait_for_room_are_let_in_by_the_successor_in_order(w: World) -> None:
    c = Chart()
    async with c.top(cls=AsyncPatient, mailbox=Mailbox(limit=2, overflow="wait")) as tree:
        ref = tree.ref("w")

        async def send(first: int) -> None:
            for n in range(first, first + 5):
                await ref.tell(Add(n))

        ref.tell(Hold(1.0))
        await w.idle()
        senders = [asyncio.ensure_future(send(first)) for first in (0, 10, 20)]
        await w.idle()
        await tree.replace("w")
        await asyncio.gather(*senders)
        kept = (await items(ref))[1:]

        assert [[n for n in kept if n // 10 == sender] for sender in range(3)] == [
            list(range(first, first + 5)) for first in (0, 10, 20)
        ]
        assert (len(kept), len(tree.system.dead_letters)) == (15, 0)


@world()
async def test_who_begins_to_wait_after_the_switch_waits_for_the_successor(w: World) -> None:
    c = Chart()
    async with c.top(cls=AsyncPatient, mailbox=Mailbox(limit=1, overflow="wait")) as tree:
        ref = tree.ref("w")
        ref.tell(Hold(1.0))
        await w.idle()
        ref.tell(Add(1))
        room = ref.tell(Add(2))
        await tree.replace("w")
        await w.idle()
        await room

        assert await items(ref) == ["held", 1, 2]


@pytest.mark.parametrize("overflow", ["reject", "drop_oldest", "drop_newest"])
@world()
async def test_a_full_mailbox_is_as_full_for_the_successor(w: World, overflow: Any) -> None:
    c = Chart()
    c.plan("ready", sleeping(1.0, True))
    c.plan("inherit", sleeping(1.0))
    async with c.top(cls=AsyncPatient, mailbox=Mailbox(limit=2, overflow=overflow)) as tree:
        ref = tree.ref("w")
        replaced = asyncio.ensure_future(tree.replace("w"))
        await w.advance(1.5)  # life 1 is paused
        refused = 0
        for n in range(5):
            try:
                ref.tell(Add(n))
            except Exception as error:
                refused += type(error).__name__ == "MailboxFull"
        await replaced
        kept = {"reject": ([0, 1], 3, 0), "drop_oldest": ([3, 4], 0, 3), "drop_newest": ([0, 1], 0, 3)}[overflow]

        assert (await items(ref), refused, len(tree.system.dead_letters)) == kept


class Frugal(AsyncPatient):
    """Can do it more cheaply."""

    @handle(level=1)
    async def cheaply(self, message: Hold) -> int:
        return -1


@world()
async def test_a_controlled_mailbox_is_the_same_one_after_a_replacement(w: World) -> None:
    c = Chart()
    async with c.top(cls=Frugal, mailbox=Mailbox(control=CoDel(), brownout=Brownout())) as tree:
        ref = tree.ref("w")
        for _ in range(50):
            ref.tell(Hold(0.3))
        await w.advance(5.0)
        before = ref.statistics()
        await tree.replace("w")
        after = ref.statistics()

        assert (before.shed > 0, after.shed >= before.shed, after.dimmer) == (True, True, before.dimmer)


# -- answers that are owed ---------------------------------------------------------------------------------------------


@world()
async def test_an_answer_that_was_put_off_is_given_by_the_old_life(w: World) -> None:
    c = Chart()
    put_off: list[Any] = []
    async with c.top() as tree:
        ref = tree.ref("w")
        asked = asyncio.ensure_future(ref.ask(Do(lambda actor: put_off.append(actor.defer()))))
        await w.idle()
        await tree.replace("w")
        await w.advance(2.0)
        ended = [line for line in c.log if "has ended" in line]
        put_off[0].send("at last")

        assert (await asked, ended) == ("at last", [])
        await w.idle()
        assert c.take()[-2:] == ["w#1 stopping apoptosis(by hand)", "2 life 1 of top/w has ended: apoptosis(by hand)"]


@world()
async def test_answers_that_are_never_given_end_with_the_old_lifes_time(w: World) -> None:
    c = Chart()
    async with c.top(shutdown=3.0) as tree:
        ref = tree.ref("w")
        asked = asyncio.ensure_future(ref.ask(Do(lambda actor: actor.defer() and None), timeout=None))
        await w.idle()
        await tree.replace("w")
        error = await fails(asked, ActorDied)

        assert (w.now(), str(error.reason)) == (3.0, "killed")
        assert "top/w#1" in str(error)


@world()
async def test_an_answer_put_off_in_the_handler_that_was_stuck_is_given_too(w: World) -> None:
    c = Chart()
    put_off: list[Any] = []

    async def slow(actor: AsyncPatient) -> None:
        await asyncio.sleep(2.0)
        put_off.append(actor.defer())

    async with c.top(cls=AsyncPatient, apoptosis=Apoptosis(handover=1.0)) as tree:
        asked = asyncio.ensure_future(tree.ref("w").ask(Do(slow)))
        await w.idle()
        await tree.replace("w", estate="nothing")
        await w.advance(2.0)
        put_off[0].send("at last")

        assert await asked == "at last"


# -- a life that is stuck ----------------------------------------------------------------------------------------------


@world()
async def test_a_life_that_is_stuck_is_taken_over_from_and_may_finish(w: World) -> None:
    c = Chart("ready", "started")
    async with c.top(cls=AsyncPatient, apoptosis=Apoptosis(handover=2.0)) as tree:
        ref = tree.ref("w")
        await ref.ask(Add("good"))
        await w.advance(1.5)
        c.take()
        stuck = asyncio.ensure_future(ref.ask(Hold(5.0, "stuck"), timeout=None))
        await w.idle()
        waiting = asyncio.ensure_future(ref.ask(Add("next")))
        await tree.replace("w")

        assert (await waiting, await stuck, w.now()) == (2, 1, 6.5)
        await w.idle()
        assert [line for line in c.take() if "bequeath" not in line] == [
            "w#1 holds",
            "1.5 top/w gets a successor beside life 1 because of by hand",
            "w#2 inherit ['good']",
            "3.5 top/w is replaced by life 2 after 2 s because of by hand, 1 message moved, inherits last good",
            "w#2: next",
            "w#1: stuck",
            "w#1 stopping apoptosis(by hand)",
            "6.5 life 1 of top/w has ended: apoptosis(by hand)",
        ]
        assert await items(ref) == ["good", "next"]


@world()
async def test_a_life_that_stays_stuck_is_killed_after_its_shutdown_and_its_asker_is_told(w: World) -> None:
    c = Chart("ready", "started")
    async with c.top(cls=AsyncPatient, apoptosis=Apoptosis(handover=2.0), shutdown=3.0) as tree:
        ref = tree.ref("w")
        stuck = asyncio.ensure_future(ref.ask(Hold(1e6), timeout=None))
        await w.idle()
        await tree.replace("w", estate="nothing")
        switched = w.now()
        error = await fails(stuck, ActorDied)
        await w.idle()

        assert (switched, w.now(), str(error.reason), tree.system.statistics().actors) == (2.0, 5.0, "killed", 2)
        assert c.take()[-1] == "5 life 1 of top/w has ended: killed, which was not expected"


@world()
async def test_what_was_told_to_a_life_that_stays_stuck_is_a_dead_letter(w: World) -> None:
    c = Chart()
    async with c.top(cls=AsyncPatient, apoptosis=Apoptosis(handover=2.0), shutdown=3.0) as tree:
        tree.ref("w").tell(Hold(1e6))
        await w.idle()
        await tree.replace("w", estate="nothing")
        await w.advance(4.0)

        assert [(letter.message, letter.why) for letter in tree.system.dead_letters] == [
            (Hold(1e6), Undelivered.IN_HAND)
        ]


@world()
async def test_what_crashes_a_stuck_life_after_the_switch_is_handed_to_the_successor_if_it_may(w: World) -> None:
    c = Chart()

    async def late_crash(actor: AsyncPatient) -> int:
        if actor.pid.incarnation == 1:
            await asyncio.sleep(4.0)
            raise RuntimeError("late")
        return actor.write("again")

    policy = Apoptosis(handover=2.0)
    async with c.top(cls=AsyncPatient, apoptosis=policy, max_restarts=0, mailbox=Mailbox(redeliver=2)) as tree:
        asked = asyncio.ensure_future(tree.ref("w").ask(Do(late_crash), timeout=None))
        await w.idle()
        await tree.replace("w", estate="nothing")

        assert (await asked, w.now(), tree.ref("w").pid.incarnation) == (2, 4.0, 2)


@world()
async def test_a_deadline_that_the_old_life_misses_is_not_held_against_the_successor(w: World) -> None:
    c = Chart()
    async with c.top(cls=AsyncPatient, apoptosis=Apoptosis(handover=1.0)) as tree:
        ref = tree.ref("w")
        late = asyncio.ensure_future(ref.ask(Hold(4.0), timeout=2.5))
        await w.idle()
        await tree.replace("w", estate="nothing")
        await fails(late, TimeoutError)
        vitals = tree.vitals("w")

        assert vitals is not None
        assert (vitals.late, vitals.alpha, ref.statistics().expired) == (0, 0.0, 0)


# -- debugging ---------------------------------------------------------------------------------------------------------


@world()
async def test_a_suspended_worker_is_replaced_only_when_it_is_resumed(w: World) -> None:
    c = Chart("bequeath", "started", "ready", "inherit")
    async with c.top() as tree:
        await tree.ref("w").suspend()
        asked = asyncio.ensure_future(tree.replace("w"))
        await w.advance(3.5)
        await tree.ref("w").resume()
        await asked

        assert c.take()[:3] == [
            "0 top/w should be replaced because of by hand and waits: it is suspended",
            "4 top/w gets a successor beside life 1 because of by hand",
            "4 top/w is replaced by life 2 after 0 s because of by hand, inherits all",
        ]


@world()
async def test_a_worker_suspended_during_its_replacement_is_suspended_afterwards(w: World) -> None:
    c = Chart()
    c.plan("inherit", sleeping(1.0))
    async with c.top(cls=AsyncPatient) as tree:
        ref = tree.ref("w")
        replaced = asyncio.ensure_future(tree.replace("w"))
        await w.advance(0.5)
        await ref.suspend()
        ref.tell(Add("x"))
        await replaced
        await w.advance(2.0)
        waiting = ref.statistics().mailbox
        await ref.resume()

        assert (waiting, ref.pid.incarnation, await items(ref)) == (1, 2, ["x"])


@world()
async def test_a_suspended_worker_that_hangs_in_a_hook_can_be_resumed(w: World) -> None:
    c = Chart()
    c.plan("bequeath", hang, life=1)
    async with c.top(cls=AsyncPatient, apoptosis=JUDGED) as tree:
        ref = tree.ref("w")
        await ref.suspend()
        await w.advance(1.5)
        resumed = asyncio.ensure_future(ref.resume())
        resumed.add_done_callback(lambda done: done.exception())  # it may end with the life that hangs
        answer = await ref.ask(Add("x"), timeout=100.0)

        assert answer == 2


@world()
async def test_resuming_does_not_wake_a_life_that_is_paused(w: World) -> None:
    c = Chart()
    c.plan("bequeath", lambda actor: list(actor.items))
    c.plan("inherit", sleeping(1.0))
    async with c.top(cls=AsyncPatient) as tree:
        ref = tree.ref("w")
        replaced = asyncio.ensure_future(tree.replace("w"))
        await w.advance(0.5)
        await ref.suspend()
        await ref.resume()
        ref.tell(Add("x"))
        await replaced

        assert await items(ref) == ["x"]


@world()
async def test_the_state_of_the_successor_is_what_is_shown(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=JUDGED) as tree:
        before = await tree.ref("w").get_state()
        await tree.replace("w")
        after = await tree.ref("w").get_state()
        node = tree.snapshot().find("top/w")

        assert before["items"] is after["items"]
        assert node is not None
        assert (node.incarnation, node.status, len(c.of(Replaced))) == (2, "running", 1)


@world()
async def test_a_class_of_its_own_is_replaced_by_the_same_class(w: World) -> None:
    c = Chart()
    async with c.top(cls=Slow) as tree:
        await tree.replace("w")

        assert type(await tree.ref("w").ask(Do(lambda actor: actor))) is Slow
        assert issubclass(Slow, Patient)
