"""The coroner: hears every event of a tree, notes each death and what led to it, and answers for those it remembers.

Pure: events go in, autopsies come out; time is in the events.  To hear of a death costs next to nothing, so that a
storm of them is over before the paperwork begins: :meth:`Coroner.settle` does that, when somebody asks, when it is time
(:mod:`supervisors.autopsy.clerk`), or when too much has piled up.  Then an exception is reduced to what is worth
keeping, in some 5 µs, and its frames are let go.  Words are made when somebody asks.

Three things are known only after a death, and are filled in when they come: who serves next; why the supervisor ended
that took its children along (they are stopped before its own end is known); and how the one died whose death was felt
before it was announced.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from actors import Abandoned, Crashed, Quarantined, Reason
from actors.cluster.events import HostDown, HostLeft
from actors.exits import NOCONNECTION, NOPROC, Apoptosis
from actors.places.whereabouts import Lodged, Whereabouts
from supervisors.apoptosis.events import Damaged, Kept, Replaced, Replacing, Retired
from supervisors.events import AutoShutdown, Decision, Died, GaveUp, Orphaned, Serving, StartFailure, Stopped
from supervisors.rules import Rule, Ruling

from .archive import Archive, Place
from .death import Cause, Death
from .frames import awaited, reason_text
from .kinds import How, Kind
from .record import DEPTH, Autopsy, Because

EVIDENCE = 5
"""Pieces of evidence against a life that are remembered, the last ones."""

BACKLOG = 20_000
"""Events that may wait to be settled: a storm of ten thousand deaths and restarts.  The exceptions in them hold on to
their frames, and so to the messages in hand."""

PIECE = 200
"""Events settled in one go: about a millisecond."""

LODGED = 3
"""Lives of one place whose whereabouts are remembered: the one that serves, its successor, and one that failed."""

LAG = 5.0
"""Seconds that the death of a life may come after that of its host."""

UNSETTLED = 1000
"""Causes that may be waited for at a time, and deaths that wait for each of them."""


class Coroner:
    """Remembers the last thousand deaths and, of up to ten thousand places, the last five of each.

    :meth:`note` takes every event of a system, whatever its type.  ``on_work`` is called when there is something to be
    settled; ``on_change`` with each death that is, and again whenever more becomes known of it.
    """

    def __init__(self) -> None:
        self.on_work: Callable[[], None] | None = None
        self.on_change: Callable[[Death], None] | None = None
        self._heard: deque[Any] = deque()
        self._archive = Archive()
        self._endings: dict[str, Cause] = {}
        self._unsettled: dict[str, deque[tuple[Death, How, str | None]]] = {}
        self._settlers: dict[type, Callable[[Any], None]] = {
            Died: self._died,
            Stopped: self._stopped,
            StartFailure: self._not_started,
            Orphaned: self._orphaned,
            Serving: self._serving,
            GaveUp: self._gave_up,
            AutoShutdown: self._auto_shutdown,
            Damaged: self._damaged,
            Replacing: self._replacing,
            Replaced: self._replaced,
            Kept: self._kept,
            Retired: self._retired,
            Quarantined: self._quarantined,
            Abandoned: self._abandoned,
            Lodged: self._lodged,
            HostDown: self._host_down,
            HostLeft: self._host_down,
        }

    # -- asking --------------------------------------------------------------------------------------------------------

    @property
    def total(self) -> int:
        """How many deaths there were, remembered or not."""
        self.settle()
        return self._archive.total

    def count(self, path: str) -> int:
        """How many deaths of this place are remembered."""
        self.settle()
        return len(self._archive.of(path))

    def why(self, path: str, last: int | None = None) -> list[Autopsy]:
        """The autopsies of a place, the newest first, at most ``last`` of them."""
        self.settle()
        return [self.autopsy(death) for death in self._archive.of(path)[::-1][:last]]

    def paths(self) -> list[str]:
        """The places that have a death to tell of, those of the latest deaths last."""
        self.settle()
        return self._archive.paths()

    def autopsy(self, death: Death, depth: int = DEPTH) -> Autopsy:
        """A death with the chain of those that led to it."""
        if death.cause is None or depth <= 0:
            return death.autopsy(None)
        how, path, number = death.cause
        before = self._archive.find(path, number) if number is not None else None
        return death.autopsy(Because(how, path, self.autopsy(before, depth - 1) if before is not None else None))

    # -- hearing, and settling what was heard --------------------------------------------------------------------------

    def note(self, event: object) -> None:
        """Hear one event; those that have nothing to do with deaths are passed over, and so are first starts."""
        kind = event.__class__
        if kind not in self._settlers or (kind is Serving and not event.restarted):  # type: ignore[attr-defined]
            return
        heard = self._heard
        heard.append(event)
        if len(heard) == 1 and self.on_work is not None:
            self.on_work()
        elif len(heard) > BACKLOG:
            self.settle(PIECE)

    @property
    def backlog(self) -> int:
        """How many events wait to be settled."""
        return len(self._heard)

    def settle(self, limit: int | None = None) -> None:
        """Work off what was heard, at most ``limit`` events, in the order in which they came."""
        heard, settlers = self._heard, self._settlers
        for _ in range(len(heard) if limit is None else min(limit, len(heard))):
            event = heard.popleft()
            settlers[event.__class__](event)

    def root_ended(self, path: str, life: int, reason: Reason, at: float) -> None:
        """The tree's root has ended: it has no supervisor to say so."""
        self.settle()
        death = self._begin(Kind.ENDED, path, life, at, reason)
        death.cause = self._endings.pop(path, None)
        self._close(death)

    def _died(self, event: Died) -> None:
        death = self._begin(Kind.DIED, event.path, event.life, event.at, event.reason)
        death.remains, death.ruling, death.decision = event.remains, event.ruling, event.decision
        death.lived, death.vitals = event.lived, event.remains.vitals
        if self._endings and event.path in self._endings:
            death.cause = self._endings.pop(event.path)
        elif event.remains.by is not None:
            self._signalled(death, event.remains.by, event.remains.linked)
        elif event.reason == NOCONNECTION and death.where is not None and death.where.host is not None:
            self._blame_host(death, f"host {death.where.host}")
        elif event.reason.__class__ is Crashed:
            self._blame_awaited(death, event.reason)
        self._close(death)

    def _not_started(self, event: StartFailure) -> None:
        death = self._begin(Kind.NOT_STARTED, event.path, event.life, event.at, event.reason)
        death.ruling, death.decision = event.ruling, event.decision
        if event.path in self._endings:
            death.cause = self._endings.pop(event.path)
        elif event.reason.__class__ is Crashed:
            self._blame_awaited(death, event.reason)
        if event.ruling is not None and event.ruling.rule is Rule.BOOT:
            self._end(_above(event.path), (How.START, event.path, death.number))
        self._close(death)

    def _stopped(self, event: Stopped) -> None:
        death = self._begin(Kind.STOPPED, event.path, event.life, event.at, event.reason)
        death.remains, death.ruling = event.remains, event.ruling
        death.lived = event.lived
        death.took, death.expected = event.took, event.expected
        above, ruling = _above(event.path), event.ruling
        if self._endings:
            self._endings.pop(event.path, None)
        if ruling is not None and ruling.rule is Rule.GROUP:
            self._settle(death, How.GROUP, f"{above}/{ruling.culprit}")
        elif ruling is not None and ruling.rule is Rule.ENDING:
            self._await(death, How.SUPERVISOR, above, None)
        self._close(death)

    def _orphaned(self, event: Orphaned) -> None:
        death = self._begin(Kind.ORPHANED, event.path, event.life, event.at, event.reason)
        death.remains = event.remains
        self._trace(death, How.SUPERVISOR, _above(event.path), death.reason)
        self._close(death)

    def _serving(self, event: Serving) -> None:
        place = self._archive.known(event.path)
        if place is None:
            return
        life = event.life
        for death in reversed(place.deaths):
            if death.kind is Kind.KEPT:
                continue
            if death.served is not None or death.life >= life:  # the latter was another child of that id
                break
            life = death.life
            death.served = (event.life, event.at - death.at)
            self._changed(death)
        place.evidence = None

    def _gave_up(self, event: GaveUp) -> None:
        path = f"{event.path}/{event.culprit}"
        death = self._archive.latest(path)
        if death is not None and death.decision is not Decision.GIVE_UP:  # it was decided later than announced
            before = death.ruling
            restart, strategy = (before.restart, before.strategy) if before is not None else ("permanent", "")
            facts = (event.count, event.limit, event.within, event.scope.value)
            death.ruling, death.decision = Ruling(Rule.BUDGET, restart, strategy, *facts), Decision.GIVE_UP
            self._changed(death)
        self._end(event.path, (How.GAVE_UP, path, death.number if death is not None else None))

    def _auto_shutdown(self, event: AutoShutdown) -> None:
        path = f"{event.path}/{event.culprit}"
        death = self._archive.latest(path)
        self._end(event.path, (How.SIGNIFICANT, path, death.number if death is not None else None))

    # -- planned death, and what comes before a death ------------------------------------------------------------------

    def _damaged(self, event: Damaged) -> None:
        place = self._archive.place(event.path)
        if place.evidence is None:
            place.evidence = deque(maxlen=EVIDENCE)
        place.evidence.append(event)

    def _replacing(self, event: Replacing) -> None:
        self._archive.place(event.path).replacing = event

    def _replaced(self, event: Replaced) -> None:
        death = self._begin(Kind.REPLACED, event.path, event.life - 1, event.at, Apoptosis(event.cause))
        death.served = (event.life, event.took)
        self._close(death)

    def _kept(self, event: Kept) -> None:
        replacing = self._archive.place(event.path).replacing
        heir = replacing.life + 1 if replacing is not None else 0
        death = self._begin(Kind.KEPT, event.path, heir, event.at, Apoptosis(event.cause))
        death.reason = f"{event.step}: {event.why}"
        self._close(death)

    def _retired(self, event: Retired) -> None:
        place = self._archive.known(event.path)
        if place is None or event.expected:
            return
        for death in place.deaths:
            if death.kind is Kind.REPLACED and death.life == event.life:
                death.ended = reason_text(event.reason)
                self._changed(death)

    def _quarantined(self, event: Quarantined) -> None:
        self._archive.place(event.pid.name).quarantined = event

    def _abandoned(self, event: Abandoned) -> None:
        self._archive.place(event.pid.name).abandoned = event

    def _lodged(self, event: Lodged) -> None:
        place = self._archive.place(event.pid.name)
        if place.lodged is None:
            place.lodged = {}
        elif len(place.lodged) >= LODGED:
            del place.lodged[next(iter(place.lodged))]
        place.lodged[event.pid.incarnation] = Whereabouts(event.place, event.process, event.host)

    def _host_down(self, event: HostDown | HostLeft) -> None:
        path = f"host {event.host}"
        death = self._begin(Kind.HOST_DOWN, path, len(self._archive.of(path)) + 1, event.at, NOCONNECTION)
        if isinstance(event, HostDown):
            death.reason = event.why + (f"; {event.lives} of the lives here ran there" if event.lives else "")
        else:
            death.reason, death.is_clean = "it left", True
        self._close(death)

    # -- noting --------------------------------------------------------------------------------------------------------

    def _begin(self, kind: Kind, path: str, life: int, at: float, reason: Reason) -> Death:
        self._archive.total += 1
        death = Death(self._archive.total, kind, path, life, at, reason)
        place = self._archive.known(path)
        if place is not None:
            self._fill_in(death, place)
        return death

    def _fill_in(self, death: Death, place: Place) -> None:
        """What was said about this life shortly before."""
        if place.replacing is not None and death.kind in (Kind.REPLACED, Kind.KEPT):
            death.vitals = place.replacing.vitals
        place.replacing = None
        if place.evidence:
            death.evidence = tuple(place.evidence)
            if death.kind is not Kind.KEPT:
                place.evidence = None
        quarantined, abandoned = place.quarantined, place.abandoned
        if quarantined is not None and quarantined.pid.incarnation == death.life:
            death.quarantined = quarantined.deaths
        if abandoned is not None and abandoned.pid.incarnation == death.life:
            death.abandoned = abandoned.handler
        place.quarantined = place.abandoned = None
        if place.lodged is not None:
            death.where = place.lodged.pop(death.life, None)

    def _close(self, death: Death) -> None:
        """All that can be known of a death now is in it."""
        self._archive.put(death)
        if self._unsettled:
            self._resolve(death)
        self._changed(death)

    def _changed(self, death: Death) -> None:
        if self.on_change is not None:
            self.on_change(death)

    # -- causes --------------------------------------------------------------------------------------------------------

    def _signalled(self, death: Death, by: str, linked: bool) -> None:
        if linked:
            self._trace(death, How.LINKED, by, death.reason)
        else:
            death.cause = (How.SIGNALLED, by, None)

    def _blame_awaited(self, death: Death, reason: Reason) -> None:
        """A life that let the error of an ask go died because the one that it had asked did."""
        assert isinstance(reason, Crashed)
        found = awaited(reason.exception)
        if found is None or found[0] == death.path:
            return
        if found[1] == NOPROC:  # it was down already; its last death says why
            self._settle(death, How.ASKED, found[0])
        else:
            self._trace(death, How.ASKED, found[0], reason_text(found[1]))

    def _blame_host(self, death: Death, path: str) -> None:
        """The host at ``path`` took the life along."""
        latest = self._archive.latest(path)
        if latest is not None and death.at - latest.at <= LAG:
            death.cause = (How.HOST, path, latest.number)
        else:
            self._await(death, How.HOST, path, None)

    def _settle(self, death: Death, how: How, path: str) -> None:
        """The last death at ``path`` is the cause."""
        latest = self._archive.latest(path)
        death.cause = (how, path, latest.number if latest is not None else None)

    def _trace(self, death: Death, how: How, path: str, reason: str) -> None:
        """The death at ``path`` for ``reason`` is the cause; it may be announced only later."""
        latest = self._archive.latest(path)
        if latest is not None and latest.reason == reason:
            death.cause = (how, path, latest.number)
        else:
            self._await(death, how, path, reason)

    def _await(self, death: Death, how: How, path: str, reason: str | None) -> None:
        death.cause = (how, path, None)
        waiting = self._unsettled.get(path)
        if waiting is None:
            if len(self._unsettled) >= UNSETTLED:
                del self._unsettled[next(iter(self._unsettled))]
            waiting = self._unsettled[path] = deque(maxlen=UNSETTLED)
        waiting.append((death, how, reason))

    def _resolve(self, death: Death) -> None:
        """``death`` is what others waited for to know their cause."""
        for other, how, reason in self._unsettled.pop(death.path, ()):
            if reason is None or reason == death.reason:
                other.cause = (how, death.path, death.number)
                self._changed(other)

    def _end(self, path: str, cause: Cause) -> None:
        """The supervisor at ``path`` ends because of ``cause``; its own death follows."""
        if len(self._endings) >= UNSETTLED:
            del self._endings[next(iter(self._endings))]
        self._endings[path] = cause


def _above(path: str) -> str:
    return path.rpartition("/")[0]
