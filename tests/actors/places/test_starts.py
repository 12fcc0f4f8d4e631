"""A life that takes long to start: its ``start_timeout`` bounds that, and ``patience`` begins afterwards."""

from __future__ import annotations

import importlib
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actors import KILLED, Actor, ActorDied, ActorSystem, StartFailed, handle
from actors.places.beat import link_of, too_long
from actors.places.endpoint import Endpoint
from actors.places.isolate import FOREVER
from actors.places.place import Host, Process
from supervisors import Supervisor, child
from tests.actors.places.stage import Stage, fails, play
from tests.actors.wire.pipes import Pipe, in_loop
from tests.reality import PATIENCE, real

SHORT = Process(patience=0.5)

PLACES = [pytest.param(SHORT, id="process"), pytest.param(Host(host="away", on=SHORT), id="host")]


class Slow(Actor):
    """Holds its loop for so many seconds when it starts, and when it is told."""

    def __init__(self, scribe: Any, seconds: float) -> None:
        self.seconds = seconds

    def started(self) -> None:
        time.sleep(self.seconds)  # pytest.mark.real: a model that loads

    @handle
    def hold(self, message: float) -> str:
        time.sleep(message)  # pytest.mark.real: what is tested
        return "held"


@pytest.mark.process
@pytest.mark.parametrize("place", PLACES)
def test_patience_begins_when_a_life_has_started(place: Any) -> None:
    async def test(s: Stage) -> None:
        slow = await s.start(Slow, 2.5)  # longer than a host's lease, too

        assert (slow.is_alive, slow.pid.incarnation) == (True, 1)
        error = await fails(slow.ask(60.0))
        assert isinstance(error, ActorDied)
        assert str(error.reason) == f"crashed(ProcessDied: signal 9: {too_long(0.5)})"

    play((place, False), test)


@pytest.mark.process
@pytest.mark.parametrize("place", PLACES)
def test_a_start_that_hangs_is_over_at_its_start_timeout(place: Any) -> None:
    async def test(s: Stage) -> None:
        began = time.monotonic()
        slow = await s.start(Slow, 60.0, start_timeout=1.0)
        await s.until(lambda: slow._cell.reason is not None)

        assert slow._cell.reason == KILLED
        assert time.monotonic() - began < PATIENCE / 2

    play((place, False), test)


@pytest.mark.process
def test_patience_that_is_shorter_than_a_beat_is_one() -> None:
    async def test(s: Stage) -> None:
        slow = await s.start(Slow, 0.0)
        error = await fails(slow.ask(60.0))

        assert str(error.reason) == f"crashed(ProcessDied: signal 9: {too_long(0.1)})"

    play((Process(patience=0.1), False), test)


HEAVY = """
import os, sys, time
from actors import Actor, handle

if os.environ["HOME_OF_A_TEST"] != str(os.getpid()):
    exec(os.environ["ELSEWHERE_IN_A_TEST"])

class Heavy(Actor):
    @handle
    def echo(self, message: str) -> str:
        return message
"""


@pytest.fixture
def heavy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """A module with an actor, which does something else when it is imported elsewhere."""
    name = "heavy_module_of_a_test"

    def make(elsewhere: str) -> Any:
        (tmp_path / f"{name}.py").write_text(HEAVY)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setenv("HOME_OF_A_TEST", str(os.getpid()))
        monkeypatch.setenv("ELSEWHERE_IN_A_TEST", elsewhere)
        return importlib.import_module(name)

    yield make
    sys.modules.pop(name, None)


@pytest.mark.process
def test_a_module_may_take_longer_to_import_than_patience_lasts(heavy: Callable[[str], Any]) -> None:
    module = heavy("time.sleep(1.5)")

    async def main() -> None:
        async with Supervisor("top", [child(module.Heavy, id="a", place=SHORT)]).running(log=False) as tree:
            assert await tree.ref("a").ask("there", timeout=PATIENCE) == "there"
            assert tree.ref("a").pid.incarnation == 1

    real(main())


@pytest.mark.process
def test_a_module_that_exits_when_it_is_imported_is_told_by_its_exit_code(heavy: Callable[[str], Any]) -> None:
    module = heavy("sys.exit(4)")

    async def main() -> None:
        with pytest.raises(StartFailed, match=r"crashed\(ProcessDied: exit 4\)"):
            async with Supervisor("top", [child(module.Heavy, id="a", place="process")]).running(log=False):
                pass

    real(main())


@pytest.mark.parametrize("patience", [math.inf, FOREVER])
@in_loop
async def test_who_is_given_time_may_also_take_it_to_greet(patience: float) -> None:
    lost: list[str] = []
    async with ActorSystem("s") as system:
        link = link_of(Endpoint(system), lost.append, is_caller=False, patience=patience)
        link.connection_made(Pipe())
        for number in range(1000):
            link.tick(number * 0.25)

        assert lost == []
