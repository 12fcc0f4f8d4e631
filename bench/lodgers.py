"""Actors that the scenarios about hosts place there.  What runs there imports this module, so it imports little."""

from __future__ import annotations

import os
from typing import Any

from actors import Actor, handle
from actors.tissue import ORMap

HOST = "PLANARIA_TEST_HOST"
"""The variable in which a host's processes have its name."""


class Writer(Actor):
    """Keeps numbers in a table that it shares with its siblings: what it answers is written."""

    async def started(self) -> None:
        self.table = self.contact.share("table", ORMap)

    @handle
    def write(self, message: int) -> int:
        self.table.put(message, True)
        return message

    @handle
    def read(self, message: str) -> set[Any]:
        return set(self.table.value)


class Lodger(Actor):
    """Says where it is."""

    @handle
    def where(self, message: str) -> dict[str, Any]:
        return {"host": os.environ.get(HOST, ""), "pid": os.getpid(), "life": self.pid.incarnation}
