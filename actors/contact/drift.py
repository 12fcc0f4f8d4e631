"""Clocks of hosts that differ so much that what their actors share is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.tissue.crdt.clocks import MAX_DRIFT, Stamp

from .events import logger

if TYPE_CHECKING:
    from .site import Site


class Clocks:
    """What one host, ``address``, has seen of the others' clocks."""

    def __init__(self, site: Site, address: str) -> None:
        self._site = site
        self._address = address
        self._has_complained = False

    def look(self, stamp: Stamp | None) -> None:
        """Complain, once, of a clock that is too far ahead for actors to share anything."""
        if stamp is None or self._has_complained:
            return
        ahead = stamp.wall / 1000 - (self._site.now() + self._site.offset)
        if ahead > MAX_DRIFT and stamp.owner.name != self._address:
            self._has_complained = True
            logger.error(
                "%s: the clock of %s is %.0f s ahead of this host's; what its actors share is refused here beyond "
                "%g s: set the one that is wrong, and start its system again",
                self._address, stamp.owner.name, ahead, MAX_DRIFT,
            )  # fmt: skip
