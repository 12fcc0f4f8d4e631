"""Who may be replaced now: the disruption budget in running trees, group by group and tree-wide, and shared damage."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors.testing import World, world
from supervisors import Apoptosis, Backoff, Disruption, Lifetime, Pool, ReplacementFailed, Supervisor
from supervisors.apoptosis.events import Degraded, Postponed, Replaced, Replacing, Undegraded
from tests.supervisors.apoptosis.fixtures import (
    JUDGED,
    Add,
    AsyncPatient,
    Chart,
    Childless,
    Crash,
    Do,
    damaging,
    raising,
    sleeping,
    strike,
)
from tests.supervisors.fixtures import fails

RETIRE = Do(lambda actor: actor.retire("rust"))


def most_at_once(c: Chart, path: str = "") -> int:
    """How many below ``path`` were under replacement at a time, by the events."""
    ongoing = most = 0
    for event in c.of(Replacing, Replaced):
        if event.path.startswith(path):
            ongoing += 1 if isinstance(event, Replacing) else -1
            most = max(most, ongoing)
    assert ongoing == 0
    return most


def retire_all(tree: Any, ids: str) -> None:
    for id in ids.split():
        tree.ref(id).tell(RETIRE)


# -- one group ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_once", [1, 2, 3, 5, 8])
@world()
async def test_so_many_of_a_group_are_replaced_at_once_and_no_more(w: World, at_once: int) -> None:
    c = Chart()
    c.plan("ready", sleeping(1.0, True))
    ids = "a b d e f g"
    async with c.top(ids, cls=AsyncPatient, disruption=Disruption(at_once, everywhere=99)) as tree:
        retire_all(tree, ids)
        await w.advance(20.0)

        assert (most_at_once(c), len(c.of(Replaced))) == (min(at_once, 6), 6)
        assert max(event.at for event in c.of(Replaced)) == -(-6 // at_once)


@world()
async def test_who_has_to_wait_says_once_why_and_serves_on(w: World) -> None:
    c = Chart("started", "ready", "bequeath", "inherit", "stopping")
    c.plan("ready", sleeping(3.0, True))
    async with c.top("a b", cls=AsyncPatient) as tree:
        tree.ref("a").tell(RETIRE)
        await w.idle()
        tree.ref("b").tell(RETIRE)
        await w.advance(2.5)
        life = await tree.ref("b").ask(Add("x"))
        await w.advance(10.0)

        assert life == 1
        assert [line for line in c.planned() if "has ended" not in line] == [
            "0 top/a gets a successor beside life 1 because of rust",
            "0 top/b should be replaced because of rust and waits: 1 of at most 1 at once in its group",
            "3 top/a is replaced by life 2 after 3 s because of rust, inherits all",
            "3 top/b gets a successor beside life 1 because of rust",
            "6 top/b is replaced by life 2 after 3 s because of rust, inherits all",
        ]


@world()
async def test_who_has_to_wait_for_another_reason_says_so_too(w: World) -> None:
    c = Chart()
    c.plan("ready", sleeping(3.0, True), id="a")
    async with c.top("a b", cls=AsyncPatient) as tree:
        await tree.ref("b").suspend()
        tree.ref("a").tell(RETIRE)
        await w.idle()
        asked = asyncio.ensure_future(tree.replace("b"))
        await w.advance(6.0)
        await tree.ref("b").resume()
        await asked

        assert [(event.at, event.why) for event in c.of(Postponed)] == [(0, "it is suspended")]


@world()
async def test_a_budget_of_nothing_keeps_everybody_and_who_asks_waits(w: World) -> None:
    c = Chart()
    async with c.top("a", disruption=Disruption(at_once=0)) as tree:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(100.0):
                await tree.replace("a")

        assert c.planned() == [
            "0 top/a should be replaced because of by hand and waits: the budget allows no planned death"
        ]


@world()
async def test_who_waits_is_told_when_its_worker_is_stopped_or_dies(w: World) -> None:
    c = Chart()
    async with c.top("a b d", disruption=Disruption(at_once=0)) as tree:
        asked = {id: asyncio.ensure_future(tree.replace(id)) for id in "abd"}
        await w.idle()
        tree.ref("a").kill()
        await tree.terminate_child("b")
        await tree.terminate_child("d")
        await tree.delete_child("d")
        errors = {id: (await fails(one, ReplacementFailed)).why for id, one in asked.items()}

        assert errors == {"a": "it ended: killed", "b": "it is being stopped", "d": "it is being stopped"}


@world()
async def test_those_that_are_refused_do_not_starve_the_others(w: World) -> None:
    c = Chart()
    ids = [f"w{n:02}" for n in range(40)]
    async with c.top(" ".join(ids)) as tree:
        for id in ids[:39]:
            await tree.ref(id).suspend()
        asked = [asyncio.ensure_future(tree.replace(id)) for id in ids]
        await w.advance(5.0)
        served = [id for id in ids if tree.ref(id).pid.incarnation == 2]
        for id in ids[:39]:
            await tree.ref(id).resume()
        await asyncio.gather(*asked)

        assert served == ["w39"]


@world()
async def test_those_that_rest_after_a_failure_do_not_starve_the_others(w: World) -> None:
    c = Chart()
    ids = [f"w{n:02}" for n in range(40)]
    for id in ids[:39]:
        c.plan("ready", raising(RuntimeError("cold")), id=id)
    policy = Apoptosis(backoff=Backoff(1e6, 1e6))
    async with c.top(" ".join(ids), apoptosis=policy) as tree:
        retire_all(tree, " ".join(ids))
        await w.advance(5.0)

        assert [id for id in ids if tree.ref(id).pid.incarnation == 2] == ["w39"]


@world(seed=1)
async def test_a_long_rest_of_one_does_not_keep_the_others_waiting(w: World) -> None:
    c = Chart()
    c.plan("started", raising(RuntimeError("no")), life=2, id="a")
    sub = Supervisor("sub", c.children("x", backoff=Backoff(3.0, 3.0)))
    policy = Apoptosis(backoff=Backoff(60.0, 60.0))
    async with c.run(Supervisor("top", [*c.children("a b", apoptosis=policy), sub]), seed=1) as tree:
        tree.ref("a").tell(RETIRE)
        await w.advance(0.1)
        tree.ref("sub/x").tell(Crash())
        await w.idle()
        tree.ref("b").tell(RETIRE)
        while not tree.ref("sub/x").is_alive:
            await w.advance(0.1)
        back = w.now()
        await w.advance(1.1)

        assert (back > 1.0, tree.ref("b").pid.incarnation) == (True, 2)


# -- the floor ---------------------------------------------------------------------------------------------------------


@world()
async def test_damage_that_all_siblings_share_degrades_the_group_and_does_not_empty_it(w: World) -> None:
    c = Chart("started", "ready", "bequeath", "inherit", "stopping")
    async with c.top("a b d e", apoptosis=JUDGED) as tree:
        strike([tree.ref(id) for id in "abde"], 2.0)
        await w.idle()
        repaired = sorted(line for line in c.take() if "#" in line)
        strike([tree.ref(id) for id in "abde"], 3.0)
        await w.idle()
        lives = [await tree.ref(id).ask(Add("x")) for id in "abde"]
        degraded = [line for line in c.take() if line.startswith("0 ") and "damaged (" not in line]
        await w.advance(20.0)

        assert repaired == [f"{id}#1 repair {level}" for id in "abde" for level in (1, 2)]
        assert lives == [1] * 4
        assert degraded == [
            *(
                f"0 top/{id} should be replaced because of invariant: shared and waits: "
                "1 of 4 would be well, and the floor is 50%"
                for id in "abde"
            ),
            "0 top is degraded: 4 of 4 children are damaged",
        ]
        assert [line.partition(" ")[2] for line in c.take() if line[0].isdigit()] == [
            *(f"top/{id} has recovered after repair level 2" for id in "abde"),
            "top is no longer degraded",
        ]
        assert [tree.ref(id).pid.incarnation for id in "abde"] == [1] * 4


@world()
async def test_repair_is_still_tried_in_a_degraded_group(w: World) -> None:
    c = Chart("started", "ready", "bequeath", "inherit", "stopping")
    async with c.top("a b d", apoptosis=JUDGED) as tree:
        refs = [tree.ref(id) for id in "abd"]
        strike(refs, 9.0)
        await w.idle()
        degraded = len(c.of(Degraded))
        await w.advance(30.0)
        strike(refs, 1.0)
        await w.idle()

        assert degraded == len(c.of(Undegraded)) == 1
        assert sorted(line for line in c.take() if " repair " in line and "#" in line) == [
            f"{id}#1 repair 1" for id in "abd"
        ]


@pytest.mark.parametrize(("ill", "goes"), [(1, True), (2, True), (3, True), (4, True), (5, False), (6, False)])
@world()
async def test_the_ill_are_replaced_if_enough_are_well_with_the_successor(w: World, ill: int, goes: bool) -> None:
    c = Chart()
    ids = "abdefg"
    async with c.top(" ".join(ids), cls=Childless, apoptosis=JUDGED) as tree:
        strike(tree.ref(id) for id in ids[:ill])
        await w.advance(0.5)

        assert (len(c.of(Replaced)), len(c.of(Degraded))) == ((ill, 0) if goes else (0, 1))


@world()
async def test_a_group_of_one_may_be_replaced(w: World) -> None:
    c = Chart()
    async with c.top("a", apoptosis=JUDGED) as tree:
        tree.ref("a").tell(damaging(3.0))
        await w.idle()

        assert (tree.ref("a").pid.incarnation, c.of(Degraded)) == (2, [])


@world()
async def test_a_floor_of_nothing_lets_everybody_go_in_turn(w: World) -> None:
    c = Chart()
    async with c.top("a b d e", apoptosis=JUDGED, disruption=Disruption(floor=0.0)) as tree:
        strike(tree.ref(id) for id in "abde")
        await w.idle()

        assert [tree.ref(id).pid.incarnation for id in "abde"] == [2] * 4


@world()
async def test_a_healthy_worker_is_not_replaced_below_the_floor(w: World) -> None:
    c = Chart()
    async with c.top("a b d e", cls=Childless, apoptosis=Apoptosis(decay=0.9)) as tree:
        for id in "bde":
            await tree.ref(id).suspend()
        strike(tree.ref(id) for id in "bde")
        asked = asyncio.ensure_future(tree.replace("a"))
        await w.advance(5.0)
        waiting = (asked.done(), tree.ref("a").pid.incarnation)
        for id in "bde":
            await tree.ref(id).resume()
        await asked

        assert waiting == (False, 1)
        assert next(event.why for event in c.of(Postponed) if event.path == "top/a") == (
            "1 of 4 would be well, and the floor is 50%"
        )


@pytest.mark.parametrize(("ids", "floor"), [("a b", 1.0), ("a b d e", 0.5)])
@world()
async def test_who_was_ill_and_is_wanted_by_hand_does_not_count_as_ill_for_ever(
    w: World, ids: str, floor: float
) -> None:
    c = Chart()
    async with c.top(ids, apoptosis=JUDGED, disruption=Disruption(floor=floor)) as tree:
        strike(tree.ref(id) for id in ids.split())
        await w.idle()
        degraded = len(c.of(Degraded))
        async with asyncio.timeout(60.0):
            await asyncio.gather(*(tree.replace(id) for id in ids.split()))
        await w.idle()

        assert (degraded, len(c.of(Undegraded)), len(c.of(Replaced))) == (1, 1, len(ids.split()))


@pytest.mark.parametrize("how", ["restart", "terminate", "kill"])
@world()
async def test_a_degraded_group_is_well_again_when_its_damaged_members_are_new_or_gone(w: World, how: str) -> None:
    c = Chart()
    strategy: Any = "one_for_all" if how == "restart" else "one_for_one"
    async with c.top("a b d", apoptosis=Apoptosis(decay=0.99), strategy=strategy, max_restarts=9) as tree:
        strike(tree.ref(id) for id in "abd")
        await w.advance(0.5)
        degraded = (len(c.of(Degraded)), len(c.of(Undegraded)))
        for id in "a" if how == "restart" else "abd":
            if how == "terminate":
                await tree.terminate_child(id)
            else:
                tree.ref(id).kill()
        await w.advance(3.0)

        assert (degraded, len(c.of(Undegraded)), len(c.of(Degraded))) == ((1, 0), 1, 1)


# -- the whole tree ----------------------------------------------------------------------------------------------------


def nested(c: Chart, everywhere: int, at_once: int = 3) -> Supervisor:
    """Three supervisors of three workers each, one of them two levels down."""
    subs = [
        Supervisor(name, c.children("a b d", AsyncPatient), disruption=Disruption(at_once, everywhere=99))
        for name in ("x", "y")
    ]
    deep = Pool("z", c.child("w", AsyncPatient), size=3, disruption=Disruption(at_once, everywhere=99))
    return Supervisor("top", [*subs, Supervisor("deep", [deep])], disruption=Disruption(everywhere=everywhere))


PATHS = [*(f"{sub}/{id}" for sub in "xy" for id in "abd"), *(f"deep/z/w-{n}" for n in (1, 2, 3))]


@pytest.mark.parametrize(("everywhere", "most"), [(1, 1), (2, 2), (4, 4), (7, 7), (9, 8), (50, 8)])
@world()
async def test_the_roots_budget_holds_for_the_whole_tree(w: World, everywhere: int, most: int) -> None:
    c = Chart()
    c.plan("ready", sleeping(1.0, True))
    async with c.run(nested(c, everywhere)) as tree:
        asked = [asyncio.ensure_future(tree.replace(path)) for path in PATHS]
        await asyncio.gather(*asked)

        assert (most_at_once(c) <= everywhere, most_at_once(c) >= min(most, 4)) == (True, True)
        assert [tree.ref(path).pid.incarnation for path in PATHS] == [2] * 9
        assert all(most_at_once(c, f"top/{sub}/") <= 3 for sub in ("x", "y", "deep"))


@world()
async def test_every_supervisor_on_the_way_up_has_its_say(w: World) -> None:
    c = Chart()
    c.plan("ready", sleeping(1.0, True))
    inner = Supervisor("inner", c.children("a b", AsyncPatient), disruption=Disruption(2, everywhere=99))
    middle = Supervisor("middle", [inner], disruption=Disruption(everywhere=1))
    async with c.run(Supervisor("top", [middle])) as tree:
        await asyncio.gather(*(tree.replace(f"middle/inner/{id}") for id in "ab"))

        assert [(event.path, event.why) for event in c.of(Postponed)] == [
            (c.of(Postponed)[0].path, "1 of at most 1 at once below top/middle")
        ]
        assert most_at_once(c) == 1


@pytest.mark.parametrize("seed", range(8))
def test_a_supervisor_that_has_just_begun_is_counted_too(seed: int) -> None:
    async def scenario(w: World) -> int:
        c = Chart()
        c.plan("started", lambda actor: actor.retire("rust"), life=2)
        c.plan("ready", sleeping(1.0, True))
        wide = Disruption(at_once=9, everywhere=9, while_degraded=True)
        sub = Supervisor("sub", c.children("a b d", AsyncPatient), disruption=wide)
        root = Disruption(everywhere=1, while_degraded=True)
        async with c.run(Supervisor("top", [sub], disruption=root)) as tree:
            tree.ref("sub").kill()
            await w.advance(10.0)
            assert len(c.of(Replaced)) == 3
            return most_at_once(c)

    assert world(seed).run(scenario) == 1


@world(seed=3)
async def test_nobody_is_replaced_while_somebody_in_the_tree_is_down(w: World) -> None:
    c = Chart()
    deep = Supervisor("deep", [Supervisor("deeper", c.children("down", backoff=Backoff(5.0, 5.0)))])
    async with c.run(Supervisor("top", [Supervisor("sub", c.children("w")), deep]), seed=3) as tree:
        tree.ref("deep/deeper/down").tell(Crash())
        await w.idle()
        asked = asyncio.ensure_future(tree.replace("sub/w"))
        while not tree.ref("deep/deeper/down").is_alive:
            await w.advance(0.05)
        back = w.now()
        await asked

        assert [(event.path, event.why) for event in c.of(Postponed)] == [("top/sub/w", "top/deep/deeper/down is down")]
        assert 0.5 < back <= w.now() <= back + 1.1


@world(seed=3)
async def test_a_supervisor_may_allow_it_all_the_same(w: World) -> None:
    c = Chart()
    calm = Disruption(while_degraded=True)
    sub = Supervisor("sub", c.children("w"), disruption=calm)
    down = c.child("down", backoff=Backoff(50.0, 50.0))
    async with c.run(Supervisor("top", [sub, down], disruption=calm), seed=3) as tree:
        tree.ref("down").tell(Crash())
        await w.idle()
        await tree.replace("sub/w")

        assert (tree.ref("down").is_alive, w.now()) == (False, 0.0)


@world()
async def test_a_child_that_was_stopped_by_hand_is_not_missed(w: World) -> None:
    c = Chart()
    async with c.top("a b d e") as tree:
        for id in "bde":
            await tree.terminate_child(id)
        await tree.replace("a")

        assert c.of(Postponed) == []


@world()
async def test_a_replacement_does_not_begin_in_the_midst_of_a_repair(w: World) -> None:
    c = Chart()
    c.plan("stopping", sleeping(2.0))
    async with c.top("a b", cls=AsyncPatient, strategy="one_for_all") as tree:
        tree.ref("a").kill()
        await w.advance(1.0)  # b is being stopped
        error = await fails(tree.replace("b"), ReplacementFailed)

        assert error.why == "it is stopping"


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
@world()
async def test_a_group_restart_calls_a_replacement_off(w: World, strategy: Any) -> None:
    c = Chart()
    c.plan("ready", sleeping(5.0, True))
    async with c.top("a b", cls=AsyncPatient, strategy=strategy) as tree:
        asked = asyncio.ensure_future(tree.replace("b"))
        await w.advance(1.0)
        tree.ref("a").kill()
        error = await fails(asked, ReplacementFailed)
        await w.advance(20.0)

        assert (error.why, tree.system.statistics().actors) == ("it is being stopped", 3)
        assert [tree.ref(id).pid.incarnation for id in "ab"] == [2, 3]
        assert c.of(Replaced) == []


# -- many at once ------------------------------------------------------------------------------------------------------


class Slow(Childless):
    """Takes ten seconds to start."""

    async def started(self) -> None:
        if self.pid.incarnation > 1:
            await asyncio.sleep(10.0)


@world(seed=11)
async def test_lifetimes_with_jitter_keep_most_of_a_group_untouched(w: World) -> None:
    c = Chart()
    ids = " ".join(f"w{n}" for n in range(30))
    wide = Disruption(at_once=30, everywhere=30, floor=0.0)
    policy = Apoptosis(lifetime=Lifetime(seconds=1000.0))
    async with c.top(ids, cls=Slow, apoptosis=policy, disruption=wide):
        await w.advance(1300.0)

        assert (len(c.of(Replaced)) >= 30, most_at_once(c) <= 6) == (True, True)


@world()
async def test_without_jitter_and_with_a_wide_budget_all_go_at_once(w: World) -> None:
    c = Chart()
    c.plan("ready", sleeping(10.0, True))
    ids = " ".join(f"w{n}" for n in range(50))
    wide = Disruption(at_once=50, everywhere=50, floor=0.0)
    policy = Apoptosis(lifetime=Lifetime(seconds=100.0, jitter=0.0))
    async with c.top(ids, cls=AsyncPatient, apoptosis=policy, disruption=wide):
        await w.advance(115.0)

        assert (len(c.of(Replaced)), most_at_once(c)) == (50, 50)
