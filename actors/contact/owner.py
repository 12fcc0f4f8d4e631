"""Who has a core that is made with what the actor said, rather than alike everywhere: a budget, a cache."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from actors.tissue.core import Core, Effect

if TYPE_CHECKING:
    from .presence import Presence


class Owner(Protocol):
    """See the module's text; there is one in a group, which is made for it."""

    def make(self, presence: Presence) -> Core:
        """The core, when it is first needed."""

    def meet(self, core: Any, links: Mapping[str, float], now: float) -> list[Effect]:
        """Tell the core who is there."""

    def heard(self, event: Any) -> bool:
        """The core has reported something; whether that is for nobody else."""

    def born(self) -> None:
        """The life serves from here on, as successor of one that was replaced."""

    def ended(self, is_planned: bool) -> None:
        """The life is over; ``is_planned``: there is time for a last word."""
