"""Tests in the real loop, bounded in time, that wait for facts."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from actors.engines.loop import run
from bench.hosting import PATIENCE, until

__all__ = ["PATIENCE", "real", "until"]


def real(main: Coroutine[Any, Any, None], most: float = 90.0) -> None:
    """Run a test, for ``most`` seconds at the most: one that takes milliseconds may meet a machine that stalls."""

    async def bounded() -> None:
        async with asyncio.timeout(most):
            await main

    run(bounded())
