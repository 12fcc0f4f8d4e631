"""A neighbour: the hop there, and what is under way on it in both directions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .arq import Receiving, Sending
from .hop import Hop
from .packets import Letter

if TYPE_CHECKING:
    from .config import LinksConfig
    from .streams import Outgoing


class Parcel(NamedTuple):
    """A letter in the hands of this cell: its own message, or one to be passed on.

    ``outgoing``: the message if it is this cell's own.  ``expires``: when a letter of others is dropped.
    """

    letter: Letter
    outgoing: Outgoing | None
    expires: float

    def is_wanted(self, now: float) -> bool:
        """Whether it is still to be carried."""
        return now < self.expires if self.outgoing is None else not self.outgoing.is_done


class Contact:
    """One neighbour, of the life that was heard last (0: of none yet).

    ``is_linked``: whether letters may go through it; one that merely wrote is only answered.
    """

    __slots__ = ("hop", "is_linked", "life", "name", "receiving", "sending")

    def __init__(self, name: str, config: LinksConfig, now: float, first: int) -> None:
        self.name = name
        self.life = 0
        self.is_linked = False
        self.hop = Hop(config.rto, config.probe_period, now)
        self.sending: Sending[Parcel] = Sending(self.hop, config, Parcel.is_wanted, first)
        self.receiving = Receiving(config.span)

    def __repr__(self) -> str:
        return f"Contact({self.name}#{self.life}, {self.hop}, {self.sending}, {self.receiving})"

    @property
    def due(self) -> float:
        """When a message has to be sent again, or a ping."""
        return min(self.hop.due, self.sending.due)

    def meet(self, life: int, span: int, now: float) -> bool:
        """It spoke, in that life; false for a life that is over.  A new one is asked at once whether the link works."""
        if life > self.life:
            self.life = life
            self.receiving = Receiving(span)
            if not self.hop.is_up:
                self.hop.due = now
        return life == self.life
