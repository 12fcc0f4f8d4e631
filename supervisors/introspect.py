"""A running tree as values, taken without disturbing it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from actors import Ref
from actors.keeper import life_at, places_of
from actors.places.whereabouts import whereabouts_of

from .pool import PoolActor
from .shell import Shell


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One place of a tree and all below it.

    ``status`` is the child's status in its supervisor's eyes, ``incarnation`` how many lives began here, ``mailbox``
    the messages that wait, ``handled`` the messages of all lives; ``strategy`` and ``restarts`` (in the present
    window) are a supervisor's own.  ``expired`` and ``shed`` count messages that were not handled in time; ``limit``
    and ``inflight`` are those of a pool that limits its asks.  ``desired``, ``floor``, ``ceiling`` and ``changed`` are
    those of a pool whose size is ``Desired``: how many workers are wanted on all hosts together, the bounds of that
    number, and why it has last changed.  ``place``: ``loop``, ``thread``, ``process`` or ``host``, with the pid of the
    ``process`` if the life has one of its own, and the name of the ``host`` if it is another one.
    """

    path: str
    kind: str
    status: str
    incarnation: int
    mailbox: int
    handled: int
    busy: bool
    restart: str | None
    strategy: str | None
    restarts: int | None
    children: tuple[Snapshot, ...]
    expired: int = 0
    shed: int = 0
    limit: int | None = None
    inflight: int | None = None
    desired: int | None = None
    floor: int | None = None
    ceiling: int | None = None
    changed: str | None = None
    place: str = "loop"
    process: int | None = None
    host: str | None = None

    @property
    def is_missing(self) -> bool:
        """Whether it should run and does not."""
        return self.status in ("starting", "restarting", "waiting")

    def walk(self) -> Iterator[Snapshot]:
        """This place and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()

    def find(self, path: str) -> Snapshot | None:
        """The place with the given full path."""
        return next((node for node in self.walk() if node.path == path), None)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def snapshot_of(ref: Ref[Any], status: str | None = None, restart: str | None = None) -> Snapshot:
    """The snapshot of the place at ``ref``."""
    statistics = ref.statistics()
    life = life_at(ref)
    shell = life if isinstance(life, Shell) else None
    children: tuple[Snapshot, ...] = ()
    if shell is not None:
        refs = places_of(ref)
        children = tuple(
            snapshot_of(refs[child.id], child.status.value, child.spec.restart)
            for child in shell.children
            if child.id in refs
        )
    places = life.places if isinstance(life, PoolActor) else None
    place, process, host = whereabouts_of(life)
    return Snapshot(
        path=ref.name,
        kind="supervisor" if shell is not None else "worker",
        status=status or statistics.state,
        incarnation=statistics.pid.incarnation,
        mailbox=statistics.mailbox,
        handled=statistics.handled,
        busy=statistics.busy,
        restart=restart,
        strategy=shell.strategy if shell is not None else None,
        restarts=shell.restarts() if shell is not None else None,
        children=children,
        expired=statistics.expired,
        shed=statistics.shed,
        limit=statistics.limit,
        inflight=statistics.inflight,
        desired=places.wanted if places is not None else None,
        floor=places.desired.floor if places is not None else None,
        ceiling=places.desired.ceiling if places is not None else None,
        changed=places.changed if places is not None else None,
        place=place,
        process=process,
        host=host,
    )
