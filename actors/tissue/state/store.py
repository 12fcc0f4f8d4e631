"""What one cell knows of all that its group shares: everybody's streams, and the values that they amount to.

A value is the join of what all lives have told of it.  The store keeps the two in step: an entry that is beaten or
taken away in a value dies in its stream, and a piece of a stream changes the values.  The causal context of all values
is one, and is the same as the digest: up to where each life's stream is known.

Knows nothing of packets and peers; :mod:`~actors.tissue.state.contact_state` says when and to whom.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from actors.errors import NotRunning
from actors.messages import Pid

from ..crdt.clocks import Clock
from ..crdt.context import Dot
from ..crdt.dotted import Dotted, Home, TooMuch
from ..crdt.kinds import SHARED, new
from ..crdt.stamped import StampedMap
from ..plain import pack
from .archive import Archive
from .config import ContactConfig
from .estate import Estate
from .fading import Fading
from .inheritance import Inheritance
from .notes import NOTE, Checked, Held, Note, Part, Renounced, Taken, read_part
from .streams import Ahead, Stream

D = TypeVar("D", bound=Dotted[Any])

VALUE_NAME_BYTES = 64
"""The longest name of a value, in UTF-8."""

DOT_BYTES = 20
"""What a removal takes in a note at most, besides the name of whose entry it was."""


class Store:
    """See the module's text.

    ``on_change`` is told whose stream has grown, ``on_end`` whose was let go; ``over``: what is over, if this life is;
    ``time``: see :class:`~actors.tissue.crdt.dotted.Home`; ``now``: seconds, set by the owner.
    """

    def __init__(
        self,
        pid: Pid,
        clock: Clock,
        config: ContactConfig,
        on_change: Callable[[Pid], None],
        on_end: Callable[[Pid], None],
        time: Callable[[], float] | None = None,
    ) -> None:
        self.pid = pid
        self.now = 0.0
        self.archive = Archive(config.max_owners)
        self.own = self.archive.open(pid)
        self.values: dict[str, Dotted[Any]] = {}
        self.over = ""
        self._clock = clock
        self._config = config
        self._on_change = on_change
        self._on_end = on_end
        self._time = time
        self.estate = Estate(pid, self.archive, self.values)
        # Entries that were taken away before they came.
        self._doomed: dict[Dot, None] = {}
        self._fading = Fading(self.archive, config.removal_memory, config.max_removals)

    # -- values --------------------------------------------------------------------------------------------------------

    def share(self, name: str, cls: type[D], *args: Any) -> D:
        """The value of that name and type.

        Raises ``ValueError`` for a name that is empty or too long and for a type that cannot be shared, ``TooMuch`` if
        there are too many values.
        """
        if cls not in SHARED:
            raise ValueError(f"{cls!r} is none of the types that can be shared")
        return self._value(f"{cls(self.pid, *args).name_on_wire}:{name}")  # type: ignore[return-value] # as it says

    def told_by(self, pid: Pid, name: str, cls: type[D], *args: Any) -> D:
        """Of that value only what one life has told and this cell may have; a copy that is shared with nobody."""
        value = cls(self.pid, *args)
        for version, entry in self.estate.told_by(pid, f"{value.name_on_wire}:{name}"):
            value.context.add(pid, version - 1, version)
            for loser in value.admit((pid, version), entry):
                value.discard(loser)
        return value

    def _value(self, wire: str) -> Dotted[Any]:
        value = self.values.get(wire)
        if value is None:
            if len(self.values) >= self._config.max_values:
                raise TooMuch(f"{len(self.values) + 1} values", self._config.max_values)
            value = self.values[wire] = self._blank(wire)
        return value

    def _blank(self, wire: str) -> Dotted[Any]:
        kind, _, name = wire.partition(":")
        if not name or len(name.encode()) > VALUE_NAME_BYTES:
            raise ValueError(f"the name of a value has 1 to {VALUE_NAME_BYTES} bytes; got {name[:80]!r}")
        home = Home(
            self.archive.context,
            self._clock,
            max_entries=self._config.max_entries,
            max_entry_bytes=self._config.entry_bytes,
            time=self._time,
            claim=self._claim,
            spread=partial(self._spread, wire),
        )
        return new(kind, self.pid, home)

    def finish(self, what: str) -> None:
        """This life is over, ``what``: its values may still be read, and nothing else is left of it.

        Whoever looks at how it died, in the frames of an exception for instance, holds these values for long.
        """
        self.over = what
        self._on_change = self._on_end = _to_nobody
        self.archive = Archive(1)
        self.own = self.archive.open(self.pid)
        self._fading = Fading(self.archive, 1.0, 1)
        self._doomed.clear()
        self.estate = Estate(self.pid, self.archive, self.values)

    def empty(self) -> None:
        """Nobody reads the values any more either."""
        for value in self.values.values():
            value.empty()
        self.values.clear()

    def _claim(self, size: int) -> None:
        if self.over:
            raise NotRunning(self.over)
        if size and self.archive.bytes + size > self._config.max_bytes:
            raise TooMuch(f"{self.archive.bytes + size} bytes", self._config.max_bytes)

    # -- changes of one's own ------------------------------------------------------------------------------------------

    def _spread(self, wire: str, value: Dotted[Any], delta: Dotted[Any], losers: list[Dot]) -> None:
        """A value was changed here: put that into the own stream."""
        again = {}
        for dot, entry in delta.entries.items():
            self.archive.hold(self.own, dot[1], Held(wire, entry, pack(value.wire(entry))))
            again[entry[0]] = dot
        self._beaten(wire, losers, (self.pid, self.own.version))
        taken = []
        for dot in delta.context:
            if dot not in delta.entries:
                # What one puts under a key again takes the place of what one had there: no need to say so.
                key = self.own.held[dot[1]].entry[0] if dot[0] == self.pid else None
                if key in again:
                    self._beaten(wire, [dot], again[key])
                else:
                    taken.append(dot)
        taken += self.estate.replaced(wire, again)
        for dot in taken:
            self._take_away(dot)
        self._tell_removals(taken)
        self._on_change(self.pid)

    def _tell_removals(self, dots: list[Dot]) -> None:
        """As notes, each short enough for any packet."""
        begin, size = 0, 0
        for place, (owner, _) in enumerate(dots, 1):
            size += len(owner.name.encode()) + DOT_BYTES
            if place == len(dots) or size + len(owner.name.encode()) + 255 > self._config.entry_bytes:
                self._note(Taken(tuple(dots[begin:place])))
                self._fading.add(self.now, self.own, self.own.version)
                begin, size = place, 0

    def _note(self, note: Note) -> None:
        self.archive.hold(self.own, self.own.version + 1, Held(NOTE, note, pack(note.wire())))

    def checked(self) -> None:
        """The owner has passed a self-check: all that it has told so far was told in health."""
        if self.own.version > self.own.checked:
            self._note(Checked(self.own.version + 1))
            self.estate.heed_check(self.own, self.own.version, self.own.version)
            self._on_change(self.pid)

    def renounce(self, pid: Pid, inheritance: Inheritance) -> None:
        """Do without what an earlier life of this place had told, for this life and all later ones."""
        if pid.name != self.pid.name or pid.incarnation >= self.pid.incarnation:
            raise ValueError(f"{self.pid} is no successor of {pid}")
        if inheritance is not Inheritance.ALL:
            note = Renounced(pid.incarnation, inheritance is Inheritance.NOTHING)
            self._note(note)
            self._fading.renounce(self.now, self.own, self.own.version, note.life)
            self.estate.heed_renunciation(note)
            self._on_change(self.pid)

    # -- changes of others ---------------------------------------------------------------------------------------------

    def read_part(self, raw: Any) -> Part:
        """A piece of somebody's stream, from the network.  Raises ``TypeError`` or ``ValueError``."""
        return read_part(
            raw, lambda wire: self.values.get(wire) or self._blank(wire), self._config.entry_bytes, self.now
        )

    def why_not(self, part: Part) -> str:
        """Why there is no room for a part; empty: there is."""
        limits, stream = self._config, self.archive.get(part.pid)
        size = self.archive.bytes + sum(len(held.packed) for _, held in part.held)
        if stream is not None and stream.ahead is not None:
            size += stream.ahead.size
        if size > limits.max_bytes:
            return f"there is no room for more than {limits.max_bytes} bytes"
        if stream is None and len(self.archive) >= limits.max_owners:
            return f"there is no room for more than {limits.max_owners} streams"
        wires = {held.value for _, held in part.held if held.value}
        if len(self.values) + len(wires - self.values.keys()) > limits.max_values:
            return f"there is no room for more than {limits.max_values} values"
        for wire in wires & self.values.keys():
            room = limits.max_entries - len(self.values[wire].entries)
            if len(part.held) > room and sum(held.value == wire for _, held in part.held) > room:
                return f"there is no room for more than {limits.max_entries} entries of {wire}"
        return ""

    def apply(self, part: Part, source: str) -> bool:
        """Take in a part from a peer; returns whether it led any further.  One that leaves a gap changes nothing."""
        begun = self.archive.begun(part.pid, source)
        if part.since > begun or part.upto <= begun:
            return False
        if part.upto < part.head and self.archive.is_coming(part.pid, source, self.now):
            return False
        stream = self.archive.open(part.pid)
        ahead = stream.ahead
        if ahead is None or ahead.source != source:
            ahead = stream.ahead = Ahead(source, begun, 0)
        ahead.held += [each for each in part.held if each[0] > begun]
        ahead.upto, ahead.goal = part.upto, max(part.head, ahead.goal)
        ahead.until = self.now + self._config.period
        ahead.size += sum(len(held.packed) for _, held in part.held)
        if ahead.upto >= ahead.goal:
            stream.ahead = None
            for version, held in ahead.held:
                if version > stream.version:
                    self._take_in(stream, version, held)
            self.archive.reach(stream, ahead.upto)
            self._on_change(part.pid)
            self._replace(part.pid, ahead.held)
        return True

    def _take_in(self, stream: Stream, version: int, held: Held) -> None:
        dot = stream.pid, version
        if held.value == NOTE:
            self.archive.hold(stream, version, held)
            self._heed(stream, version, held.entry)
            return
        value = self._value(held.value)
        self.archive.hold(stream, version, held)
        if dot in self._doomed:
            self._fade(stream, version)
        elif self.estate.may_have(stream, version, held.value):
            self._beaten(held.value, value.admit(dot, held.entry), dot)
        else:
            self.estate.hide(dot, held)

    def _replace(self, pid: Pid, said: list[tuple[int, Held]]) -> None:
        """What an earlier life of this place had said is taken away where this one had said it anew before it heard."""
        if pid.name != self.pid.name or pid == self.pid:
            return
        replaced: dict[str, list[Dot]] = {}
        for version, held in said:
            value, dot = self.values.get(held.value), (pid, version)
            if value is not None and dot in value.entries:
                mine = [each for each in value.dots_of(held.entry[0]) if each[0] == self.pid]
                if mine and value.replaces(mine[-1], dot):
                    replaced.setdefault(held.value, []).append(dot)
        for wire, dots in replaced.items():
            self.values[wire].take_out(dots)

    def _heed(self, stream: Stream, version: int, note: Note) -> None:
        if isinstance(note, Taken):
            self._fading.add(self.now, stream, version)
            for dot in note.dots:
                self._take_away(dot)
        elif isinstance(note, Checked):
            self.estate.heed_check(stream, version, min(note.version, version))
        else:
            self._fading.renounce(self.now, stream, version, note.life)
            if stream.pid.name == self.pid.name:
                self.estate.heed_renunciation(note)

    def reconcile(self, pid: Pid, since: int, upto: int, alive: set[int]) -> bool:
        """Another cell knows a stream up to there as well: what is not alive with it was taken away, and is dead.

        Returns whether something is alive with it that is dead here.  Where less is known here, nothing follows.
        """
        stream = self.archive.get(pid)
        if stream is None or stream.version < upto:
            return False
        for version, _ in stream.entries():
            if since < version <= upto and version not in alive and stream.has(version):
                self._take_away((pid, version))
        return not all(map(stream.has, alive))

    # -- entries die ---------------------------------------------------------------------------------------------------

    def _beaten(self, wire: str, losers: Iterable[Dot], by: Dot) -> None:
        """These entries were beaten by that one; what was good at its owner's last check is kept in the shadow."""
        value = self.values[wire]
        for loser in losers:
            value.discard(loser)
            stream, version = self.archive.open(loser[0]), loser[1]
            key = stream.held[version].entry[0]
            if loser == by or loser[0] != by[0] or key != stream.held[by[1]].entry[0]:
                self._fade(stream, version)
                self.estate.drop_shadow(stream, wire, key)
            elif version <= stream.checked < by[1] and not value.is_common:
                self.estate.drop_shadow(stream, wire, key)
                stream.shadows[wire, key] = version
                self.archive.fade(stream, version)
            else:
                self.archive.drop(stream, version)

    def _take_away(self, dot: Dot) -> None:
        """An entry was taken away by somebody who had seen it; perhaps before it came here."""
        stream, version = self.archive.get(dot[0]), dot[1]
        if version > self.archive.version(dot[0]):
            self._doomed[dot] = None
            if len(self._doomed) > self._config.max_removals:
                del self._doomed[next(iter(self._doomed))]
        elif stream is not None and version in stream.held and stream.held[version].value:
            wire, entry, _ = stream.held[version]
            self.values[wire].discard(dot)
            self._fade(stream, version)
            self.estate.drop_shadow(stream, wire, entry[0])

    def _fade(self, stream: Stream, version: int) -> None:
        if stream.has(version):
            self.archive.fade(stream, version)
            self._fading.add(self.now, stream, version)

    # -- forgetting ----------------------------------------------------------------------------------------------------

    @property
    def soonest(self) -> int:
        """Before this moment (milliseconds of the shared time) nothing expires; 0: nothing does at all."""
        moments = [value.soonest for value in self.values.values() if isinstance(value, StampedMap) and value.soonest]
        return min(moments, default=0)

    def purge(self) -> None:
        """Let go what has expired."""
        for value in self.values.values():
            if isinstance(value, StampedMap):
                for owner, version in value.purge(self.now):
                    self.archive.drop(self.archive.open(owner), version)

    def tidy(self) -> None:
        """Forget what died or was taken away long enough ago."""
        self._fading.sweep(self.now)

    def close(self, is_known: Callable[[Pid], bool]) -> None:
        """Let go the streams of earlier lives of which nothing is left; ``is_known``: whether all peers know one."""
        while self.archive.idle and (gone := list(self._fading.gone(self.now, is_known))):
            for stream in gone:
                self._let_go(stream)

    def forget(self, name: str) -> None:
        """Drop all that a place had told."""
        for stream in [stream for stream in self.archive if stream.pid.name == name]:
            self._let_go(stream)

    def end(self, pid: Pid, version: int) -> None:
        """Others have dropped that stream at that version: drop it too, unless more of it is known here."""
        stream = self.archive.get(pid)
        if stream is not None and stream.version <= version:
            self._let_go(stream)

    def _let_go(self, stream: Stream) -> None:
        self.archive.idle.pop(stream.pid, None)
        if stream is self.own:
            return
        dead = len(stream.faded) + stream.notes
        for version, held in list(stream.held.items()):
            if held.value:
                self.values[held.value].discard((stream.pid, version))
            self.archive.drop(stream, version)
        self.archive.close(stream)
        self._fading.close(dead)
        self.estate.forget(stream.pid)
        self._on_end(stream.pid)


def _to_nobody(pid: Pid) -> None:
    """What is told of a life that is over."""
