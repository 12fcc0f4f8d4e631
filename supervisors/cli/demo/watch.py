"""Watches the deaths: who, why, what was decided, and how long until somebody there answered again.

The time is what a client sees: from the crash (noted by the victim as its last act, or by whoever killed it) to the
answer to a request that was put in line when the place served again.  A planned death leaves no such gap: of it the
seconds are taken in which nobody at that place began a message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from actors import ActorError, Lost, Ref
from supervisors.apoptosis.events import Damaged, Kept, Postponed, Recovered, Repairing, Replaced
from supervisors.events import (
    Decision,
    Died,
    GaveUp,
    GroupRestart,
    Serving,
    StartFailure,
    Stopped,
    SupervisionEvent,
    Waiting,
)
from supervisors.running import Running

from .service import TRUE, Desk, Notice, Ping

ANSWER = 5.0
"""Seconds a replacement has to answer."""


@dataclass(slots=True, eq=False)
class Death:
    """One end that somebody has to make up for.

    ``culprit``: the place did not crash itself, its supervisor took it along with that one.  ``waited``: its restart
    was not a matter of speed.  ``owed``: the workers that have to answer first.  ``seconds``: from the crash until they
    all have, ``None`` until then; ``successor``: the life that answered; ``below``: how many had to, of a supervisor.
    """

    path: str
    cause: str
    decision: str
    at: float
    life: int
    culprit: Death | None = None
    waited: bool = False
    owed: set[str] = field(default_factory=set)
    seconds: float | None = None
    successor: int = 0
    below: int = 0

    def describe(self) -> str:
        """Who died, why, what was decided, and the time until the replacement answered."""
        verb = "died" if self.culprit is None else "was taken along"
        text = f"{self.path} {verb}: {self.cause}; {self.decision}"
        if self.seconds is None:
            return text
        who = f"all {self.below} below it answer" if self.below else f"life {self.successor} answers"
        return f"{text}; {who} after {time_of(self.seconds)}"


def time_of(seconds: float) -> str:
    """Microseconds, in full."""
    return f"{seconds * 1e6:,.0f} µs"


class Watch:
    """Subscribes to the system's events.  ``on_note`` gets lines, ``on_death`` each death when it is made up for,
    ``on_replaced`` each planned one.

    ``overdue``: what was waited for in vain; ``elsewhere``: the paths of those who live in processes of their own.
    """

    def __init__(
        self,
        running: Running,
        desk: Desk,
        on_note: Callable[[str], None],
        on_death: Callable[[Death], None],
        on_replaced: Callable[[Replaced], None],
    ) -> None:
        self.deaths: list[Death] = []
        self.restarts = 0
        self.failed_starts = 0
        self.lost_notices = 0
        self.replaced: list[Replaced] = []
        self.kept = 0
        self.repairs = 0
        self.recovered = 0
        self.overdue = 0
        self.elsewhere: set[str] = set()
        self._running = running
        self._desk = desk
        self._on_note = on_note
        self._on_death = on_death
        self._on_replaced = on_replaced
        self._workers = {node.path for node in running.snapshot().walk() if node.kind == "worker"}
        self._failure = ""
        self._latest: dict[str, Death] = {}
        self._fate: dict[str, Death] = {}
        self._open: dict[str, list[Death]] = {}
        self._probes: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self.close = running.system.events.subscribe(self._take)

    def employ(self, path: str) -> None:
        """Somebody was added, who lives elsewhere than the others."""
        self._workers.add(path)
        self.elsewhere.add(path)

    # -- events --------------------------------------------------------------------------------------------------------

    def _take(self, event: object) -> None:
        match event:
            case Died():
                self._died(event)
            case GroupRestart() | GaveUp():
                self._fate[event.path] = self._latest[f"{event.path}/{event.culprit}"]
                self._on_note(event.describe())
            case Stopped():
                self._stopped(event)
            case Serving():
                self._serving(event)
            case StartFailure():
                self.failed_starts += 1
                what = f"{event.path} did not start: {event.reason}; "
                if event.decision is Decision.WAIT:
                    self._failure = f"{what}it "
                else:
                    self._on_note(f"{what}{event.decision.phrase}")
            case Waiting():
                what, self._failure = self._failure or f"{event.path} ", ""
                self._on_note(f"{what}is started in {event.delay * 1e3:,.0f} ms, failure {event.attempt} in a row")
            case Lost() if isinstance(event.letter.message, Notice):
                self.lost_notices += 1
            case Replaced() | Kept() | Postponed() | Damaged() | Repairing() | Recovered():
                self._planned(event)

    def _planned(self, event: SupervisionEvent) -> None:
        match event:
            case Replaced():
                self.replaced.append(event)
                self._on_replaced(event)
            case Damaged():
                self._on_note(f"{event.path} is damaged: {event.what}; alpha {event.alpha:.3g} of {TRUE.threshold:g}")
            case Repairing():
                self.repairs += 1
                self._on_note(f"{event.path} is repaired, level {event.level}")
            case _:
                self.kept += isinstance(event, Kept)
                self.recovered += isinstance(event, Recovered)
                self._on_note(event.describe())
        self._changed.set()

    def _died(self, event: Died) -> None:
        at = self._desk.crashes.pop(event.path, event.at)
        death = Death(event.path, str(event.reason), event.decision.phrase, at, event.life)
        death.waited = event.decision in (Decision.WAIT, Decision.GIVE_UP)
        death.owed = self._workers_at(event.path)
        death.below = 0 if event.path in self._workers else len(death.owed)
        self._latest[event.path] = death
        self._add(death)
        if death.waited:
            self._on_note(death.describe())

    def _stopped(self, event: Stopped) -> None:
        """Somebody is taken along by what his supervisor does about another."""
        culprit = self._fate.get(event.path.rpartition("/")[0])
        if culprit is not None:
            cause = f"shares the fate of {culprit.path.rpartition('/')[2]}"
            death = Death(event.path, cause, "it is restarted", culprit.at, event.life, culprit=culprit)
            death.owed = {event.path}
            self._add(death)

    def _serving(self, event: Serving) -> None:
        self.restarts += event.life > 1
        for death in self._open.pop(event.path, []):
            probe = asyncio.ensure_future(self._probe(death, event.path))
            self._probes.add(probe)
            probe.add_done_callback(self._probes.discard)

    def _workers_at(self, path: str) -> set[str]:
        """Who has to answer before the death of ``path`` is made up for: itself, or all below."""
        return {path} if path in self._workers else {each for each in self._workers if each.startswith(f"{path}/")}

    def _add(self, death: Death) -> None:
        self.deaths.append(death)
        for path in death.owed:
            self._open.setdefault(path, []).append(death)

    # -- the first answer ----------------------------------------------------------------------------------------------

    async def _probe(self, death: Death, path: str) -> None:
        ref: Ref[Any] = self._running.ref(path)
        while True:
            try:
                life = await ref.ask(Ping(), timeout=ANSWER)
            except ActorError:
                if ref.is_alive:
                    continue
                self._open.setdefault(path, []).append(death)  # it died again: the next life will be asked
                return
            break
        death.successor = life
        death.owed.discard(path)
        if not death.owed:
            death.seconds = self._running.system.now() - death.at
            self._on_death(death)
            self._changed.set()

    @property
    def pending(self) -> int:
        """Deaths that are not made up for yet."""
        return sum(death.seconds is None for death in self.deaths)

    async def settled(self, within: float) -> bool:
        """Wait until every death is made up for, up to ``within`` seconds."""
        return await self._until(lambda: not self.pending, within)

    async def seen(self, what: Callable[[], bool], within: float) -> None:
        """Wait until ``what`` is so; what takes longer than ``within`` seconds is overdue."""
        self.overdue += not await self._until(what, within)

    async def _until(self, what: Callable[[], bool], within: float) -> bool:
        try:
            async with asyncio.timeout(within):
                while not what():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True
