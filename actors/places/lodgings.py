"""Which lodgings a place needs: a thread, a process; in a simulated run, in which there are none, the same loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.engine import LOOP

from .place import Host, Thread

if TYPE_CHECKING:
    from actors.system import ActorSystem

    from .deputy import Lodgings
    from .place import Place


def lodgings_for(system: ActorSystem, place: Place) -> Lodgings:
    """New lodgings of the kind that ``place`` needs; a system has one of each kind."""
    if system.scheduler.engine is not LOOP:
        from .nearby import Nearby

        return Nearby(system)
    if isinstance(place, Thread):
        from .threads import Threads

        return Threads(system)
    if isinstance(place, Host):
        from actors.cluster.lodgings import Berths

        return Berths(system)
    from .processes import Processes

    return Processes(system)
