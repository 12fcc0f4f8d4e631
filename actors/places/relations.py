"""What the lives at the two ends of a link are to each other: who lives there, who is linked to whom, who is to end.

Word of an end may not overtake what the receiver was told before it.  Where messages still wait for their turn on this
side, a *mark* is put behind them; the other side is told of the end at once, and what it tells an actor of that
waits for the mark.  An exit signal that kills waits for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from actors.envelopes import NOTHING, Ending, ForLife, Signal, Stop
from actors.exits import KILL, NOPROC, Reason
from actors.lifecycle import LIVING
from actors.links import link, send_exit, unlink
from actors.messages import Down, Pid

from .frames import Kind

if TYPE_CHECKING:
    from actors.cell import Cell
    from actors.ref import Ref

    from .endpoint import Endpoint


class Mark:
    """In a mailbox: what came before it was told before somebody's end."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


class Promise:
    """Of a mark that is yet to come from elsewhere: what is to be done then, whichever is known first."""

    def __init__(self) -> None:
        self._has_come = False
        self._act: Callable[[], None] | None = None

    def come(self) -> None:
        """It is there."""
        self._has_come = True
        if self._act is not None:
            self._act()

    def then(self, act: Callable[[], None]) -> None:
        """What is to be done."""
        self._act = act
        if self._has_come:
            act()


