"""What cells report, on the system's one hook."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass
from typing import Any

from actors.exits import spell
from actors.messages import Pid
from actors.tissue.core import PartFailed, Refused, TissueEvent
from actors.tissue.fields.gradients import Faded, Found
from actors.tissue.flock.alignment import Gave, Got, Recovered
from actors.tissue.hormones.receptor import Released, Triggered
from actors.tissue.links.events import Outdated
from actors.tissue.overlay.events import NeighbourDown, NeighbourUp
from actors.tissue.state.contact_state import Warm
from actors.tissue.swim.updates import Dead, Joined, Left, Outlived, Refuted, Revived, Risen, Suspected

logger = logging.getLogger("planaria")


@dataclass(frozen=True, slots=True)
class Felt:
    """A cell of the tissue reports ``event``; ``pid``: its address and life, ``group``: where it said so."""

    at: float
    pid: Pid
    group: str
    event: TissueEvent

    def describe(self) -> str:
        """One English line."""
        where = "" if self.group in ("", "*", "~") else f" in {self.group}"
        return f"{self.pid.name}{where}: {said(self.event)}"

    def to_dict(self) -> dict[str, Any]:
        """The event for JSON."""
        kind = type(self.event).__name__
        return {"event": kind, "at": self.at, "path": self.pid.name, "group": self.group, "what": said(self.event)}


def said(event: TissueEvent) -> str:
    """What has happened, in words."""
    match event:
        case Joined(pid):
            return f"{pid.name} has joined"
        case Suspected(pid, by):
            return f"{pid.name} is suspected by {by}"
        case Refuted(pid):
            return f"{pid.name} has refuted"
        case Dead(pid, by):
            return f"{pid.name} is dead, says {by}"
        case Left(pid):
            return f"{pid.name} has left"
        case Revived(pid):
            return f"{pid.name} is back"
        case Risen(pid, before, known):
            return (
                f"goes on as {pid}, because others know it as {known}, no lower than {before}: the clock was set back "
                "since its last process, or that one gave its numbers out faster than the clock; nothing need be done"
            )
        case Outlived(pid, successor):
            return (
                f"falls silent as {pid}, because its place has a later life, {successor}: another process has the "
                "same name; give each system a name of its own, and start this one again"
            )
        case Outdated(pid, by, later):
            return f"{by} takes nothing from {pid}, which it knows as #{later}; it gets a higher number now"
        case NeighbourUp(pid):
            return f"{pid.name} is in view"
        case NeighbourDown(pid):
            return f"{pid.name} is out of view"
        case Warm(siblings):
            return f"knows what {siblings} siblings knew"
        case Triggered(receptor, level):
            return f"{receptor.hormone} has reached {level:.2f}"
        case Released(receptor, level):
            return f"{receptor.hormone} has fallen to {level:.2f}"
        case Found(field, reading):
            return f"the nearest source of {field} is {reading.source or 'one'} at {reading.distance:.3g}"
        case Faded(field):
            return f"no source of {field} is seen any more"
        case Gave(to, amount):
            return f"gave {amount:g} to {to.name}"
        case Got(sender, amount):
            return f"got {amount:g} from {sender.name}"
        case Recovered(pid, amount):
            return f"took back {amount:g} that was for {pid.name}"
        case PartFailed(part, error):
            return f"{part} failed: {spell(error)}"
        case Refused(sender, kind, why):
            return f"refused {kind} of {sender.name}: {why}"
        case _:
            return _plainly(event)


def lament(name: str, event: PartFailed) -> None:
    """Have a defect in the log, with where it was raised: nobody may be looking on, and nobody dies of it."""
    logger.error("%s: %s", name, said(event), exc_info=event.error)


def _plainly(event: TissueEvent) -> str:
    """Any other event: its type and what is in it."""
    values = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}
    return f"{type(event).__name__} ({', '.join(f'{name} {value!s:.60}' for name, value in values.items())})"
