"""How packets are filled: what is asked or answered, what its receiver has to know first, and news as there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core import Effect, Send
from .packets import GOSSIP, SYNC, divided, space_beside
from .updates import Status, Update

if TYPE_CHECKING:
    from actors.messages import Pid

    from .beliefs import Beliefs
    from .config import SwimConfig


class Writer:
    """Writes the packets of one cell."""

    def __init__(self, beliefs: Beliefs, config: SwimConfig) -> None:
        self._beliefs = beliefs
        self._members = beliefs.members
        self._config = config

    def send(self, to: str, kind: str, *head: Any, first: Update | None = None) -> Send:
        """A packet, filled up with news; before it what is held against the receiver, that it may refute."""
        updates = [] if first is None else [first.wire()]
        member = self._members.get(to)
        if self._config.buddy and member is not None and member.status is not Status.ALIVE:
            updates.append(member.update.wire())
        space = space_beside([*head, updates], self._config.packet_bytes)
        updates += self._beliefs.rumours.take(space, self._beliefs.n)
        return Send(to, kind, [*head, updates])

    def send_table(self, to: str, *, asks: bool) -> list[Effect]:
        """All that is believed, in as many packets as it takes; only the first asks."""
        space = space_beside([asks, []], self._config.packet_bytes)
        return [
            Send(to, SYNC, [asks and part == 0, updates])
            for part, updates in enumerate(divided(self._beliefs.table(), space))
        ]

    def correct(self, sender: Pid) -> list[Effect]:
        """Tell a life that is over here which one is known: if it lives all the same, its number is too low."""
        member = self._members.get(sender.name)
        if member is None or not 1 <= sender.incarnation < member.update.life:
            return []
        return [Send(sender.name, GOSSIP, [[member.update.wire()]])]
