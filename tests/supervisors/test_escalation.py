"""What an end means upwards, and what survives it: refs, messages and askers."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from actors import ActorDied, Mailbox
from actors.events import Quarantined
from actors.testing import World, world
from supervisors import DynamicSupervisor, Pool, Supervisor
from supervisors.events import Died, GaveUp
from tests.supervisors.fixtures import (
    AsyncWorker,
    Crash,
    Do,
    Note,
    Recorder,
    Sleep,
    Worker,
    counts,
    end,
    fails,
    letters,
    states,
)

# -- giving up, seen from above ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("restart", "log", "state"),
    [
        ("permanent", ["-x crashed(Boom)", "-y shutdown", "+x", "+y"], {"sub": "running", "a": "running"}),
        ("transient", ["-x crashed(Boom)", "-y shutdown"], {"sub": "stopped", "a": "running"}),
        ("temporary", ["-x crashed(Boom)", "-y shutdown"], {"a": "running"}),
    ],
)
@world()
async def test_what_a_parent_does_about_a_supervisor_that_gave_up(
    w: World, restart: Any, log: list[str], state: dict[str, str]
) -> None:
    r = Recorder()
    sub = Supervisor("sub", r.children("x y"), max_restarts=0, restart=restart)
    async with r.run(Supervisor("top", [sub, r.child("a")])) as tree:
        r.take()
        end(tree.ref("sub/x"))
        await w.idle()

        assert (r.take(), await states(tree)) == (log, state)


@pytest.mark.parametrize("limits", [*itertools.product((0, 1, 2), repeat=2), (1, 1, 1), (2, 1, 3)], ids=str)
@world()
async def test_the_starts_of_a_leaf_that_always_crashes_are_the_product_of_all_limits(
    w: World, limits: tuple[int, ...]
) -> None:
    r = Recorder()

    class Doomed(Worker):
        def started(self) -> None:
            super().started()
            self.continue_with(Crash())

    tree_: Any = r.child("x", Doomed)
    product = 1
    for depth, limit in enumerate(limits):
        tree_ = Supervisor("top" if depth == len(limits) - 1 else f"sub{depth}", [tree_], max_restarts=limit)
        product *= limit + 1
    async with r.run(tree_) as tree:
        assert str(await tree.wait_ended()) == "shutdown"
        assert r.starts["x"] == product


@world()
async def test_a_supervisor_that_gives_up_is_one_restart_for_its_parent(w: World) -> None:
    r = Recorder()
    sub = Supervisor("sub", r.children("x"), max_restarts=2)
    async with r.run(Supervisor("top", [sub])) as tree:
        for _ in range(3):
            end(tree.ref("sub/x"))
            await w.idle()

        assert (tree.snapshot().restarts, [e.path for e in r.of(GaveUp)]) == (1, ["top/sub"])


@world()
async def test_the_budget_of_a_restarted_supervisor_is_fresh(w: World) -> None:
    r = Recorder()
    sub = Supervisor("sub", r.children("x"), max_restarts=1)
    async with r.run(Supervisor("top", [sub])) as tree:
        for _ in range(3):
            end(tree.ref("sub/x"))
            await w.idle()

        assert (tree.at("sub").name, tree.snapshot().children[0].restarts, r.starts["x"]) == ("top/sub", 1, 4)


@world()
async def test_a_subtree_that_cannot_be_restarted_is_retried_and_given_up(w: World) -> None:
    r = Recorder()
    sub = Supervisor("sub", r.children("x y"), max_restarts=0)
    async with r.run(Supervisor("top", [sub, r.child("a")], max_restarts=2)) as tree:
        r.take()
        r.always["y"] = "fail"
        end(tree.ref("sub/x"))
        await w.idle()

        attempt = ["+x", "y fails", "-x shutdown"]
        assert r.take() == ["-x crashed(Boom)", "-y shutdown", *attempt, *attempt, "-a shutdown"]


@world()
async def test_the_death_of_a_supervisor_takes_its_siblings_along_by_strategy(w: World) -> None:
    r = Recorder()
    subs = [Supervisor(f"s{n}", r.children(f"x{n}"), max_restarts=0) for n in (1, 2, 3)]
    async with r.run(Supervisor("top", subs, strategy="rest_for_one")) as tree:
        r.take()
        end(tree.ref("s2/x2"))
        await w.idle()

        assert r.take() == ["-x2 crashed(Boom)", "-x3 shutdown", "+x2", "+x3"]


# -- a supervisor is killed --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_the_children_of_a_killed_supervisor_die_of_killed_and_come_back(seed: int) -> None:
    async def scenario(w: World) -> None:
        r = Recorder()
        async with r.run(Supervisor("top", [Supervisor("sub", r.children("x y z")), r.child("a")])) as tree:
            r.take()
            tree.ref("sub").kill()
            await w.idle()
            log = r.take()

            assert sorted(log) == sorted(
                ["-sub killed", *(f"-{id} killed" for id in "xyz"), *(f"+{id}" for id in "xyz")]
            )
            assert [line for line in log if line.startswith("+")] == ["+x", "+y", "+z"]

    world(seed).run(scenario)


@world()
async def test_static_children_come_back_behind_the_same_refs(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Supervisor("sub", r.children("x y"))])) as tree:
        x, y = tree.ref("sub/x"), tree.ref("sub/y")
        tree.ref("sub").kill()
        await w.idle()

        assert (tree.ref("sub/x"), tree.ref("sub/y")) == (x, y)
        assert (await x.ask(Note("m")), await y.ask(Note("n"))) == ("m by life 2", "n by life 2")


@world()
async def test_the_children_of_a_killed_dynamic_supervisor_are_lost(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [DynamicSupervisor("dyn")])) as tree:
        refs = [await tree.at("dyn").start_child(r.child(id)) for id in "xy"]
        tree.ref("dyn").kill()
        await w.idle()

        assert await counts(tree.at("dyn")) == [0, 0, 0, 0]
        for ref in refs:
            assert ref is not None
            assert str((await fails(ref.ask(Note("m")), ActorDied)).reason) == "noproc"


@world()
async def test_children_added_by_hand_are_lost_with_the_life_of_their_supervisor(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Supervisor("sub", r.children("x"))])) as tree:
        await tree.at("sub").start_child(r.child("y"))
        tree.ref("sub").kill()
        await w.idle()

        assert await states(tree.at("sub")) == {"x": "running"}


@world()
async def test_a_terminated_child_is_started_again_with_a_new_life_of_its_supervisor(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Supervisor("sub", r.children("x y"))])) as tree:
        x = tree.ref("sub/x")
        await tree.at("sub").terminate_child("x")
        tree.ref("sub").kill()
        await w.idle()

        assert (await states(tree.at("sub")), x.is_alive) == ({"x": "running", "y": "running"}, True)


@world()
async def test_an_id_can_be_used_again_after_its_dynamic_supervisor_was_killed(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [DynamicSupervisor("dyn")])) as tree:
        await tree.at("dyn").start_child(r.child("x", AsyncWorker, linger=3.0))
        tree.ref("dyn").kill()
        await w.idle()
        new = await tree.at("dyn").start_child(r.child("x"))

        assert new is not None
        assert await new.ask(Note("m")) == "m by life 1"


@world()
async def test_a_killed_supervisors_successor_waits_for_the_places_to_be_free(w: World) -> None:
    r = Recorder()
    sub = Supervisor("sub", [r.child("x", AsyncWorker, linger=3.0), r.child("y")])
    async with r.run(Supervisor("top", [sub])) as tree:
        r.take()
        tree.ref("sub").kill()
        await w.advance(1.0)
        early = r.take()
        await w.advance(3.0)

        assert (sorted(early), r.take()) == (["-sub killed", "-x killed", "-y killed"], ["x lingered", "+x", "+y"])


@world()
async def test_a_kill_at_the_top_of_three_levels_ends_all_below_and_all_come_back(w: World) -> None:
    r = Recorder()
    deep = Supervisor("deep", r.children("x y"))
    async with r.run(Supervisor("top", [Supervisor("sub", [deep, r.child("z")])])) as tree:
        refs = [tree.ref(path) for path in ("sub/deep/x", "sub/deep/y", "sub/z")]
        tree.ref("sub").kill()
        await w.idle()

        assert [await ref.ask(Note("m")) for ref in refs] == ["m by life 2"] * 3


@world()
async def test_a_killed_pool_has_its_workers_back(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Pool("pool", r.child("w"), size=3)])) as tree:
        pool = tree.ref("pool")
        pool.kill()
        await w.idle()

        assert await pool.ask(Note("m")) == "m by life 2"
        assert await counts(tree.at("pool")) == [3, 3, 0, 3]


@world()
async def test_the_kill_of_a_supervisor_costs_its_parent_one_restart(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Supervisor("sub", r.children("x y"))])) as tree:
        tree.ref("sub").kill()
        await w.idle()

        assert (tree.snapshot().restarts, [(e.path, str(e.reason)) for e in r.of(Died)]) == (
            1,
            [("top/sub", "killed")],
        )


@world()
async def test_the_kill_of_the_root_ends_the_tree(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Supervisor("sub", r.children("x")), r.child("a")])) as tree:
        r.take()
        tree.kill()
        reason = await tree.wait_ended()
        await w.idle()

        assert (str(reason), tree.system.statistics().actors) == ("killed", 0)


@world()
async def test_a_defect_in_a_supervisor_ends_it_with_its_children_and_its_parent_repairs(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Supervisor("sub", r.children("x"))])) as tree:
        x = tree.ref("sub/x")

        def fail(state: dict[str, Any]) -> dict[str, Any]:
            return {**state, "children": None}

        await tree.ref("sub").replace_state(fail)
        end(x)
        await w.idle()

        assert await x.ask(Note("m")) == "m by life 2"


# -- refs --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["crash", "group restart", "supervisor restart", "supervisor killed"])
@world()
async def test_a_ref_works_again_after(w: World, what: str) -> None:
    r = Recorder()
    sub = Supervisor("sub", r.children("x y"), strategy="one_for_all", max_restarts=1)
    async with r.run(Supervisor("top", [sub])) as tree:
        x = tree.ref("sub/x")
        if what == "crash":
            end(x)
        elif what == "group restart":
            end(tree.ref("sub/y"))
        elif what == "supervisor restart":
            for _ in range(2):
                end(tree.ref("sub/y"))
                await w.idle()
        else:
            tree.ref("sub").kill()
        await w.idle()

        assert await x.ask(Note("m")) == ("m by life 3" if what == "supervisor restart" else "m by life 2")


@world()
async def test_a_message_to_a_place_that_rests_is_a_dead_letter(w: World) -> None:
    r = Recorder()
    async with r.top("a") as tree:
        ref = tree.ref("a")
        await tree.terminate_child("a")
        ref.tell(Note("m"))
        await w.idle()

        assert letters(tree) == ["m: the actor is dead"]


@world()
async def test_the_waiting_messages_of_a_finished_child_are_dead_letters(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", r.children("a", restart="transient"))) as tree:
        end(tree.ref("a"), "normal")
        for n in range(3):
            tree.ref("a").tell(Note(f"n{n}"))
        await w.idle()

        assert letters(tree) == [f"n{n}: the actor is dead" for n in range(3)]


# -- messages ----------------------------------------------------------------------------------------------------------


@world()
async def test_messages_told_to_a_dead_life_reach_its_successor_in_order(w: World) -> None:
    r = Recorder()
    async with r.top("a") as tree:
        end(tree.ref("a"))
        for n in range(5):
            tree.ref("a").tell(Note(f"n{n}"))
        await w.idle()

        assert r.take() == ["-a crashed(Boom)", "+a", *(f"a n{n}" for n in range(5))]


@world()
async def test_messages_told_while_the_successor_starts_are_handled_after_the_older_ones(w: World) -> None:
    r = Recorder()
    async with r.top("a", AsyncWorker) as tree:
        r.plans["a"].append(1.0)
        end(tree.ref("a"))
        tree.ref("a").tell(Note("old"))
        await w.idle()
        tree.ref("a").tell(Note("new"))
        await w.advance(2.0)

        assert r.take() == ["-a crashed(Boom)", "+a", "a old", "a new"]


@world()
async def test_messages_survive_a_group_restart(w: World) -> None:
    r = Recorder()
    async with r.top("a b", AsyncWorker, strategy="one_for_all") as tree:
        tree.ref("b").tell(Sleep(9.0))
        await w.idle()
        for n in range(3):
            tree.ref("b").tell(Note(f"n{n}"))
        end(tree.ref("a"))
        await w.idle()

        assert [line for line in r.take() if line.startswith("b n")] == ["b n0", "b n1", "b n2"]


@world()
async def test_messages_survive_the_kill_of_the_supervisor(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Supervisor("sub", r.children("x", AsyncWorker))])) as tree:
        x = tree.ref("sub/x")
        x.tell(Sleep(9.0))
        await w.idle()
        for n in range(3):
            x.tell(Note(f"n{n}"))
        tree.ref("sub").kill()
        await w.idle()

        assert [line for line in r.take() if line.startswith("x n")] == ["x n0", "x n1", "x n2"]


@world()
async def test_the_message_in_hand_at_a_crash_is_reported_and_not_redelivered(w: World) -> None:
    r = Recorder()
    async with r.top("a") as tree:
        tree.ref("a").tell(Crash("poison"))
        tree.ref("a").tell(Note("next"))
        await w.idle()

        assert (r.take(), letters(tree)) == (
            ["-a crashed(Boom: poison)", "+a", "a next"],
            ["poison: in hand at the crash"],
        )


@world()
async def test_the_asker_of_the_message_in_hand_is_told_at_once(w: World) -> None:
    r = Recorder()
    async with r.top("a") as tree:
        error = await fails(tree.ref("a").ask(Crash("poison")), ActorDied)

        assert (str(error.reason), w.now(), letters(tree)) == ("crashed(Boom: poison)", 0.0, [])


@world()
async def test_an_ask_that_waits_across_a_restart_is_answered_by_the_successor(w: World) -> None:
    r = Recorder()
    async with r.top("a", AsyncWorker) as tree:
        r.plans["a"].append(2.0)
        end(tree.ref("a"))
        asked = asyncio.ensure_future(tree.ref("a").ask(Note("m")))

        assert (await asked, w.now()) == ("m by life 2", 2.0)


@world()
async def test_an_ask_that_waits_when_the_tree_gives_up_fails_at_once(w: World) -> None:
    r = Recorder()
    async with r.top("a", max_restarts=0) as tree:
        end(tree.ref("a"))
        error = await fails(tree.ref("a").ask(Note("m")), ActorDied)

        assert (str(error.reason), w.now()) == ("crashed(Boom)", 0.0)


@pytest.mark.parametrize("redeliver", [1, 2, 5])
@world()
async def test_a_redelivered_message_is_quarantined_after_as_many_deaths(w: World, redeliver: int) -> None:
    r = Recorder()
    spec = r.child("a", mailbox=Mailbox(redeliver=redeliver))
    async with r.run(Supervisor("top", [spec], max_restarts=99)) as tree:
        seen: list[Any] = []
        tree.system.events.subscribe(lambda event: seen.append(event) if isinstance(event, Quarantined) else None)
        tree.ref("a").tell(Crash("poison"))
        tree.ref("a").tell(Note("next"))
        await w.idle()

        assert r.take() == ["+a", *(["-a crashed(Boom: poison)", "+a"] * redeliver), "a next"]
        assert [(e.message, e.deaths) for e in seen] == [(Crash("poison"), redeliver)]
        assert [(letter.message, letter.why.name) for letter in tree.system.dead_letters] == [
            (Crash("poison"), "QUARANTINED")
        ]


@world()
async def test_a_redelivered_question_is_answered_by_the_life_that_can(w: World) -> None:
    r = Recorder()

    async with r.run(Supervisor("top", [r.child("a", mailbox=Mailbox(redeliver=3))])) as tree:

        def answer(actor: Any) -> str:
            if actor.pid.incarnation < 3:
                raise RuntimeError("not yet")
            return f"life {actor.pid.incarnation}"

        assert await tree.ref("a").ask(Do(answer)) == "life 3"


@world()
async def test_a_redelivered_message_comes_before_those_that_waited_behind_it(w: World) -> None:
    r = Recorder()

    def act(actor: Any) -> None:
        r.write(f"first in life {actor.pid.incarnation}")
        if actor.pid.incarnation == 1:
            raise RuntimeError

    async with r.run(Supervisor("top", [r.child("a", mailbox=Mailbox(redeliver=2))])) as tree:
        r.take()
        tree.ref("a").tell(Do(act))
        tree.ref("a").tell(Note("second"))
        await w.idle()

        assert r.take() == [
            "first in life 1",
            "-a crashed(RuntimeError)",
            "+a",
            "first in life 2",
            "a second",
        ]


@world()
async def test_nothing_is_lost_between_a_thousand_messages_and_ten_crashes(w: World) -> None:
    r = Recorder()
    async with r.top("a", max_restarts=99) as tree:
        for n in range(1000):
            tree.ref("a").tell(Crash(f"c{n}") if n % 100 == 50 else Note(f"n{n}"))
        await w.idle()

        handled = [line.removeprefix("a ") for line in r.take() if line.startswith("a n")]
        assert handled == [f"n{n}" for n in range(1000) if n % 100 != 50]
        assert len(tree.system.dead_letters) == 10


@world()
async def test_leaving_the_system_does_not_leave_the_orphans_of_a_killed_supervisor_behind(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [DynamicSupervisor("dyn")])) as tree:
        await tree.at("dyn").start_child(r.child("x", AsyncWorker, linger=3.0))
        tree.ref("dyn").kill()
        await w.idle()

    assert (tree.system.statistics().actors, w.now() <= 5.0) == (0, True)


@pytest.mark.parametrize("seed", range(4))
def test_a_management_call_that_waits_for_a_supervisors_new_life_is_answered_by_it(seed: int) -> None:
    async def scenario(w: World) -> None:
        r = Recorder()
        sub = Supervisor("sub", r.children("x"))
        async with r.run(Supervisor("top", [r.child("a", AsyncWorker), sub], strategy="one_for_all")) as tree:
            r.plans["a"].append(1.0)
            end(tree.ref("a"), "killed")
            await w.idle()
            asked = asyncio.ensure_future(tree.at("sub").terminate_child("x"))
            await w.advance(2.0)

            assert (asked.done(), tree.snapshot().restarts) == (True, 1)
            assert (asked.exception(), await states(tree.at("sub"))) == (None, {"x": "stopped"})

    world(seed).run(scenario)
