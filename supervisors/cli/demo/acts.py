"""What happens to the shop, act by act.  Times are shares of the whole, so that the play can be shortened."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from supervisors.apoptosis.events import Replaced
from supervisors.running import Running

from .load import Load
from .service import Corrupt, Desk, Fail, press
from .watch import Death, Watch, time_of

SHOWN = 3
"""Of many deaths of a kind so many are shown; the others are counted."""

PRESS = "shop/press"
"""Who lives in a process of its own."""

REPAIR = 20.0
"""Seconds after which a repair is taken for failed."""


class Stage(Protocol):
    """Where the play is shown."""

    def act(self, title: str, why: str) -> None:
        """A new act begins."""

    def death(self, death: Death) -> None:
        """A death was made up for."""

    def replaced(self, event: Replaced) -> None:
        """A life was replaced before it died."""

    def note(self, text: str) -> None:
        """Something else that happened."""


@dataclass(frozen=True, slots=True)
class Act:
    """One act: ``weight`` is its share of the play's time."""

    title: str
    why: str
    weight: float
    play: Callable[[Play, float], Awaitable[None]]


class Play:
    """Does to the shop what each act says, and waits until it has healed."""

    def __init__(
        self, running: Running, desk: Desk, load: Load, rng: random.Random, stage: Stage, visitors: list[str]
    ) -> None:
        self._running = running
        self._desk = desk
        self._load = load
        self._rng = rng
        self._stage = stage
        self._visitors = visitors
        self.storm: list[Death] = []
        self.watch = Watch(running, desk, stage.note, self._died, self._replaced)

    async def run(self, seconds: float) -> bool:
        """All acts in about ``seconds``; false if a repair was never finished."""
        if any(act.play is Play.a_process for act in ACTS):  # before all else: what it takes to fork is loaded first
            await self._running.start_child(press())
            self.watch.employ(PRESS)
        whole = sum(act.weight for act in ACTS) + 1
        await asyncio.sleep(seconds / whole)
        for number, act in enumerate(ACTS, 1):
            self._stage.act(f"act {number} of {len(ACTS)}: {act.title}", act.why)
            await act.play(self, seconds * act.weight / whole)
            if not await self.watch.settled(REPAIR):
                return False
        return True

    # -- the acts ------------------------------------------------------------

    async def one_worker(self, seconds: float) -> None:
        """Crash a clerk, the gateway, a clerk that is killed outright."""
        self._crash("orders/clerk-2", ZeroDivisionError("the basket is empty"))
        await asyncio.sleep(seconds / 3)
        self._crash("gateway", ConnectionResetError("peer went away"))
        await asyncio.sleep(seconds / 3)
        self._kill("orders/clerk-3")
        await asyncio.sleep(seconds / 3)

    async def a_branch(self, seconds: float) -> None:
        """Crash one of a rest_for_one, then one of a one_for_all."""
        self._crash("stock/inventory", TimeoutError("warehouse does not answer"))
        await asyncio.sleep(seconds / 2)
        self._crash("payments/ledger", ValueError("books do not balance"))
        await asyncio.sleep(seconds / 2)

    async def a_supervisor(self, seconds: float) -> None:
        """Kill a supervisor: its children go with it, its own supervisor rebuilds all."""
        self._kill("payments")
        await asyncio.sleep(seconds / 2)
        self._kill("stock")
        await asyncio.sleep(seconds / 2)

    async def a_storm(self, seconds: float) -> None:
        """Crash three quarters of the sessions in one go."""
        struck = self._rng.sample(self._visitors, len(self._visitors) * 3 // 4)
        for path in struck:
            self._crash(path, MemoryError("out of luck"))
        await asyncio.sleep(seconds / 2)
        await self.watch.seen(lambda: len(self.storm) >= len(struck), REPAIR)  # some may not have read it yet
        await self.watch.settled(REPAIR)
        times = sorted(death.seconds for death in self.storm if death.seconds is not None)
        if times:
            self._stage.note(
                f"{len(times)} sessions crashed at once; all answer again: "
                f"the first after {time_of(times[0])}, the median after {time_of(times[len(times) // 2])}, "
                f"the last after {time_of(times[-1])}"
            )
        await asyncio.sleep(seconds / 2)

    async def no_start(self, seconds: float) -> None:
        """Take the mail server away, crash the mailer, bring the server back after a while."""
        self._desk.mail_server_is_up = False
        self._crash("mail", BrokenPipeError("mail server hung up"))
        await asyncio.sleep(seconds * 2 / 3)
        self._desk.mail_server_is_up = True
        self._stage.note("the mail server is back")
        await self.watch.settled(REPAIR)
        await asyncio.sleep(seconds / 6)

    async def giving_up(self, seconds: float) -> None:
        """Crash an export once more than its supervisor allows."""
        for _ in range(3):
            self._crash("reports/export", OSError("disk is full"))
            await asyncio.sleep(seconds / 6)
            await self.watch.settled(REPAIR)
        await asyncio.sleep(seconds / 2)

    async def a_process(self, seconds: float) -> None:
        """Kill the process that somebody lives in, twice."""
        for _ in range(2):
            await asyncio.sleep(seconds / 3)
            place = self._running.snapshot().find(PRESS)
            if place is None or place.process is None:
                continue
            self._stage.note(f"kill -9 {place.process}, the process that {PRESS} lives in")
            self._desk.crashes[PRESS] = self._running.system.now()
            os.kill(place.process, signal.SIGKILL)
            await self.watch.settled(REPAIR)
        await asyncio.sleep(seconds / 3)

    async def old_age(self, seconds: float) -> None:
        """Ask the catalogue for the price of every order, until some of its lives are over."""
        desk, watch = self._desk, self.watch
        failed = self._load.tally.failed.total()
        desk.is_sale = True
        await asyncio.sleep(seconds * 2 / 3)
        await watch.seen(lambda: len(watch.replaced) >= 2, REPAIR)
        desk.is_sale = False
        await asyncio.sleep(seconds / 3)
        pauses = sorted(event.paused for event in watch.replaced)
        failed = self._load.tally.failed.total() - failed
        self._stage.note(
            f"{desk.priced} orders were priced by {len(pauses) + 1} lives, {failed} failed; "
            f"nobody served for {time_of(max(pauses, default=0.0))} at most"
        )

    async def corruption(self, seconds: float) -> None:
        """Spoil the inventory's counts: once in a way that a repair mends, once in one that it does not."""
        watch = self.watch
        inventory = self._running.ref("stock/inventory")
        self._stage.note("a count slips")
        inventory.tell(Corrupt(lasting=False))
        await watch.seen(lambda: watch.recovered > 0, REPAIR)
        await asyncio.sleep(seconds / 3)
        self._stage.note("a count slips, and will slip again each time that it is mended")
        before = len(watch.replaced)
        inventory.tell(Corrupt(lasting=True))
        await watch.seen(lambda: len(watch.replaced) > before, REPAIR)
        behind = (await inventory.get_state())["behind"]
        self._stage.note(f"the copy that it inherited was {behind} reservations old; it took those from the log")
        await asyncio.sleep(seconds / 3)

    # -- means ------------------------------------------------------------

    def _crash(self, path: str, error: Exception) -> None:
        self._load.send(path, Fail(error))

    def _kill(self, path: str) -> None:
        ref = self._running.ref(path)
        self._desk.crashes[ref.name] = self._running.system.now()
        ref.kill()

    def _died(self, death: Death) -> None:
        if death.path.startswith(f"{self._running.name}/sessions/"):
            self.storm.append(death)
            if len(self.storm) > SHOWN:
                return
        self._stage.death(death)

    def _replaced(self, event: Replaced) -> None:
        if event.cause != "age" or len(self.watch.replaced) <= SHOWN:
            self._stage.replaced(event)


ACTS = (
    Act(
        "one worker",
        "one_for_one: nobody else notices; what was waiting for it waits for its successor",
        3.0,
        Play.one_worker,
    ),
    Act("a branch", "rest_for_one takes along who comes later, one_for_all everybody", 3.0, Play.a_branch),
    Act(
        "a supervisor",
        "killed: its children go with it, and its own supervisor rebuilds the branch",
        3.0,
        Play.a_supervisor,
    ),
    Act("a storm", "three quarters of all sessions crash at once", 3.0, Play.a_storm),
    Act(
        "no start",
        "the mail server is away: the mailer fails to start, and waits longer and longer",
        4.0,
        Play.no_start,
    ),
    Act(
        "giving up",
        "reports may restart twice in 5 s; the third crash is its supervisor's business",
        3.0,
        Play.giving_up,
    ),
    *(
        [
            Act(
                "a process",
                "one lives in a process of its own, which is killed: the next is forked already",
                3.0,
                Play.a_process,
            )
        ]
        if hasattr(os, "pidfd_open")
        else []
    ),
    Act(
        "old age",
        "in a sale the catalogue leaks with each order, so it is replaced after some 150 of them",
        3.0,
        Play.old_age,
    ),
    Act(
        "corruption",
        "the inventory's counts disagree: it is repaired first, then replaced with its last good copy",
        3.0,
        Play.corruption,
    ),
)
