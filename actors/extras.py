"""What few cells need besides mailbox and life; made on first use, so that an idle actor stays small."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .envelopes import NOTHING, Envelope, Signal

if TYPE_CHECKING:
    from .cell import Cell
    from .exits import Reason, Remains
    from .onlooker import Onlooker
    from .overload.control import Control
    from .pulse import Pulse


class Extras:
    """What few cells need: links, monitors, timers, stash, waiters.  Made on first use.

    ``wards``: cells that are no places of their own, and yet end with this one: successors and predecessors of the
    lives in its ``places``.  ``pulse``: what is watched of the life here; ``estate``: what the next one inherits;
    ``deadly``: the exit signal that it dies of, unless it is its supervisor's.

    ``paused``: the life here is about to be replaced and begins nothing; ``parked`` are the urgent messages meanwhile;
    ``predecessor``: the life that it has replaced, until that has ended; ``retiring``: it asked to be replaced itself.
    ``rejoin``: called when the next life has started: it is close to whom the last one was close to.
    ``remains``: of a life that was elsewhere, as they were told.  ``onlookers``: who is told of every life that begins
    and ends here.  ``parent``: whom the life says it belongs to, if that is elsewhere; ``port``: the way to it of what
    its siblings say.
    ``careful``: messages at the head of the mailbox of which the last life may have died while it read them, elsewhere.
    ``control``: of a controlled mailbox; ``expired`` and ``shed`` count what was not handled in time.
    """

    __slots__ = (
        "careful", "control", "deadly", "deferred", "enders", "estate", "expired", "groups", "late", "links",
        "monitors", "names", "on_start", "onlookers", "parent", "parked", "paused", "places", "port", "predecessor",
        "pulse", "rejoin", "remains", "retiring", "shed", "stash", "suspended", "timers", "wards", "watchers",
        "withdrawn",
    )  # fmt: skip

    def __init__(self) -> None:
        self.links: dict[Cell, int] = {}
        self.monitors: dict[object, Cell] = {}
        self.watchers: dict[object, tuple[Cell, int]] = {}
        self.timers: dict[Any, None] = {}
        self.stash: list[Any] = []
        self.deferred: dict[Envelope, None] = {}
        self.names: dict[str, None] = {}
        self.groups: dict[str, None] = {}
        self.suspended = False
        self.paused = False
        self.parked: list[Any] = []
        self.predecessor: Cell | None = None
        self.retiring: tuple[str, str | None] | None = None
        self.late = False
        self.rejoin: Callable[[], None] | None = None
        self.onlookers: dict[Onlooker, None] = {}
        self.remains: Remains | None = None
        self.parent: Any = NOTHING
        self.port: Any = None
        self.withdrawn = 0
        self.on_start: Callable[[Cell, Any], None] | None = None
        self.enders: list[Callable[[Reason], None]] = []
        self.places: dict[str, Cell] = {}
        self.wards: dict[Cell, None] = {}
        self.pulse: Pulse | None = None
        self.estate: Any = NOTHING
        self.deadly: Signal | None = None
        self.control: Control | None = None
        self.careful = 0
        self.expired = 0
        self.shed = 0
