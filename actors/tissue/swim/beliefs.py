"""What a cell believes of all others and of itself, and what it makes of an update that it hears.

Joins the table of members, the open suspicions, the rumours it passes on and its own epoch, which it alone may raise.
Knows nothing of packets; :mod:`~actors.tissue.swim` says when.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from actors.messages import Pid

from ..core import Effect, Refused
from ..plain import NUMBER_LIMIT
from .config import SwimConfig
from .health import LocalHealth
from .members import Members
from .rumours import Rumours
from .suspicion import Suspicion, confirmations_wanted, least_suspicion
from .updates import Outlived, Refuted, Risen, Status, Update

if TYPE_CHECKING:
    import random


RISES = 16
"""Times that a cell takes a higher life: more than there can be memories of others to rise above, and if two fight for
one place, one of them gives in."""

YOUNG = 60.0
"""Seconds from the first word of another cell in which a higher life that is said to live is taken for a memory."""

Rise = Callable[[int], int]
"""``rise(life)``: the life that the place takes above that one; 0: there is none left."""


class Beliefs:
    """See the module's text.  ``suspicion_due``: when the next suspect is out of time; ``inf``: there is none.

    ``rise``: without it a cell never takes a higher life, but is outlived by any.
    """

    def __init__(self, pid: Pid, rng: random.Random, config: SwimConfig, rise: Rise | None = None) -> None:
        self.pid = pid
        self.epoch = 0
        self.is_leaving = False
        self.is_outlived = False
        self.suspicion_due = math.inf
        self.members = Members(rng, limit=config.max_members, remembered=config.max_remembered)
        self.rumours = Rumours(config.retransmit_mult, capacity=4 * config.max_members)
        self.health = LocalHealth(
            config.health_limit, tolerated=config.lag_share * config.probe_period, pace=config.probe_period
        )
        self._config = config
        self._suspicions: dict[str, Suspicion] = {}
        self._rise = rise
        self._rises = 0
        self._young_until = math.inf
        self.rumours.add(self.myself)

    @property
    def n(self) -> int:
        """How many members there are, this cell among them."""
        return self.members.live + 1

    @property
    def myself(self) -> Update:
        """What this cell says of itself."""
        status = Status.LEFT if self.is_leaving else Status.ALIVE
        return Update(status, self.pid.name, self.pid.incarnation, self.epoch)

    def table(self) -> Iterator[Update]:
        """All it believes, itself first."""
        yield self.myself
        for member in self.members:
            yield member.update

    # -- what is heard -------------------------------------------------------------------------------------------------

    def believe(self, update: Update, now: float) -> list[Effect]:
        """Hear an update, pass it on if it is news, and say what follows from it."""
        if update.name == self.pid.name:
            return self._hear_of_myself(update, now)
        member = self.members.get(update.name)
        if member is not None and update == member.update:
            return []  # most of what is heard was heard before
        if not self.members.is_room_for(update):
            return [Refused(update.pid, "swim", f"there is no room for more than {self._config.max_members} members")]
        events = self.members.merge(update, now)
        if events is None:
            if update.status is Status.SUSPECT:
                self._confirm(update)
            return []
        closed = self._suspicions.pop(update.name, None)
        if update.status is Status.SUSPECT:
            self._suspicions[update.name] = self._suspicion(update.by, now)
        if closed is not None or update.status is Status.SUSPECT:
            self._watch()
        self.rumours.add(update)
        return [*events]

    def believe_table(self, update: Update, teller: str, now: float) -> list[Effect]:
        """Hear an update from somebody's table: whom it calls dead and we do not may still refute.

        Its owner may have done so long ago, and the teller have missed it.  The dead whom we do not know are nothing
        to us: from tables they would be learned anew for ever by who has just forgotten them.
        """
        member = self.members.get(update.name)
        if member is None and update.status in (Status.DEAD, Status.LEFT) and update.name != self.pid.name:
            return []
        if member is not None and member.is_live and update.status is Status.DEAD:
            update = update._replace(status=Status.SUSPECT, by=update.by or teller)
        return self.believe(update, now)

    def met(self, now: float) -> None:
        """Another cell has spoken."""
        self._young_until = min(self._young_until, now + YOUNG)

    def rise(self, known: Pid) -> list[Effect]:
        """Go on above a life of this place that others know, and that is none of this process; or else fall silent."""
        life = 0 if self._rise is None or self._rises == RISES else self._rise(known.incarnation)
        if life <= max(known.incarnation, self.pid.incarnation):
            self.is_outlived = True
            return [Outlived(self.pid, known)]
        before, self.pid = self.pid, Pid(self.pid.name, life)
        self._rises += 1
        self.epoch = 0
        self.rumours.add(self.myself)
        return [Risen(self.pid, before, known)]

    def _hear_of_myself(self, update: Update, now: float) -> list[Effect]:
        """What is said of this place may be said of an earlier process, which had its name.

        That one is over if it is said so, and if this one is so young that nobody else can have been in between.  Else
        a higher life that lives is another process, which has taken the place.
        """
        is_over = update.status in (Status.DEAD, Status.LEFT)
        if update.life > self.pid.incarnation:
            if self._rise is not None and (is_over or now < self._young_until) and not self.is_leaving:
                return self.rise(update.pid)
            self.is_outlived = True
            return [Outlived(self.pid, update.pid)]
        has_left = update.life == self.pid.incarnation and update.status is Status.LEFT  # and it was not us who said so
        if has_left and self._rise is not None and not self.is_leaving:
            return self.rise(update.pid)
        slandered = update.life == self.pid.incarnation and update.status is not Status.ALIVE
        if not slandered or update.epoch < self.epoch or self.is_leaving:
            return []
        self.epoch = min(update.epoch + 1, NUMBER_LIMIT - 1)
        self.health.worse()
        self.rumours.add(self.myself)
        return [Refuted(self.pid)]

    # -- suspicion -----------------------------------------------------------------------------------------------------

    def accuse(self, pid: Pid, now: float) -> list[Effect]:
        """Suspect a life on this cell's own word; nothing if it is no living member."""
        member = self.members.get(pid.name)
        if member is None or not member.is_live or member.pid != pid:
            return []
        return self.believe(member.update._replace(status=Status.SUSPECT, by=self.pid.name), now)

    def give_up(self, now: float) -> list[Effect]:
        """Declare those dead whose time to refute is over; not on the own word alone if this cell is ill itself."""
        effects: list[Effect] = []
        me = self.pid.name
        is_doubtful = self.health.score >= self._config.doubtful_health
        for name in [name for name, suspicion in self._suspicions.items() if suspicion.deadline <= now]:
            suspicion, member = self._suspicions[name], self.members.get(name)
            if is_doubtful and suspicion.is_only(me):
                suspicion.postpone(now + self._config.probe_period)
            elif member is not None:
                effects += self.believe(member.update._replace(status=Status.DEAD, by=me), now)
        self._watch()
        return effects

    def postpone(self, until: float) -> None:
        """Let every suspect refute until then at least."""
        for suspicion in self._suspicions.values():
            suspicion.postpone(until)
        self._watch()

    def leave(self) -> None:
        """Say goodbye, and judge nobody any more.  The higher epoch beats all that was said of this life before."""
        self.is_leaving = True
        self.epoch = min(self.epoch + 1, NUMBER_LIMIT - 1)
        self._suspicions.clear()
        self._watch()
        self.rumours.add(self.myself)

    def _suspicion(self, accuser: str, now: float) -> Suspicion:
        config = self._config
        least = least_suspicion(config.suspicion_mult, self.n, config.probe_period)
        wanted = confirmations_wanted(config.suspicion_mult, self.n)
        return Suspicion(accuser, now, wanted=wanted, least=least, most=config.suspicion_max_mult * least)

    def _confirm(self, update: Update) -> None:
        """Pass on who else accuses, as long as that makes the wait shorter for others too."""
        member, suspicion = self.members.get(update.name), self._suspicions.get(update.name)
        if member is None or suspicion is None or member.update.rank != update.rank:
            return
        if suspicion.confirm(update.by):
            self._watch()
            self.rumours.add(update)

    def _watch(self) -> None:
        self.suspicion_due = min((each.deadline for each in self._suspicions.values()), default=math.inf)
