"""Trees that are started in a system that runs already."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from actors import ActorSystem, Crashed
from actors.testing import World, world
from supervisors import Running, Supervisor, TreeEnded, TreeGaveUp
from tests.supervisors.fixtures import Boom, Recorder


@world()
async def test_the_system_goes_on_when_the_tree_has_ended(w: World) -> None:
    r = Recorder()
    tree = Supervisor("top", [r.child("a")])
    async with ActorSystem("host") as system:
        for _ in range(3):
            async with tree.running(system=system, log=False) as running:
                assert running.system is system
                assert system.whereis("top/a") is running.ref("a")
            assert (system.whereis("top"), system.alive) == (None, 0)


@world()
async def test_two_trees_live_side_by_side(w: World) -> None:
    r = Recorder()
    async with (
        ActorSystem("host") as system,
        Supervisor("one", [r.child("a")]).running(system=system, log=False) as one,
    ):
        async with Supervisor("two", [r.child("b")]).running(system=system, log=False):
            assert system.alive == 4
        assert (one.is_alive, system.alive) == (True, 2)


@world()
async def test_how_it_ended_is_told_as_ever(w: World) -> None:
    r = Recorder()
    async with ActorSystem("host") as system:

        async def run(what: Callable[[Running], None]) -> None:
            async with Supervisor("top", [r.child("a")], max_restarts=0).running(system=system, log=False) as running:
                what(running)
                await running.wait_ended()

        with pytest.raises(TreeGaveUp):
            await run(lambda running: running.ref("a").exit(Crashed(Boom())))
        with pytest.raises(TreeEnded):
            await run(Running.kill)

        assert system.alive == 0


@world()
async def test_nobody_listens_any_more_when_it_has_ended(w: World) -> None:
    r = Recorder()
    async with ActorSystem("host") as system:
        async with Supervisor("top", [r.child("a")]).running(system=system) as first:
            pass
        known = len(first.journal)
        async with Supervisor("top", [r.child("a")]).running(system=system):
            pass

        assert (len(first.journal), bool(system.events)) == (known, False)
