"""The clerk: sees to it that what the coroner has heard is settled soon, in small pieces between other work."""

from __future__ import annotations

import asyncio

from .coroner import PIECE, Coroner

PATIENCE = 1.0
"""Seconds that what was heard may lie: long enough for a storm to be over and healed first."""


class Clerk:
    """Works for ``coroner`` on ``loop``, from ``patience`` seconds after something was heard until all is settled."""

    def __init__(self, coroner: Coroner, loop: asyncio.AbstractEventLoop, patience: float = PATIENCE) -> None:
        self._coroner = coroner
        self._loop = loop
        self._next: asyncio.Handle | None = None
        self.patience = patience
        coroner.on_work = self._call

    def _call(self) -> None:
        if self._next is None:
            self._next = self._loop.call_later(self.patience, self._work)

    def _work(self) -> None:
        self._next = None
        self._coroner.settle(PIECE)
        if self._coroner.backlog:
            self._next = self._loop.call_soon(self._work)

    def close(self) -> None:
        """Do no more: what is left is settled when somebody asks."""
        self._coroner.on_work = None
        if self._next is not None:
            self._next.cancel()
            self._next = None
