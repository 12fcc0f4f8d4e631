"""Who is measured: us, the floor and the peers."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata

from . import otp

OURS = "planaria"
FIBERS = "floor: pooled fibers"
CALL_SOON = "floor: call_soon"
QUEUE = "floor: asyncio.Queue"
OTP = "Erlang/OTP"


@dataclass(frozen=True, slots=True)
class Contender:
    """A row of the table.

    ``module``: its adapter in this package; ``variant``: passed on to it; ``distribution``: what has to be installed,
    if anything; ``note``: what the figures of this row stand for.
    """

    name: str
    module: str
    variant: str = ""
    distribution: str | None = None
    note: str = ""

    @property
    def version(self) -> str | None:
        """The installed version; ``None`` if there is nothing to install, or it is not."""
        if self.distribution is None:
            return None
        try:
            return metadata.version(self.distribution)
        except metadata.PackageNotFoundError:
            return None

    def missing(self) -> str | None:
        """One line on why it cannot be measured here; ``None`` if it can."""
        if self.module == "otp":
            return None if otp.is_there() else "skipped: no erl and erlc on the PATH"
        if self.distribution is not None and self.version is None:
            return f"skipped: {self.distribution} is not installed (pip install planaria[peers])"
        return None


CONTENDERS = (
    Contender(OURS, "planaria", note="async def handlers, contexts, deadlines, bounded mailboxes"),
    Contender(FIBERS, "floor", "fibers", note="no deadlines, contexts, names or supervision"),
    Contender(CALL_SOON, "floor", "call_soon", note="plain functions only"),
    Contender(QUEUE, "floor", "queue", note="a task each"),
    Contender(
        "Pykka", "pykka", "", "pykka", "a thread each: an ask takes half when both threads share a core; no supervision"
    ),
    Contender(
        "Thespian simple", "thespian", "simpleSystemBase", "thespian", "one process, synchronous; a parent re-creates"
    ),
    Contender("Thespian TCP", "thespian", "multiprocTCPBase", "thespian", "a process each; a parent re-creates"),
    Contender("xoscar", "xoscar", "", "xoscar", "asks in one process; recovery is of a process, polled twice a second"),
    Contender("tapio-py", "tapio", "", "tapio-py", "messages validated by pydantic, its default"),
    Contender("lapinbeam", "lapinbeam", "", "lapinbeam", "its supervisor waits before a restart: 0.1 s, then longer"),
    Contender("fauxtp", "fauxtp", "", "fauxtp", "replacements are looked up in its registry"),
    Contender("mode", "mode", "", "mode-streaming", "a service that reads an asyncio.Queue; restarted in place"),
    Contender(OTP, "otp", note="gen_server and supervisor; the replacement is found by name"),
)
