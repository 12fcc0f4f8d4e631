"""Who looks at a place from elsewhere: told of every life that begins and ends there, and of its close."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .cell import Cell
    from .exits import Reason


class Onlooker(Protocol):
    """See the module's text.  None of these may raise."""

    def life_began(self, cell: Cell) -> None:
        """A life has begun in ``cell``."""

    def life_ended(self, cell: Cell, reason: Reason) -> None:
        """The life in ``cell`` is over."""

    def place_rested(self, cell: Cell) -> None:
        """No successor is planned: whoever tells the place something is refused until a life is started there again."""

    def place_closed(self, cell: Cell) -> None:
        """Nobody will live in ``cell`` any more."""
