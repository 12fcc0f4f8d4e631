"""Names and groups.

A name belongs to one life and is free again when that life is over, before anybody is told of the death.  A group holds
any number of members, each once, in the order they joined.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from .errors import NameTaken
from .lifecycle import LIVING

if TYPE_CHECKING:
    from .cell import Cell
    from .ref import Ref


class Listener(Protocol):
    """Who hears of every name that is given or freed, and every membership that begins or ends."""

    def named(self, name: str, cell: Cell) -> None:
        """The life in ``cell`` has got ``name``."""

    def unnamed(self, name: str, cell: Cell) -> None:
        """It has it no longer."""

    def joined(self, group: str, cell: Cell) -> None:
        """The life in ``cell`` is a member of ``group`` now."""

    def left(self, group: str, cell: Cell) -> None:
        """It is none any more."""


class Registry:
    """The names and groups of one system.  ``listeners``: who hears of every change."""

    def __init__(self) -> None:
        self.listeners: dict[Listener, None] = {}
        self._names: dict[str, Cell] = {}
        self._groups: dict[str, dict[Cell, None]] = {}

    def register(self, name: str, cell: Cell) -> None:
        """Give ``name`` to the life in ``cell``; again is fine.  Raises ``NameTaken`` if another actor has it."""
        holder = self._names.get(name)
        if holder is not None and holder is not cell:
            raise NameTaken(name, holder.ref)
        self._names[name] = cell
        cell.more().names[name] = None
        if holder is None:
            for listener in self.listeners:
                listener.named(name, cell)

    def unregister(self, name: str) -> None:
        """Free ``name``; nothing happens if nobody has it."""
        cell = self._names.pop(name, None)
        if cell is not None:
            cell.more().names.pop(name, None)
            for listener in self.listeners:
                listener.unnamed(name, cell)

    def whereis(self, name: str) -> Ref[Any] | None:
        """Who has ``name``, or ``None``."""
        cell = self._names.get(name)
        return cell.ref if cell is not None else None

    def holder(self, name: str) -> Cell | None:
        """The cell of the life that has ``name``; for the engine."""
        return self._names.get(name)

    def names(self) -> tuple[str, ...]:
        """All names in use, in the order they were registered."""
        return tuple(self._names)

    def join(self, group: str, cell: Cell) -> None:
        """Make the life in ``cell`` a member of ``group``; again is fine.

        A successor that does not serve yet is one from the moment it does.
        """
        cell.more().groups[group] = None
        if cell.ref._cell is cell:
            self._enter(group, cell)

    def _enter(self, group: str, cell: Cell) -> None:
        members = self._groups.setdefault(group, {})
        if cell not in members:
            members[cell] = None
            for listener in self.listeners:
                listener.joined(group, cell)

    def move(self, cell: Cell, heir: Cell) -> None:
        """``heir`` takes over the place of ``cell``: its names, and its memberships where they stand in the order."""
        given, wanted = cell.more(), heir.more().groups
        for name in given.names:
            self._names[name] = heir
        heir.more().names, given.names = given.names, {}
        for group in given.groups:
            self._groups[group] = {heir if each is cell else each: None for each in self._groups[group]}
        heir.more().groups, given.groups = {**given.groups, **wanted}, {}
        for group in wanted:
            self._enter(group, heir)

    def leave(self, group: str, cell: Cell) -> None:
        """End a membership; nothing happens if there is none."""
        cell.more().groups.pop(group, None)
        members = self._groups.get(group, {})
        if cell in members:
            del members[cell]
            for listener in self.listeners:
                listener.left(group, cell)
        if not members:
            self._groups.pop(group, None)

    def groups(self) -> dict[str, list[Ref[Any]]]:
        """All groups with their members."""
        return {group: self.members(group) for group in self._groups}

    def members(self, group: str) -> list[Ref[Any]]:
        """The members of ``group``, in the order they joined; an unknown group is empty."""
        return [cell.ref for cell in self._groups.get(group, ()) if cell.state in LIVING]

    def release(self, cell: Cell) -> None:
        """The life in ``cell`` is over: free all it had."""
        extras = cell.extras
        if extras is None:
            return
        for name in tuple(extras.names):
            self.unregister(name)
        for group in tuple(extras.groups):
            self.leave(group, cell)
