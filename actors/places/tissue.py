"""What the siblings of a life elsewhere say to it, and it to them: over the link of its deputy, beside its messages.

The deputy takes no part in the tissue itself; see :mod:`actors.contact.wards`.  Nothing of the tissue is loaded before
somebody uses it; it takes a quarter of a second, so processes are forked with it where it is going to be used.
"""

from __future__ import annotations

import importlib
from functools import cache
from types import FunctionType
from typing import TYPE_CHECKING, Any

from actors.contact.uplink import Uplink
from actors.contact.welcome import welcome_to
from actors.contact.words import Word
from actors.handlers import RECEPTORS

from .frames import Kind

if TYPE_CHECKING:
    from actors.cell import Cell
    from actors.exits import Reason

    from .endpoint import Endpoint

DOORS = ("actors.contact.contact", "actors.contact.site")
"""What loads the tissue."""

VERBS = {"contact", "toward"}
"""How an actor comes to it."""


@cache
def speaks(cls: type) -> bool:
    """Whether the methods of an actor class have to do with the tissue, as far as can be seen in them."""
    own = (each for base in cls.__mro__ if not base.__module__.startswith("actors.") for each in vars(base).values())
    return any(hasattr(each, RECEPTORS) or _names(each) & VERBS for each in own)


def _names(value: object) -> set[str]:
    return set(value.__code__.co_names) if isinstance(value, FunctionType) else set()


class Port:
    """The way to the life of class ``cls`` that ``cell`` stands in for; see :class:`actors.contact.wards.Port`."""

    def __init__(self, endpoint: Endpoint, cell: Cell, cls: type) -> None:
        if speaks(cls):
            for door in DOORS:  # this host is going to need it too
                importlib.import_module(door)
        self._endpoint = endpoint
        self._cell = cell
        endpoint.serve(Kind.TISSUE, self._hear)

    def open(self, host: str | None = None) -> None:
        """Tell the process whose it is, before the life in it begins; ``host``: on which it is, if not on this one."""
        cell, system = self._cell, self._cell.scheduler.system
        view = system.cluster.directory.view(host) if system.cluster is not None and host is not None else None
        zone = view.zone if view is not None else None
        elder = cell.ref._cell
        is_heir = elder is not cell
        self.say(Word.WELCOME, welcome_to(system, cell, is_heir=is_heir, zone=zone).to_plain())
        cell.more().port = self
        cell.more().enders.append(self._ended)
        if is_heir:
            elder.more().enders.append(lambda _: self.say(Word.BORN) if cell.ref._cell is cell else None)

    @property
    def is_full(self) -> bool:
        """Whether packets are dropped now."""
        return self._endpoint.link.is_full

    def say(self, *words: Any) -> None:
        """Have the process hear something."""
        self._endpoint.send([Kind.TISSUE, *words])

    def _hear(self, *said: Any) -> None:
        system = self._cell.scheduler.system
        try:
            ward = system.site.wards.of(self._cell)
        except ValueError as error:  # this system cannot be a host: another one has its name
            system.scheduler.loop.call_exception_handler({"message": str(error), "exception": error})
            return
        if ward is not None:
            ward.hear(*said)

    def _ended(self, reason: Reason) -> None:
        if self._cell.extras is not None and self._cell.extras.port is self:
            self._cell.extras.port = None


def uplink_of(endpoint: Endpoint) -> Uplink:
    """The other end of a port: the transport of the system in which the life is."""
    uplink = Uplink(lambda *words: endpoint.send([Kind.TISSUE, *words]), lambda: endpoint.link.is_full)
    endpoint.serve(Kind.TISSUE, uplink.hear)
    return uplink
