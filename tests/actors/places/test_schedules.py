"""The random schedules of ``tests/actors`` with every receiver in a process of its own, some of which crash.

What holds on the loop holds there: nothing vanishes, nothing doubles, order holds.  Only what a life had told in the
very moment in which its process was killed may be gone with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from actors import ActorSystem, Blueprint, Mailbox, Ref
from actors.places import nearby
from actors.places.place import Process
from actors.testing import world
from tests.actors import schedules, test_promises
from tests.actors.overload import test_schedules as controlled
from tests.actors.places.stage import Tireless
from tests.actors.schedules import Account, AsyncWorks, PlainWorks, Plan, Receiver, Works, drawn
from tests.elsewhere import everything_travels, unsteadily

CRASHES = 0.3
"""How many of the processes crash by themselves, some seconds after their start."""


class Known(Works):
    """Finds the others by a group, as it cannot share a list with them."""

    @property
    def others(self) -> list[Ref[Any]]:
        return self.system.members("receivers") or [self.ref]

    @others.setter
    def others(self, others: list[Ref[Any]]) -> None:
        assert others == []

    def started(self) -> None:
        self.join("receivers")


class PlainKnown(Known, PlainWorks):
    """See ``Known``."""


class AsyncKnown(Known, AsyncWorks):
    """See ``Known``."""


async def hire(
    system: ActorSystem, receiver: Receiver, number: int, account: Account, others: list[Ref[Any]]
) -> Ref[Any]:
    cls = AsyncKnown if receiver.asynchronous else PlainKnown
    mailbox = Mailbox(receiver.limit, receiver.overflow, receiver.redeliver, receiver.control)
    blueprint = Blueprint(cls, (account, []), {}, mailbox, Process())
    keeper = await system.spawn(Tireless, blueprint, receiver.restarts, f"r{number}")
    ref: Ref[Any] = await keeper.ask("place")
    return ref


class Frail(nearby.Room):
    """A process that may crash."""

    async def open(self, endpoint: Any, lost: Callable[[str], None]) -> Any:
        pipe = await super().open(endpoint, lost)
        system = endpoint.system
        if system.rng.random() < CRASHES:
            system.scheduler.loop.call_later(system.rng.uniform(0.0, 4.0), self._cut)
        return pipe


@pytest.fixture(autouse=True, scope="module")
def elsewhere() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, everything_travels():
        patch.setattr(schedules, "hire", hire)
        patch.setattr(nearby, "Room", Frail)
        yield


def check(plan: Plan, seed: int) -> None:
    account = world(seed).run(lambda w: schedules.play(w, plan))
    copies = [item for item in account.told if "#" in item.sender]
    fates = account.completed + account.dead + account.refused
    assert [item for item in copies if fates[item] > 1] == []
    account.told = [item for item in account.told if "#" not in item.sender]
    for item in copies:
        del account.completed[item], account.dead[item], account.refused[item]
    test_promises.check_told(account)
    test_promises.check_asked(account)
    test_promises.check_totals(account)
    if not any(receiver.control and receiver.control.lifo for receiver in plan.receivers):
        test_promises.check_order(account)
    test_promises.check_redelivery(account, plan)


@settings(max_examples=60)
@given(test_promises.PLANS, test_promises.SEEDS)
def test_no_message_is_lost_or_doubled_whatever_happens(plan: Plan, seed: int) -> None:
    check(plan, seed)


@pytest.mark.parametrize("seed", [*range(12), 119, 122])
def test_no_message_is_lost_or_doubled_in_the_long_schedule(seed: int) -> None:
    check(drawn(seed), seed)


@settings(max_examples=40)
@given(controlled.PLANS, controlled.SEEDS)
def test_no_message_is_lost_or_doubled_where_some_are_shed(plan: Plan, seed: int) -> None:
    check(plan, seed)


@pytest.mark.parametrize("seed", [*range(4), 102])
def test_no_message_is_lost_or_doubled_where_frames_take_their_time(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearby, "in_order", unsteadily)
    check(drawn(seed), seed)
