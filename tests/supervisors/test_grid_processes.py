"""A part of the grid of supervision with real processes: who is stopped and started after an end, in which order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors import ActorDied
from actors.places.place import Process
from supervisors import Apoptosis, Supervisor, child
from supervisors.journal import Journal
from supervisors.running import Running
from supervisors.shell import shell_for
from tests.actors.places.conftest import theatre
from tests.actors.places.players import Heir, Mortal
from tests.actors.places.stage import Stage, order, play
from tests.supervisors.test_grid_exits import GROUP, is_restarted

__all__ = ["theatre"]

pytestmark = pytest.mark.process

DEATHS = {
    "normal": "normal",
    "abnormal": "crashed(RuntimeError: boom)",
    "killed": "killed",
    "signal": "crashed(ProcessDied: signal 9)",
    "vanish": "crashed(ProcessDied: exit 3)",
}
"""Every way to end, and the reason that its supervisor is told."""


PART = [
    *((how, "one_for_one") for how in DEATHS),
    *(("signal", strategy) for strategy in ("one_for_all", "rest_for_one")),
]


@pytest.mark.parametrize(("how", "strategy"), PART)
def test_who_is_stopped_and_started_after_an_end(how: str, strategy: Any) -> None:
    async def test(s: Stage) -> None:
        specs = [child(Mortal, s.scribe, id, id=id, place="process") for id in "abc"]
        spec = Supervisor("top", specs, strategy=strategy)
        tree = Running(
            spec, s.system, await s.system.spawn(shell_for(spec), spec, name="top"), Journal(s.system.events)
        )
        assert s.take() == ["a +", "b +", "c +"]
        died: list[str] = []
        s.system.events.subscribe(
            lambda event: died.append(f"{event.path} {event.reason}") if type(event).__name__ == "Died" else None
        )
        b = tree.ref("b")
        if how == "killed":
            b.kill()
        else:
            b.tell({"normal": order("stop"), "abnormal": order("boom")}.get(how, order(how)))

        group = GROUP[strategy] if is_restarted("permanent", how) else ""
        own = [f"b - {DEATHS[how]}"] if how in ("normal", "abnormal") else []
        others = [f"{id} - shutdown" for id in reversed(group) if id != "b"]
        await s.logged(*own, *others, *(f"{id} +" for id in group))
        assert died == [f"top/b {DEATHS[how]}"]
        assert [await tree.ref(id).ask("ping", timeout=10.0) for id in "abc"] == ["ping"] * 3

    play((Process(), False), test)


def test_a_tree_of_processes_gives_up_as_any_other() -> None:
    async def test(s: Stage) -> None:
        spec = Supervisor("top", [child(Mortal, s.scribe, id, id=id, place="process") for id in "ab"], max_restarts=1)
        tree = Running(
            spec, s.system, await s.system.spawn(shell_for(spec), spec, name="top"), Journal(s.system.events)
        )
        b = tree.ref("b")
        with pytest.raises(ActorDied):
            await b.ask(order("signal"), timeout=10.0)
        await s.until(lambda: b.pid.incarnation == 2)
        with pytest.raises(ActorDied):
            await b.ask(order("signal"), timeout=10.0)

        assert str(await tree.wait_ended()) == "shutdown"
        assert s.log == ["a +", "b +", "b +", "a - shutdown"]

    play((Process(), False), test)


def test_a_process_is_replaced_by_another_one_while_it_serves() -> None:
    async def test(s: Stage) -> None:
        spec = Supervisor("top", [child(Heir, s.scribe, id="w", place="process", apoptosis=Apoptosis())])
        tree = Running(
            spec, s.system, await s.system.spawn(shell_for(spec), spec, name="top"), Journal(s.system.events)
        )
        w = tree.ref("w")
        pid, _ = await w.ask(order("where"))
        counts: list[int] = []

        async def count() -> None:
            while len(counts) < 3000:
                counts.append(await w.ask(order("count"), timeout=10.0))

        counting = asyncio.ensure_future(count())
        await s.until(lambda: len(counts) > 20)
        for _ in range(3):
            await tree.replace("w")
        counts += [0] * 3000  # enough
        await counting
        heirs = [line for line in s.log if line.startswith("inherits")]

        assert w.pid.incarnation == 4
        assert len(heirs) == 3
        assert [count for count in counts if count] == [*range(1, len([count for count in counts if count]) + 1)]
        assert (await w.ask(order("where")))[0] != pid
        assert s.letters() == []

    play((Process(), False), test)
