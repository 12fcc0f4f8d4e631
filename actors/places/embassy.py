"""Who keeps the envoys of a system: one actor for all of its links, started with the first of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from actors import burial
from actors.keeper import Keeper, life_at

if TYPE_CHECKING:
    from actors.blueprint import Blueprint
    from actors.cell import Cell
    from actors.exits import Reason, Remains
    from actors.ref import Ref
    from actors.system import ActorSystem


class Embassy(Keeper):
    """See the module's text."""

    is_counted = False

    def begin(self) -> None:
        self.ready()

    def life_ended(self, ref: Ref[Any], incarnation: int, reason: Reason, remains: Remains) -> None:
        """The next life begins when the far side says so."""

    def asked_to_end(self, reason: Reason) -> None:
        self.finish(reason)

    def lodge(self, key: str, name: str, blueprint: Blueprint, incarnation: int) -> Ref[Any]:
        """A new place, with life ``incarnation`` in it; nobody lives there if this system is being left."""
        if self.is_over or self._finishing:
            cell: Cell = self.system.place(blueprint, name)
            burial.close(cell)
            return cell.ref
        ref = self.keep(key, name, blueprint)
        self.start_life(ref, None, max(1, incarnation))
        return ref


async def embassy_of(system: ActorSystem) -> Embassy:
    """The embassy of ``system``, which is started if it is the first time, or was cancelled when that went on."""
    if system.embassy is None or system.embassy.cancelled():
        system.embassy = asyncio.get_running_loop().create_task(_open(system))
    return await asyncio.shield(system.embassy)


async def _open(system: ActorSystem) -> Embassy:
    embassy: Embassy = life_at(await system.spawn(Embassy))
    return embassy
