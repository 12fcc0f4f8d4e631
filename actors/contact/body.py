"""One actor's life as a cell of the tissue: its address, what is declared in its class, the groups it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.cell import Cell
from actors.envelopes import ForLife
from actors.errors import NotRunning
from actors.evidence import Harm
from actors.exits import Reason
from actors.messages import Impulse, Pid
from actors.pulse import pulse_of
from actors.tissue.core import PartFailed, Refused
from actors.tissue.hormones.receptor import Released, Triggered
from actors.tissue.overlay.closeness import Profile

from .events import Felt, lament
from .presence import Presence
from .rebirth import go_on
from .receptors import declared, receptors_of
from .wills import Will, will_of

if TYPE_CHECKING:
    from .contact import Contact
    from .site import Site


class Body:
    """See the module's text.  ``is_born``: whether it serves; a successor on trial does not, and nobody hears it."""

    def __init__(self, site: Site, cell: Cell, pid: Pid) -> None:
        self.site = site
        self.cell = cell
        self.pid = pid
        self.is_born = cell.ref._cell is cell and site.hosts.is_serving
        self.is_over = False
        self.presences: dict[str, Presence] = {}
        self.receptors = receptors_of(cell.blueprint.cls)  # type: ignore[arg-type]  # mypy takes a class for its objects
        self.hormones = declared(cell)
        self.profile = Profile(zone=site.zone, supervisor=self.home[:255])
        self.face: Contact | None = None
        self._harms: set[Harm] = set()
        pulse = pulse_of(cell)
        if pulse is not None:
            pulse.sound = self.checked

    # -- groups --------------------------------------------------------------------------------------------------------

    @property
    def home(self) -> str:
        """The group of those who have the same supervisor, or were spawned by the same actor: its path."""
        parent = self.cell.ref.parent
        return parent.name if parent is not None else ""

    def presence(self, group: str) -> Presence:
        """Its part in a group; it is a member from now on."""
        self.check_alive()
        presence = self.presences.get(group)
        if presence is None:
            presence = self.presences[group] = Presence(self, group, self.site.roster(group))
            if self.is_born:
                self._join(presence)
        return presence

    def check_alive(self) -> None:
        """Raise ``NotRunning`` if this life is over: nothing may be done in its name any more."""
        if self.is_over:
            raise NotRunning(f"this life of {self.cell.name}")

    def _join(self, presence: Presence) -> None:
        presence.roster = self.site.roster(presence.group)
        presence.roster.join(self.pid, self.profile, presence)
        self.site.settle()
        self.site.advertise(presence.group, self)

    def born(self) -> None:
        """The successor serves from here on."""
        self.is_born = True
        for presence in tuple(self.presences.values()):
            self._join(presence)
            slot = presence.slots.get("contact")
            if slot is not None:
                presence.carry_out(slot.core.tick(self.site.now()))  # type: ignore[union-attr]
                self.site.agenda.arm(slot)
            for owner in presence.owners.values():
                owner.born()

    def renumber(self, pid: Pid) -> None:
        """Go on as ``pid``, a life with a higher number, of which others have heard nothing."""
        before, site = self.pid, self.site
        for group in self.presences if self.is_born else ():
            site.gone(group, before)
        self.pid = pid
        for presence in self.presences.values():
            presence.pid = pid
            go_on(presence, before)
            if self.is_born:
                self._join(presence)

    def described(self, profile: Profile) -> None:
        """It says something else of itself now."""
        self.profile = profile
        for presence in self.presences.values():
            if self.is_born:
                self._join(presence)

    def elder(self, group: str) -> Presence | None:
        """The part that the life which serves in this one's place has in a group."""
        body = self.site.body_at(self.pid.name)
        return body.presences.get(group) if body is not None and body is not self else None

    def bring_up(self, heir: Body) -> None:
        """Have the successor know all that this life knows of what is shared."""
        for group, presence in tuple(self.presences.items()):
            if "contact" in presence.slots:
                heir.presence(group).learn(presence)

    # -- what the actor is told ----------------------------------------------------------------------------------------

    def sensed(self, event: Triggered | Released) -> None:
        """A receptor has switched: its method is called, as for a message."""
        for method in self.receptors.get(event.receptor, ()):
            self._put(Impulse(method, event, f"{type(event).__name__} of {event.receptor.hormone!r}"))

    def tell(self, group: str, event: Any) -> None:
        """Something has happened: the actor hears of it if it has a handler for that, and whoever looks on."""
        routes = self.cell.routes
        if isinstance(event, PartFailed):
            lament(self.cell.name, event)
        if type(event) in routes.table and not isinstance(event, Refused):
            self._put(event)
        events = self.site.system.events
        if events:
            events.publish(Felt(self.site.now(), self.pid, group, event))

    def _put(self, message: object) -> None:
        if self.cell.actor is not None:
            self.cell.put(ForLife(message, self.cell.incarnation))

    # -- how it is -----------------------------------------------------------------------------------------------------

    def doubt(self, harm: Harm) -> None:
        """Something speaks against what it knows, and no policy keeps count of that."""
        self._harms.add(harm)

    def checked(self) -> None:
        """It has passed a check-up: what it told up to here may be inherited."""
        self._harms.clear()
        self.site.hosts.checked(self)
        for presence in self.presences.values():
            if "contact" in presence.slots:
                presence.act("contact", lambda state, now: state.checked(now))

    def will(self) -> Will:
        """What it leaves to the next."""
        return will_of(self.site, self.cell, self.pid, self._harms)

    def end(self, reason: Reason) -> None:
        """This life is over."""
        self.is_over = True
        for presence in self.presences.values():
            presence.end(flush=self.is_born and reason.is_clean)
