"""Handlers that hold a process of their own: nobody else's loop, so it is told of where it nears what kills it."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from actors import Blocked, Watchdog
from actors.places.place import Process
from supervisors import Supervisor, child
from tests.actors.places.culprits import Culprit, Fault
from tests.reality import PATIENCE, real

pytestmark = [pytest.mark.process, pytest.mark.real]

NEAR = Process(patience=2.0)


async def reports(seconds: float, place: Any, **options: Any) -> list[Blocked]:
    """What is reported of a handler that holds its process for ``seconds``."""
    told: list[Any] = []
    async with Supervisor("top", [child(Culprit, id="a", place=place)]).running(**options) as tree:
        tree.system.events.subscribe(told.append)
        await tree.ref("a").ask(Fault("block", (seconds,)), timeout=PATIENCE)
        await tree.ref("a").ask(Fault("pid"), timeout=PATIENCE)  # what was published before has come
    return [event for event in told if isinstance(event, Blocked)]


@pytest.mark.parametrize("log", [True, False])
def test_who_computes_in_a_process_of_its_own_is_not_reported(
    log: bool, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    async def main() -> None:
        assert await reports(0.3, "process", log=log) == []

    real(main())

    assert caplog.records == []
    assert capfd.readouterr().err == ""


def test_who_holds_it_for_half_of_its_patience_is_told_of_once_and_at_home(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    async def main() -> None:
        (report,) = await reports(1.2, NEAR)

        assert (str(report.pid), report.handler, report.patience) == ("top/a#1", "Culprit.fault", 2.0)
        assert 1.1 < report.seconds < 2.0

    real(main())

    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("top/a#1 held its process for 1.")
    assert record.getMessage().endswith(" s in Culprit.fault handling Fault; after 2 s it is killed")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("watchdog", [None, Watchdog(bound=1.5)], ids=["no watchdog", "a patient one"])
def test_what_the_tree_says_of_its_watchdog_holds_in_its_processes(watchdog: Watchdog | None) -> None:
    async def main() -> None:
        assert await reports(1.2, NEAR, watchdog=watchdog) == []

    real(main())
