"""The process that is restarted for comparison can be left at any moment."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from actors.engines.loop import run
from bench.scenarios.microreboot import Kiosk

BOUND = 60.0


@pytest.mark.real
def test_a_process_that_is_on_its_way_when_it_is_not_wanted_any_more_ends_too() -> None:
    async def main() -> None:
        async with Kiosk(100) as kiosk:
            process = kiosk._process
            assert process is not None
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
            for _ in range(10):  # turns in which the next one sets out
                await asyncio.sleep(0)
        assert kiosk._process is not process
        assert kiosk._process is not None
        assert kiosk._process.returncode is not None

    run(asyncio.wait_for(main(), BOUND))
