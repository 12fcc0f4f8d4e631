"""Names and groups.

A name belongs to one life and is free again when that life is over, before anybody is told of the death.  A group holds
any number of members, each once, in the order they joined.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import NameTaken
from .lifecycle import LIVING

if TYPE_CHECKING:
    from .cell import Cell
    from .ref import Ref


class Registry:
    """The names and groups of one system."""

    def __init__(self) -> None:
        self._names: dict[str, Cell] = {}
        self._groups: dict[str, dict[Cell, None]] = {}

    def register(self, name: str, cell: Cell) -> None:
        """Give ``name`` to the life in ``cell``; again is fine.  Raises ``NameTaken`` if another actor has it."""
        holder = self._names.get(name)
        if holder is not None and holder is not cell:
            raise NameTaken(name, holder.ref)
        self._names[name] = cell
        cell.more().names[name] = None

    def unregister(self, name: str) -> None:
        """Free ``name``; nothing happens if nobody has it."""
        cell = self._names.pop(name, None)
        if cell is not None:
            cell.more().names.pop(name, None)

    def whereis(self, name: str) -> Ref[Any] | None:
        """Who has ``name``, or ``None``."""
        cell = self._names.get(name)
        return cell.ref if cell is not None else None

    def names(self) -> tuple[str, ...]:
        """All names in use, in the order they were registered."""
        return tuple(self._names)

    def join(self, group: str, cell: Cell) -> None:
        """Make the life in ``cell`` a member of ``group``; again is fine.

        A successor that does not serve yet is one from the moment it does.
        """
        if cell.ref._cell is cell:
            self._groups.setdefault(group, {})[cell] = None
        cell.more().groups[group] = None

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
            self._groups.setdefault(group, {})[heir] = None

    def leave(self, group: str, cell: Cell) -> None:
        """End a membership; nothing happens if there is none."""
        members = self._groups.get(group, {})
        members.pop(cell, None)
        if not members:
            self._groups.pop(group, None)
        cell.more().groups.pop(group, None)

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
