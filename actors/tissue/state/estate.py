"""What one life may have of what the lives before it at its place have told: all, what was good, or nothing.

The streams are held whole, for others may have all of it; what this life does without is kept out of its values.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from actors.messages import Pid

from ..crdt.context import Dot
from ..crdt.dotted import Dotted
from .archive import Archive
from .inheritance import Inheritance
from .notes import Held, Renounced
from .streams import Stream


class Estate:
    """Of the cell ``pid``; keeps ``values`` in step with what it may have of the streams in ``archive``."""

    __slots__ = ("_archive", "_hidden", "_pid", "_renounced", "_values")

    def __init__(self, pid: Pid, archive: Archive, values: dict[str, Dotted[Any]]) -> None:
        self._pid = pid
        self._archive = archive
        self._values = values
        self._renounced: dict[Pid, Inheritance] = {}
        # By value and key, what this life does without; perhaps it is dead by now, or may be had after all.
        self._hidden: dict[tuple[str, Any], list[Dot]] = {}

    # -- who may have what ---------------------------------------------------------------------------------------------

    def may_have(self, stream: Stream, version: int, wire: str) -> bool:
        """Whether this life may have that entry of the value ``wire``."""
        limit = self._renounced.get(stream.pid)
        return limit is None or limit.covers(version, stream.checked) or self._values[wire].is_common

    def may_show(self, stream: Stream, version: int, held: Held) -> bool:
        """Whether an entry belongs into the values: it is alive, or would be if this cell might have what beat it."""
        is_shadow = stream.shadows.get((held.value, held.entry[0])) == version
        return self.may_have(stream, version, held.value) and (is_shadow or version not in stream.faded)

    def told_by(self, pid: Pid, wire: str) -> list[tuple[int, Any]]:
        """What one life has told of the value ``wire`` and this one may have."""
        stream, value = self._archive.get(pid), self._values.get(wire)
        if value is None:
            return []
        if value.is_common:
            return list(enumerate(value.folded(pid), 1))
        if stream is None:
            return []
        found = [(at, held) for at, held in stream.entries() if held.value == wire]
        return [(at, held.entry) for at, held in found if self.may_show(stream, at, held)]

    # -- what it is told -----------------------------------------------------------------------------------------------

    def hide(self, dot: Dot, held: Held) -> None:
        """An entry has come that this life does without; for it, it takes the place of what it goes on to show."""
        stream = self._archive.open(dot[0])
        for owner, shadow in self._values[held.value].dots_of(held.entry[0]):
            if owner == stream.pid:
                stream.shadows[held.value, held.entry[0]] = shadow
                self._archive.fade(stream, shadow)
        self._note(dot, held)

    def replaced(self, wire: str, keys: Iterable[Any]) -> list[Dot]:
        """What this life does without of that value, and has now put anew under these keys."""
        if not self._hidden:
            return []
        dots = [dot for key in keys for dot in self._hidden.pop((wire, key), ())]
        return [dot for dot in dots if self._is_hidden(dot, wire)]

    def heed_check(self, stream: Stream, at: int, checked: int) -> None:
        """A self-check was passed: what it covers needs no shadow, and may be had by who renounced the rest."""
        self._archive.drop(stream, stream.check_at)
        stream.check_at, stream.checked = at, max(stream.checked, checked)
        for (wire, key), shadow in list(stream.shadows.items()):
            now = [version for owner, version in self._values[wire].dots_of(key) if owner == stream.pid]
            if shadow not in now and max(now, default=0) <= stream.checked:
                self.drop_shadow(stream, wire, key)
        if stream.pid in self._renounced:
            self._show(stream)

    def heed_renunciation(self, note: Renounced) -> None:
        """A life of this place is renounced, by this one or one before it."""
        pid = Pid(self._pid.name, note.life)
        if pid.incarnation >= self._pid.incarnation or self._renounced.get(pid) is Inheritance.NOTHING:
            return
        self._renounced[pid] = Inheritance.NOTHING if note.all else Inheritance.LAST_GOOD
        stream = self._archive.get(pid)
        if stream is not None:
            self._show(stream)

    def drop_shadow(self, stream: Stream, wire: str, key: Any) -> None:
        """What was beaten under that key is not needed any more."""
        shadow = stream.shadows.pop((wire, key), None)
        if shadow is not None:
            self._archive.drop(stream, shadow)

    def forget(self, pid: Pid) -> None:
        """Nothing of that life's stream is there any more."""
        if self._renounced.pop(pid, None) is not None:
            left = {at: [dot for dot in dots if dot[0] != pid] for at, dots in self._hidden.items()}
            self._hidden = {at: dots for at, dots in left.items() if dots}

    # ------------------------------------------------------------------------------------------------------------------

    def _note(self, dot: Dot, held: Held) -> None:
        self._hidden.setdefault((held.value, held.entry[0]), []).append(dot)

    def _is_hidden(self, dot: Dot, wire: str) -> bool:
        stream = self._archive.get(dot[0])
        return stream is not None and stream.has(dot[1]) and not self.may_have(stream, dot[1], wire)

    def _show(self, stream: Stream) -> None:
        """Have in the values what this cell may have of a stream, and nothing else of it."""
        for version, held in stream.entries():
            dot = stream.pid, version
            if dot in self._values[held.value].entries and not self.may_have(stream, version, held.value):
                self._values[held.value].discard(dot)
                self._note(dot, held)
        for version, held in stream.entries():
            dot, value = (stream.pid, version), self._values[held.value]
            if dot not in value.entries and self.may_show(stream, version, held):
                for loser in value.admit(dot, held.entry):
                    value.discard(loser)
                    if loser == (stream.pid, stream.shadows.get((held.value, held.entry[0]))):
                        self.drop_shadow(stream, held.value, held.entry[0])
