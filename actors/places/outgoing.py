"""What goes out over a link: gathered for a turn of the loop, sent together, and held back while the link is full."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from actors.errors import CodecError
from actors.exits import NOCONNECTION, Reason
from actors.messages import Undelivered

from .embassy import Embassy
from .export import Export
from .frames import Kind, Link, Unopened, plain
from .road import Road

if TYPE_CHECKING:
    from actors.cell import Cell
    from actors.system import ActorSystem


class Outgoing:
    """The sending half of an endpoint.  ``link`` is set by whoever opens it, before the first frame."""

    def __init__(self, system: ActorSystem) -> None:
        self.system = system
        self.link: Link = Unopened()
        self.is_closed = False
        self.stand_ins: dict[int, Cell] = {}
        self._reason: Reason = NOCONNECTION
        self._roads: dict[int, Road] = {}
        self._dirty: list[Road | Export] = []
        self._is_waiting = False

    def send(self, frame: list[Any], refused: Callable[[CodecError], None] | None = None) -> None:
        """Send a frame; ``refused`` is told if its values cannot travel."""
        if not self.is_closed:
            self.link.send(frame, refused)

    def send_reason(self, head: list[Any], reason: Reason, *rest: Any) -> None:
        """Send a frame with the reason of an end, which goes whatever that one holds."""
        self.send([*head, reason, *rest], lambda _: self.send([*head, plain(reason), *rest]))

    def dirty(self, which: Road | Export) -> None:
        """Something gathers that is to be sent at the end of this loop turn, by :meth:`flush`."""
        if not self._dirty:
            self.system.scheduler.loop.call_soon(self.flush)
        self._dirty.append(which)

    def flush(self) -> None:
        """Send what has gathered."""
        if any(each.__class__ is Export and each.has_words for each in self._dirty):
            self._pass_on_told()
        dirty, self._dirty = self._dirty, []
        exports = []
        for each in dirty:
            if isinstance(each, Export):
                exports.append(each)
            else:
                self.send_on(each)
        if self.is_closed:
            return
        self.link.cork()
        for export in exports:  # an answer comes after what was told before it
            export.flush()
        self.link.flush()

    def _pass_on_told(self) -> None:
        """An answer is about to go: what its life had told others before goes first, though they had no turn yet."""
        for cell in tuple(self.stand_ins.values()):
            if cell.box and not cell.lane and not cell.held and isinstance(cell.owner, Embassy):
                cell.actor.drain(within=True)

    def flush_with(self, export: Export) -> None:
        """Send what has gathered, and what ``export`` has to tell."""
        self._dirty.append(export)
        self.flush()

    def send_on(self, road: Road) -> None:
        """Send what has gathered on a road, and more of what waits for it, now that it is known what that comes to."""
        while not self.is_closed:
            is_brimful = not road.has_room
            self.link.cork()
            for frame in road.take():
                self.send(frame, partial(self._one_by_one, frame))
                if road.is_careful:
                    self.link.flush()
                    self.link.cork()
            road.weigh(self.link.flush())
            cell = self.stand_ins.get(road.target) if is_brimful else None
            if cell is None or cell.actor is None or self.is_full() or not cell.actor.carry_on():
                self._resume(road.target)
                return

    def _one_by_one(self, frame: list[Any], error: BaseException) -> None:
        """A batch holds something that cannot travel: find out what, and tell whoever sent it."""
        _, target, first, messages, asked = frame
        if len(messages) == 1:
            self._lost(target, first, error, Undelivered.UNSENDABLE)
            return
        if target in self._roads:
            self._roads[target].doubt()
        notes = {(index if index >= 0 else ~index): (index >= 0, left) for index, left in asked}
        for index, message in enumerate(messages):
            is_question, left = notes.get(index, (False, None))
            own = [[0 if is_question else ~0, left]] if index in notes else []
            single = [Kind.MSG, target, first + index, [message], own]
            self.link.send(single, partial(self._one_by_one, single))

    def is_full(self) -> bool:
        """Whether the link takes no more for now; then the stand-ins go on when it does."""
        if not self.link.is_full or self.is_closed:
            return False
        if not self._is_waiting:
            self._is_waiting = True
            self.link.on_writable(self._writable)
        return True

    def _writable(self) -> None:
        self._is_waiting = False
        for target in tuple(self.stand_ins):
            self._resume(target)

    def drain(self) -> None:
        """Send all that waits in the mailboxes of envoys, however much: something comes that it must not come after."""
        for cell in tuple(self.stand_ins.values()):
            if cell.actor is not None and isinstance(cell.owner, Embassy) and not self.is_closed:
                cell.actor.drain()
        self.flush()

    def _lost(self, target: int, number: int, error: BaseException, why: Undelivered | None = None) -> None:
        """What was sent to ``target`` under this number will not be handled, because of ``error``; ``why``: what the
        dead letters say, if that does not follow from it.
        """
        raise NotImplementedError

    def _resume(self, target: int) -> None:
        """Whoever stands in for ``target`` may go on, if there is room."""
        raise NotImplementedError
