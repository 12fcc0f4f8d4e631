"""The transport in a process that runs one life of a host: to the host, over the link that the life's messages take.

Made before the life begins, whether it has to do with the tissue or not; so it loads nothing of that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from actors.cell import Cell
from actors.lifecycle import LIVING
from actors.tissue.plain import read_name
from actors.tissue.transport import FrameError, Packet, host_of, pack, unpack

from .loopback import Loopback
from .words import STUMBLES, Welcome, Word, read_welcome

if TYPE_CHECKING:
    from .annex import Annex

KIN = "~"
"""The host in the names by which a life and its successor, which have one address, speak to each other."""


class Uplink(Loopback):
    """The transport of such a process.  ``say(*words)``: has the host hear something; ``is_full``: whether the link
    takes no packets now: those are dropped, as ``dropped`` counts.

    Among the cells of this process packets go as on any loop.
    """

    is_sure = False
    is_distant = True

    def __init__(self, say: Callable[..., object], is_full: Callable[[], bool]) -> None:
        super().__init__()
        self.say = say
        self.dropped = 0
        self.welcome: Welcome | None = None
        self.main: Cell | None = None
        self._is_full = is_full
        self._annex: Annex | None = None
        self._refuse: Callable[[str], None] = _nobody
        self._groups: list[str] = []
        self._is_born = False

    @property
    def is_serving(self) -> bool:
        """Whether the life here serves, and is no successor on trial."""
        return self._is_born or self.welcome is None or not self.welcome.is_heir

    def attach(self, annex: Annex) -> None:
        """Have what the host says heard there."""
        self._annex = annex

    def join(self, host: str, deliver: Callable[[Packet], None], refuse: Callable[[str], None]) -> None:
        """See :class:`~actors.tissue.transport.Transport`."""
        super().join(host, deliver, refuse)
        self._refuse = refuse

    def hosts(self) -> list[str]:
        """See :class:`~actors.tissue.transport.Transport`: there are none to be joined from here."""
        return []

    def send(self, packet: Packet) -> None:
        """See :class:`~actors.tissue.transport.Transport`."""
        if self._annex is not None and self._annex.is_here(packet.to):
            super().send(packet)
        elif self._is_full():
            self.dropped += 1
        else:
            try:
                self.say(Word.PACKET, packet.to, pack(packet))
            except (FrameError, TypeError, ValueError) as error:
                self._refuse(f"a packet of {packet.sender.name} that cannot travel: {error}")

    # -- what the host says --------------------------------------------------------------------------------------------

    def hear(self, *said: Any) -> None:
        """The host has said something; what makes no sense is refused."""
        try:
            match said:
                case [Word.PACKET, _, bytes(data)]:
                    packet = unpack(data)
                    host = host_of(packet.to)
                    if host in self._hosts:
                        self._hosts[host](packet)
                    elif host == KIN and self._annex is not None:
                        self._annex.hear(Word.PACKET, packet.to, packet)
                case [Word.WELCOME, plain]:
                    self.welcome = read_welcome(plain)
                case [Word.BORN]:
                    self._is_born = True
                    if self._annex is not None:
                        self._annex.begin()
                case [Word.TAKE_PART, group]:
                    self._groups.append(read_name(group))
                    self.take_part()
                case [int(), *_] if self._annex is not None:
                    self._annex.hear(*said)
        except STUMBLES as error:  # FrameError among them
            self._refuse(f"the host said what makes no sense: {error}")

    def take_part(self) -> None:
        """Have the life here be in the groups in which it is looked for, if it has begun."""
        main = self.main
        if main is not None and main.actor is not None and main.state in LIVING:
            groups, self._groups = self._groups, []
            for group in groups:
                main.scheduler.system.site.body(main).presence(group)


def _nobody(why: str) -> None:
    """No cell is here yet: there is nobody to be told."""
