"""What a process for one life is told of the tissue before that life begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .words import Welcome

if TYPE_CHECKING:
    from actors.cell import Cell
    from actors.system import ActorSystem


def host_named(system: ActorSystem) -> str:
    """What a system is called as a host: as the cluster calls it, if it belongs to one."""
    return system.cluster.name if system.cluster is not None else system.name


def welcome_to(system: ActorSystem, cell: Cell, *, is_heir: bool, zone: str | None) -> Welcome:
    """For the life that ``cell`` stands in for; ``zone``: where it runs, if that is not where ``system`` does."""
    site = system._site
    where = tuple(part for part in zone.split("/") if part) if zone is not None else None
    if site is None:
        own = system.cluster.membership.zone if system.cluster is not None else ""
        transport = system.transport or system.scheduler.engine.transport()
        is_calm = transport is None and system.cluster is None
        here = tuple(part for part in own.split("/") if part)
        return Welcome(host_named(system), is_calm=is_calm, is_heir=is_heir, zone=here if where is None else where)
    will = site.will_at(f"{cell.name}@{site.name}")
    known = {"predecessors": tuple(will.pids), "inheritance": will.inheritance} if will is not None else {}
    return Welcome(
        site.name,
        floor=site.last_life,
        is_calm=site.is_calm,
        is_heir=is_heir,
        zone=site.zone if where is None else where,
        **known,  # type: ignore[arg-type]
    )