class Relations:
    """Of one endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._over: set[int] = set()
        self._heirs: dict[int, int] = {}
        self._unheard: set[int] = set()
        self._marks = 0
        self._awaited: dict[tuple[int, int], list[Callable[[], None]]] = {}
        endpoint.serve_all({
            Kind.WATCH: self._watch, Kind.UNWATCH: self._unwatch, Kind.BEGAN: self._began, Kind.ENDED: self._ended,
            Kind.RESTED: self._rested, Kind.CLOSED: self._closed, Kind.LINK: self._link, Kind.UNLINK: self._unlink,
            Kind.SIGNAL: self.signal_here, Kind.STOP: self.stop_here, Kind.RELEASE: self._release,
            Kind.MARK: self._mark,
        })  # fmt: skip

    def watch(self, target: int) -> None:
        """Have the other side tell who lives at ``target``; a life is taken to be there until it does."""
        self._unheard.add(target)
        self._endpoint.send([Kind.WATCH, target])

    def is_over(self, target: int) -> bool:
        """Whether the life there is over, as far as is known here."""
        return target in self._over

    # -- marks ---------------------------------------------------------------------------------------------------------

    def marked(self, targets: dict[int, Cell]) -> tuple[int, list[int]]:
        """Put a mark behind what waits for these; its number, and for which of them there is one."""
        self._endpoint.flush()
        waiting = [target for target, cell in targets.items() if cell.box and cell.state in LIVING]
        if not waiting:
            return 0, waiting
        self._marks += 1
        mark = Mark(self._marks)
        for target in waiting:
            self._put(targets[target], mark)
        return self._marks, waiting

    def promised(self, cell: Cell, promise: Promise) -> int:
        """The number of a mark that will be put into the mailbox of ``cell`` when one has come from elsewhere."""
        self._marks += 1
        mark = Mark(self._marks)
        promise.then(lambda: self._put(cell, mark))
        return mark.number

    def _put(self, cell: Cell, mark: Mark) -> None:
        if cell.state in LIVING:
            cell.put(ForLife(mark, cell.incarnation, mark))

    def send_mark(self, target: int, mark: Mark) -> None:
        """All that came before it is on its way."""
        self._endpoint.flush()
        self._endpoint.send([Kind.MARK, target, mark.number])

    def _mark(self, target: int, mark: int) -> None:
        for act in self._awaited.pop((target, mark), ()):
            act()

    def lost(self) -> None:
        """The link is gone: nothing comes any more that anything should wait for."""
        awaited, self._awaited = self._awaited, {}
        for acts in awaited.values():
            for act in acts:
                act()

    def _when(self, target: int, mark: int, act: Callable[[], None]) -> None:
        self._awaited.setdefault((target, mark), []).append(act)

    # -- lives there ---------------------------------------------------------------------------------------------------

    def _began(self, target: int, incarnation: int) -> None:
        cell = self._endpoint.stand_ins.get(target)
        if cell is None:
            return
        is_first, incarnations = target in self._unheard, (cell.incarnation, incarnation)
        self._unheard.discard(target)
        if cell.state in LIVING and target not in self._over:
            if incarnations[0] >= incarnations[1]:
                return
            if not is_first:
                self._heirs[target] = incarnation
                return
            cell.push(Ending(NOPROC, NOTHING, brutal=True))  # the life whose ref was passed on has been over for long
        self._over.discard(target)
        self._heirs[target] = incarnation
        if cell.state in LIVING:  # it is about to end
            self._after_its_end(cell, self._begin, target)
        else:
            self._begin(target)

    def _after_its_end(self, cell: Cell, act: Callable[[int], None], target: int) -> None:
        loop = self._endpoint.system.scheduler.loop

        def ended(_: Reason) -> None:
            loop.call_soon(act, target)

        cell.more().enders.append(ended)

    def _begin(self, target: int) -> None:
        cell, incarnation = self._endpoint.stand_ins.get(target), self._heirs.pop(target, None)
        if incarnation is not None and cell is not None and cell.state not in LIVING:
            self._endpoint.begin_envoy(cell, incarnation)

    def _ended(self, target: int, incarnation: int, reason: Reason, mark: int, targets: list[int]) -> None:
        cell = self._endpoint.stand_ins.get(target)
        if cell is None:
            return
        if target in self._unheard:  # it was over when this side asked
            self._unheard.discard(target)
            reason = NOPROC
        heir = self._heirs.pop(target, None)
        if heir is not None and target not in self._over:
            _hand_over(cell, heir, reason)
        elif cell.state in LIVING and cell.incarnation <= incarnation:
            if targets:
                self._hold_back(cell, reason, mark, targets)
            self._over.add(target)
            cell.push(Ending(reason, NOTHING, brutal=True))

    def _hold_back(self, cell: Cell, reason: Reason, mark: int, targets: list[int]) -> None:
        """Some of those here are yet to get what they were told before this end: they are told of it after that."""
        extras, pid = cell.more(), cell.pid
        exports = self._endpoint.exports
        late = {exports[number].ref._cell: number for number in targets if number in exports}
        for monitor, (watcher, life) in tuple(extras.watchers.items()):
            if watcher in late:
                del extras.watchers[monitor]
                down = ForLife(Down(cell.ref, pid, reason, monitor), life, monitor)
                self._when(late[watcher], mark, lambda watcher=watcher, down=down: watcher.put(down))  # type: ignore[misc]
        for other in tuple(extras.links):
            if other in late and other.actor is not None and other.actor.trap_exits:
                del extras.links[other]
                signal = Signal(reason, cell, cell.incarnation, linked=True, parent=False)
                self._when(late[other], mark, lambda other=other, signal=signal: other.push(signal))  # type: ignore[misc]

    def _rested(self, target: int) -> None:
        cell = self._endpoint.stand_ins.get(target)
        if cell is None:
            return
        if cell.state in LIVING:  # it is about to end
            self._after_its_end(cell, self._rest, target)
        else:
            self._rest(target)

    def _rest(self, target: int) -> None:
        cell = self._endpoint.stand_ins.get(target)
        if cell is not None and target not in self._heirs:
            self._endpoint.rest_envoy(cell)

    def _closed(self, target: int) -> None:
        cell = self._endpoint.stand_ins.get(target)
        if cell is None:
            return
        self._over.add(target)
        if cell.state in LIVING:
            cell.push(Ending(NOPROC, NOTHING, brutal=True))
        self._endpoint.let_go(target)

    # -- what others want of those here --------------------------------------------------------------------------------

    def _cell(self, target: int) -> Cell | None:
        export = self._endpoint.exports.get(target)
        return export.ref._cell if export is not None else None

    def _watch(self, target: int) -> None:
        export = self._endpoint.exports.get(target)
        if export is not None:
            export.watch()
        else:
            self._endpoint.send([Kind.CLOSED, target])

    def _unwatch(self, target: int) -> None:
        export = self._endpoint.exports.get(target)
        if export is not None:
            export.unwatch()

    def _link(self, target: int, other: Ref[Any]) -> None:
        mine, theirs = self._cell(target), other._cell
        if mine is not None and (mine.extras is None or theirs not in mine.extras.links):
            link(theirs, mine)

    def _unlink(self, target: int, other: Ref[Any]) -> None:
        mine = self._cell(target)
        if mine is not None:
            unlink(mine, other._cell)

    def signal_here(self, target: int, reason: Reason, sender: Ref[Any] | None, linked: bool, mark: int = 0) -> None:
        """An exit signal has come for somebody here."""
        cell = self._cell(target)
        if cell is None or cell.state not in LIVING:
            return
        other = sender._cell if sender is not None else None
        incarnation = other.incarnation if other is not None else 0
        signal = Signal(reason, other, incarnation, linked=linked, parent=False)
        if not mark or cell.actor is None or (reason == KILL and not linked):
            cell.push(signal)
        elif cell.actor.is_stand_in:  # whether the life elsewhere traps exits is known there
            signal.after = promise = Promise()
            self._when(target, mark, promise.come)
            cell.push(signal)
        elif cell.actor.trap_exits:
            self._when(target, mark, lambda: cell.push(signal) if cell.state in LIVING else None)
        else:
            cell.push(signal)

    def stop_here(self, target: int, reason: Reason) -> None:
        """Somebody elsewhere wants a life of here to end."""
        cell = self._cell(target)
        if cell is None:
            return
        if reason == KILL:
            send_exit(cell, KILL)
        elif cell.state in LIVING:
            cell.push(Stop(reason))

    def _release(self, targets: list[int]) -> None:
        for target in targets:
            self._endpoint.withdraw_offer(target)


def _hand_over(cell: Cell, heir: int, reason: Reason) -> None:
    """The life that is stood for was replaced: links stay, monitors fire, the number changes."""
    extras = cell.more()
    watchers, extras.watchers = extras.watchers, {}
    for monitor, (watcher, life) in watchers.items():
        watcher.put(ForLife(Down(cell.ref, Pid(cell.name, cell.incarnation), reason, monitor), life, monitor))
    for other in extras.links:
        other.more().links[cell] = heir
    cell.incarnation = heir
