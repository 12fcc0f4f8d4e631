"""What the tests of autopsies share: actors that die in every way, and a tree of them that tells why."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from actors import Actor, Crashed, Ref, handle
from actors.exits import Remains
from supervisors import TreeEnded, TreeGaveUp
from supervisors.autopsy.coroner import Coroner
from supervisors.autopsy.record import Autopsy
from supervisors.events import Decision, Died, SupervisionEvent
from supervisors.rules import Rule, Ruling
from supervisors.running import Running
from supervisors.spec import Tree


@dataclass(frozen=True, slots=True)
class Order:
    """An order that fails in a certain way."""

    how: str = "plainly"


class Clerk(Actor):
    """Dies of orders."""

    @handle
    def take(self, order: Order) -> None:
        if order.how == "plainly":
            raise ValueError("no stock")
        try:
            _look_up(order.how)
        except KeyError as error:
            if order.how == "from a cause":
                raise ValueError("no stock") from error
            if order.how == "suppressing it":
                raise ValueError("no stock") from None
            raise ValueError("no stock")  # noqa: B904 - its context is what the test is about


def _look_up(sku: str) -> None:
    raise KeyError(sku)


class Asker(Actor):
    """Asks whoever is at the path that it is told, and lets the error go."""

    @handle
    async def ask(self, path: str) -> None:
        found = self.system.whereis(path)
        assert found is not None
        await found.ask(Order())


class Clinging(Actor):
    """Crashes when it is to stop."""

    def stopping(self, reason: object) -> None:
        raise OSError("the disk is full")


def ruling(rule: Rule = Rule.BUDGET, **facts: Any) -> Ruling:
    """A decision of a usual supervisor."""
    counted = {"number": 2, "limit": 3, "within": 5.0, "scope": "supervisor"} if rule is Rule.BUDGET else {}
    return Ruling(rule, facts.pop("restart", "permanent"), facts.pop("strategy", "one_for_one"), **{**counted, **facts})


def died(path: str, life: int = 1, at: float = 1.0, error: BaseException | None = None, **facts: Any) -> Died:
    """A crash, as its supervisor announces it."""
    reason = facts.pop("reason", None) or Crashed(error or ValueError("no stock"))
    remains = facts.pop("remains", Remains("Order", "Clerk.take", 7, 0))
    return Died(
        at, path, life, reason, facts.pop("decision", Decision.RESTART), 2.0, remains.message, remains,
        facts.pop("ruling", ruling()), **facts,
    )  # fmt: skip


def heard(*events: SupervisionEvent | object) -> Coroner:
    """A coroner who has heard these."""
    coroner = Coroner()
    for event in events:
        coroner.note(event)
    return coroner


@asynccontextmanager
async def played(tree: Tree, **options: Any) -> AsyncIterator[Running]:
    """Run ``tree``; that it gave up or was killed is no error."""
    try:
        async with tree.running(log=False, **options) as running:
            yield running
    except (TreeGaveUp, TreeEnded):
        return


def told(running: Running, path: str) -> list[str]:
    """The lines about the last death at ``path``, checked to survive the way through JSON."""
    last = running.why(path)[0]
    assert again(last) == last
    return last.describe().splitlines()


def again(autopsy: Autopsy) -> Autopsy:
    """The same, written as JSON and read back."""
    return Autopsy.from_dict(json.loads(json.dumps(autopsy.to_dict())))


def crash(ref: Ref[Any], how: str = "plainly") -> None:
    """Have a clerk die of an order."""
    ref.tell(Order(how))
