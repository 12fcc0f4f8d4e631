"""What a system runs on: uvloop where it exists, asyncio otherwise, and a simulated loop where a world is."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from actors import ActorSystem
from actors.engine import LOOP, engine_of
from actors.engines import loop as real
from actors.engines.simulated import TRACE_LIMIT, SimulatedEngine, install, uninstall
from actors.testing import World, world

# -- the real loop -----------------------------------------------------------------------------------------------------


def test_run_returns_what_the_coroutine_returns() -> None:
    async def main() -> int:
        return 42

    assert real.run(main()) == 42


def test_run_raises_what_the_coroutine_raises() -> None:
    async def main() -> None:
        raise ValueError("in main")

    with pytest.raises(ValueError, match="in main"):
        real.run(main())


def test_run_is_on_uvloop_where_it_exists() -> None:
    pytest.importorskip("uvloop")

    async def main() -> str:
        return type(asyncio.get_running_loop()).__module__

    assert real.run(main()).startswith("uvloop")


def test_run_is_on_asyncio_where_uvloop_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)

    async def main() -> str:
        return type(asyncio.get_running_loop()).__module__

    assert real.run(main()).startswith("asyncio")


@pytest.mark.parametrize("debug", [False, True])
def test_run_takes_the_loops_debug_mode(debug: bool) -> None:
    async def main() -> bool:
        return asyncio.get_running_loop().get_debug()

    assert real.run(main(), debug=debug) is debug


def test_a_loop_without_an_engine_of_its_own_has_the_real_one() -> None:
    async def main() -> object:
        return engine_of(asyncio.get_running_loop())

    assert asyncio.run(main()) is LOOP


@pytest.mark.real
def test_the_real_engine_goes_by_the_monotonic_clock() -> None:
    async def main() -> float:
        async with ActorSystem("s") as system:
            return abs(system.now() - time.monotonic())

    assert asyncio.run(main()) < 0.5


def test_the_real_engine_serves_in_the_order_of_arrival() -> None:
    queue = LOOP.queue()
    cells: list[Any] = ["a", "b", "c"]
    for cell in cells:
        queue.append(cell)

    assert [queue.popleft() for _ in cells] == cells


# -- the simulated loop ------------------------------------------------------------------------------------------------


@pytest.fixture
def loop() -> object:
    loop = asyncio.SelectorEventLoop()
    yield loop
    loop.close()


def timed(loop: asyncio.AbstractEventLoop, wait: Callable[[], object]) -> tuple[float, float]:
    """Loop seconds and real seconds that ``wait`` took."""

    async def main() -> float:
        then = loop.time()
        await wait()  # type: ignore[misc]
        return loop.time() - then

    then = time.perf_counter()
    virtual = loop.run_until_complete(main())
    return virtual, time.perf_counter() - then


def test_time_jumps_to_the_next_timer(loop: asyncio.SelectorEventLoop) -> None:
    install(loop, SimulatedEngine(0))
    virtual, passed = timed(loop, lambda: asyncio.sleep(3600.0))

    assert (virtual, passed < 1.0) == (3600.0, True)


def test_time_begins_where_it_is_told(loop: asyncio.SelectorEventLoop) -> None:
    install(loop, SimulatedEngine(0), 100.0)

    assert loop.time() == 100.0


def test_uninstall_gives_the_loop_its_own_time_back(loop: asyncio.SelectorEventLoop) -> None:
    selector = loop._selector  # type: ignore[attr-defined]
    install(loop, SimulatedEngine(0))
    uninstall(loop)

    assert loop._selector is selector  # type: ignore[attr-defined]
    assert abs(loop.time() - time.monotonic()) < 0.5
    assert engine_of(loop) is LOOP


def test_virtual_time_cannot_be_put_on_uvloop() -> None:
    uvloop = pytest.importorskip("uvloop")
    loop = uvloop.new_event_loop()
    try:
        with pytest.raises(TypeError, match="virtual time needs asyncio's own loop, not uvloop"):
            install(loop, SimulatedEngine(0))
    finally:
        loop.close()


def test_the_result_of_a_thread_is_waited_for() -> None:
    async def scenario(w: World) -> str:
        return await asyncio.to_thread(lambda: "from a thread")

    assert world().run(scenario) == "from a thread"


def test_a_system_on_a_simulated_loop_counts_virtual_seconds() -> None:
    async def scenario(w: World) -> float:
        async with ActorSystem("s") as system:
            await asyncio.sleep(12.5)
            return system.now()

    assert world().run(scenario) == 12.5


class Ready:
    """As much of a ready cell as a run queue looks at."""

    lane = box = None

    def __init__(self, pid: str) -> None:
        self.pid = pid


@pytest.mark.parametrize("seed", range(3))
def test_the_simulated_queue_shuffles_and_loses_nothing(seed: int) -> None:
    queue = SimulatedEngine(seed).queue()
    cells: list[Any] = [Ready(f"{n:02}") for n in range(20)]
    for cell in cells:
        queue.append(cell)
    taken: list[Any] = [queue.popleft() for _ in cells]

    assert taken != cells
    assert sorted(taken, key=lambda cell: cell.pid) == cells


def test_the_trace_of_a_simulation_is_bounded() -> None:
    engine = SimulatedEngine(0)
    for n in range(TRACE_LIMIT + 10):
        engine.write(str(n))

    assert (len(engine.lines), engine.lines[0]) == (TRACE_LIMIT, "0.000000 10")


def test_the_simulated_queue_takes_back_what_was_not_run_and_its_line_of_the_trace() -> None:
    engine = SimulatedEngine(0)
    queue = engine.queue()
    ready: Any = Ready("a#1")
    queue.append(ready)
    cell = queue.popleft()
    queue.appendleft(cell)

    assert (len(queue), list(engine.lines)) == (1, [])
