"""What is known at home of a life on another host: what its process takes, and whether it gives signs of life."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import pytest

from actors.places.place import Host, Process
from supervisors import Apoptosis, Promote
from supervisors.apoptosis.events import Damaged
from supervisors.promotion.events import Promoted
from tests.actors.cluster.kit import hosts
from tests.actors.cluster.test_hosts import player, running, where
from tests.actors.cluster.troupe import Add
from tests.reality import real, until

pytestmark = [pytest.mark.process, pytest.mark.real]


def test_a_life_on_a_host_is_judged_by_its_own_process() -> None:
    policy = Apoptosis(memory=1 << 30, load=1.0, every=0.2)
    place = Host(on=Process(patience=30))

    async def main() -> None:
        async with hosts("a") as started, running(started, player("p", place, apoptosis=policy)) as t:
            harm: list[str] = []
            t.system.events.subscribe(lambda event: harm.append(event.harm) if isinstance(event, Damaged) else None)
            pid = (await where(t, "p"))["pid"]
            vitals: Any = None

            def is_known() -> bool:
                nonlocal vitals
                vitals = t.vitals("p")
                return vitals.memory is not None and vitals.load is not None

            await until(is_known)
            assert 5_000_000 < vitals.memory < 200_000_000
            assert 0 <= vitals.load <= 1
            for number in range(200):  # while it is talked to, it is asked all the same
                await t.ref("p").ask(Add(number))
                await asyncio.sleep(0.002)

            os.kill(pid, signal.SIGSTOP)
            await until(lambda: harm)
            os.kill(pid, signal.SIGKILL)
            assert set(harm) == {"blocked"}

    real(main())


def test_a_life_whose_processes_die_here_is_promoted_to_a_host() -> None:
    promote = Promote(after=2, host=Host())

    async def main() -> None:
        async with hosts("a") as started, running(started, player("p", Process(), promote=promote)) as t:
            said: list[Promoted] = []
            t.system.events.subscribe(lambda event: said.append(event) if isinstance(event, Promoted) else None)
            for _ in range(2):
                os.kill((await where(t, "p"))["pid"], signal.SIGSEGV)
                await asyncio.sleep(0.1)
            there = await where(t, "p")

            assert (there["host"], there["life"]) == ("a", 3)
            assert [str(event.to) for event in said] == ["host"]

    real(main())
