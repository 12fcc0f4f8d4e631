"""How a successor knows all that its living predecessor knows, where the two are not in one process.

Both are one cell of their host, so they speak by other names, and the host brings what one says to the other.  As on
one loop (:class:`~actors.contact.presence.Presence`) it is not the successor itself that asks, but one that stands
between them: the successor may come to nothing, and then nobody has heard of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from actors.messages import Pid
from actors.tissue.core import Effect, Send
from actors.tissue.state.contact_state import ContactState, Warm
from actors.tissue.transport import Packet, pack

from .agenda import Slot
from .presence import ELDER, NURSE, NURSERY
from .words import Word

if TYPE_CHECKING:
    from .body import Body
    from .presence import Presence
    from .site import Site

KIN = "@~"
"""How the names end by which the two speak."""


class Nursing:
    """Of one process.  ``say``: has the other side of its link hear something; ``find``: the part of a life here in a
    group.
    """

    def __init__(self, site: Site, say: Callable[..., object], find: Callable[[str], Presence | None]) -> None:
        self._site = site
        self._say = say
        self._find = find
        self._nurses: dict[str, Slot] = {}
        self._is_followed = False

    # -- the successor -------------------------------------------------------------------------------------------------

    def ask(self, young: Presence) -> None:
        """Have the successor know what its predecessor knows in a group."""
        site = self._site
        pid = Pid(NURSE, young.pid.incarnation)
        core = ContactState(pid, site.chance(), site.now(), peers=[ELDER], offset=site.offset)

        def carry_out(effects: list[Effect]) -> None:
            self._send(young.group, pid, effects)
            if any(isinstance(each, Warm) for each in effects) and young.group in self._nurses:
                site.agenda.drop(self._nurses.pop(young.group))
                young.adopt(core)

        slot = self._nurses[young.group] = Slot(core, carry_out)
        site.agenda.arm(slot)

    # -- the predecessor -----------------------------------------------------------------------------------------------

    def follow(self, parts: list[Presence]) -> None:
        """Tell the successor all that the life here has learnt since it was asked; now, and again at its end."""
        self._is_followed = True
        for part in parts:
            said = part.last_words()
            self._send(part.group, Pid(ELDER, part.pid.incarnation), [each for each in said if _to(each) == NURSERY])
            part.carry_out([each for each in said if _to(each) != NURSERY])

    def ending(self, parts: list[Presence]) -> None:
        """The life here is over."""
        if self._is_followed:
            self.follow(parts)

    # -- between them --------------------------------------------------------------------------------------------------

    def hear(self, packet: Packet) -> None:
        """The other one has said something."""
        now = self._site.now()
        if packet.to == NURSE and packet.group in self._nurses:
            slot = self._nurses[packet.group]
            assert slot.core is not None
            slot.carry_out(slot.core.receive(packet.sender, packet.kind, packet.body, now))
            self._site.agenda.arm(slot)
        elif packet.to in (ELDER, NURSERY):
            part = self._find(packet.group)
            if part is not None:
                effects = part.state.receive(packet.sender, packet.kind, packet.body, now)
                other = packet.sender.name
                self._send(part.group, Pid(packet.to, part.pid.incarnation), effects)
                part.carry_out([each for each in effects if _to(each) != other])

    def _send(self, group: str, pid: Pid, effects: list[Effect]) -> None:
        for each in effects:
            if isinstance(each, Send) and each.to.endswith(KIN):
                self._say(Word.PACKET, each.to, pack(Packet(each.to, group, pid, each.kind, each.body)))


def sharing(body: Body) -> list[Presence]:
    """The parts of a life that share something."""
    return [part for part in body.presences.values() if "contact" in part.slots]


def _to(effect: Any) -> str:
    return effect.to if isinstance(effect, Send) else ""
