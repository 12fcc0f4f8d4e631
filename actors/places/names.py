"""Names and groups, which mean the same wherever a life is: the node keeps them, and whoever runs elsewhere has a copy.

A copy is told of every change in the order in which it happened at home, and is asked without waiting.  What is changed
where a copy is goes home, and is seen there at once.  Two who take one name in the same moment in two processes both
have it until word comes from home; then one of them ends with ``NameTaken``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.envelopes import NOTHING, Ending
from actors.errors import NameTaken
from actors.exits import Crashed
from actors.lifecycle import LIVING
from actors.registry import Registry

from .frames import Kind

if TYPE_CHECKING:
    from actors.cell import Cell
    from actors.ref import Ref

    from .endpoint import Endpoint

Handle = list[Any]
"""A ref as it travels; see :meth:`~.endpoint.Endpoint.export`."""


class Original:
    """At home: tells the other side of an endpoint what is in the registry, and does there what that one wants."""

    def __init__(self, endpoint: Endpoint, registry: Registry) -> None:
        self._endpoint = endpoint
        self._registry = registry
        endpoint.serve(Kind.NAME, self._name)
        endpoint.serve(Kind.UNNAME, self._unname)
        endpoint.serve(Kind.JOIN, self._join)
        endpoint.serve(Kind.LEAVE, self._leave)
        holders = ((name, registry.holder(name)) for name in registry.names())
        names = [[name, self._handle(holder)] for name, holder in holders if holder is not None]
        groups = [[group, [self._handle(ref._cell) for ref in refs]] for group, refs in registry.groups().items()]
        endpoint.send([Kind.NAMES, names, groups])
        registry.listeners[self] = None

    def close(self) -> None:
        """Nobody listens there any more."""
        self._registry.listeners.pop(self, None)

    def _handle(self, cell: Cell) -> Handle:
        return self._endpoint.mention(cell.ref)

    # -- what is told --------------------------------------------------------------------------------------------------

    def named(self, name: str, cell: Cell) -> None:
        """See :class:`~actors.registry.Listener`."""
        self._endpoint.send([Kind.NAME, name, self._handle(cell)])

    def unnamed(self, name: str, cell: Cell) -> None:
        """See :class:`~actors.registry.Listener`."""
        self._endpoint.send([Kind.UNNAME, name, None])

    def joined(self, group: str, cell: Cell) -> None:
        """See :class:`~actors.registry.Listener`."""
        self._endpoint.send([Kind.JOIN, group, self._handle(cell)])

    def left(self, group: str, cell: Cell) -> None:
        """See :class:`~actors.registry.Listener`."""
        self._endpoint.send([Kind.LEAVE, group, self._handle(cell)])

    # -- what is wanted ------------------------------------------------------------------------------------------------

    def _name(self, name: str, handle: Handle) -> None:
        cell = self._endpoint.cell_of(handle).ref._cell  # of a successor to be, the one that serves: as on the loop
        if cell.state not in LIVING:
            return
        try:
            self._registry.register(name, cell)
        except NameTaken as error:
            self._endpoint.send([Kind.TAKEN, name, self._endpoint.mention(error.ref)])  # type: ignore[arg-type]

    def _unname(self, name: str, handle: Handle | None) -> None:
        if handle is None or self._registry.holder(name) is self._endpoint.cell_of(handle):
            self._registry.unregister(name)

    def _join(self, group: str, handle: Handle) -> None:
        cell = self._endpoint.cell_of(handle)
        if cell.state in LIVING:
            self._registry.join(group, cell)

    def _leave(self, group: str, handle: Handle) -> None:
        self._registry.leave(group, self._endpoint.cell_of(handle))


class Copy(Registry):
    """Elsewhere: the registry of a system in which one life runs that belongs to another system."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__()
        self._endpoint = endpoint
        self._far: dict[str, Handle] = {}
        self._rolls: dict[str, dict[tuple[bool, int], Ref[Any] | Handle]] = {}
        endpoint.serve_all({
            Kind.NAMES: self._all, Kind.NAME: self._named, Kind.UNNAME: self._unnamed, Kind.TAKEN: self._taken,
            Kind.JOIN: self._joined, Kind.LEAVE: self._left,
        })  # fmt: skip
        self.listeners[self] = None

    # -- what is asked -------------------------------------------------------------------------------------------------

    def register(self, name: str, cell: Cell) -> None:
        """See :class:`~actors.registry.Registry`."""
        holder = self.whereis(name)
        if holder is not None and holder is not cell.ref:
            raise NameTaken(name, holder)
        super().register(name, cell)

    def unregister(self, name: str) -> None:
        """See :class:`~actors.registry.Registry`."""
        if name in self._names:
            super().unregister(name)
        elif self._far.pop(name, None) is not None:
            self._endpoint.send([Kind.UNNAME, name, None])

    def whereis(self, name: str) -> Ref[Any] | None:
        """See :class:`~actors.registry.Registry`."""
        handle = self._far.get(name)
        return super().whereis(name) or (self._endpoint.find(handle) if handle is not None else None)

    def names(self) -> tuple[str, ...]:
        """See :class:`~actors.registry.Registry`."""
        return tuple({**self._far, **self._names})

    def groups(self) -> dict[str, list[Ref[Any]]]:
        """See :class:`~actors.registry.Registry`."""
        return {group: self.members(group) for group in self._rolls}

    def members(self, group: str) -> list[Ref[Any]]:
        """See :class:`~actors.registry.Registry`."""
        roll = self._rolls.get(group, {}).values()
        refs = (self._endpoint.find(each) if isinstance(each, list) else each for each in roll)
        return [ref for ref in refs if ref is not None and ref._cell.state in LIVING]

    # -- what is told home ---------------------------------------------------------------------------------------------

    def named(self, name: str, cell: Cell) -> None:
        """See :class:`~actors.registry.Listener`."""
        self._endpoint.send([Kind.NAME, name, self._endpoint.mention(cell.ref)])

    def unnamed(self, name: str, cell: Cell) -> None:
        """See :class:`~actors.registry.Listener`."""
        self._far.pop(name, None)
        self._endpoint.send([Kind.UNNAME, name, self._endpoint.mention(cell.ref)])

    def joined(self, group: str, cell: Cell) -> None:
        """See :class:`~actors.registry.Listener`."""
        handle = self._endpoint.mention(cell.ref)
        self._rolls.setdefault(group, {})[_mine(handle)] = cell.ref
        self._endpoint.send([Kind.JOIN, group, handle])

    def left(self, group: str, cell: Cell) -> None:
        """See :class:`~actors.registry.Listener`."""
        handle = self._endpoint.mention(cell.ref)
        self._strike(group, _mine(handle))
        self._endpoint.send([Kind.LEAVE, group, handle])

    # -- what home tells -----------------------------------------------------------------------------------------------

    def _all(self, names: list[tuple[str, Handle]], groups: list[tuple[str, list[Handle]]]) -> None:
        for name, handle in names:
            self._far[name] = handle
        for group, handles in groups:
            self._rolls[group] = {_theirs(handle): handle for handle in handles}

    def _named(self, name: str, handle: Handle) -> None:
        self._far[name] = handle

    def _unnamed(self, name: str, _: None) -> None:
        self._far.pop(name, None)
        cell = self._names.pop(name, None)
        if cell is not None:
            cell.more().names.pop(name, None)

    def _taken(self, name: str, handle: Handle) -> None:
        self._far[name] = handle
        cell = self._names.pop(name, None)
        if cell is not None:
            cell.more().names.pop(name, None)
            if cell.state in LIVING:
                cell.push(Ending(Crashed(NameTaken(name, self._endpoint.find(handle))), NOTHING))

    def _joined(self, group: str, handle: Handle) -> None:
        roll = self._rolls.setdefault(group, {})
        known = roll.pop(_theirs(handle), handle)  # it takes its place in the order that home keeps
        roll[_theirs(handle)] = known

    def _left(self, group: str, handle: Handle) -> None:
        self._strike(group, _theirs(handle))

    def _strike(self, group: str, key: tuple[bool, int]) -> None:
        roll = self._rolls.get(group, {})
        roll.pop(key, None)
        if not roll:
            self._rolls.pop(group, None)


def _mine(handle: Handle) -> tuple[bool, int]:
    """What a handle made here is known by: whether the place is on this side, and its number."""
    return handle[0] == 0, handle[1]


def _theirs(handle: Handle) -> tuple[bool, int]:
    """The same of a handle that has come."""
    return handle[0] == 1, handle[1]
