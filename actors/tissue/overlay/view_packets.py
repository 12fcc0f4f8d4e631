"""The packets of HyParView.

==============  ===================================  =============================================================
kind            body                                 meaning
==============  ===================================  =============================================================
view.join       []                                   Take me in, and pass me on
view.forward    [name, life, steps]                  This one joined: pass it on; at the end become a neighbour
view.neighbour  [urgent]                             Be my neighbour; you may not refuse if it is urgent
view.accept     [degree]                             We are neighbours
view.refuse     []                                   I have enough
view.drop       [for good]                           We are not neighbours; if it is for good, I am going
view.beat       [degree]                             We are neighbours, as you know
view.shuffle    [name, life, steps, peers]           Peers of this one: pass them on; at the end answer it
view.sample     [peers]                              Some peers of mine: [[name, life], ...]
==============  ===================================  =============================================================
"""

from __future__ import annotations

from typing import Any, NamedTuple

from actors.messages import Pid

from ..plain import read_list, read_number
from .config import SAMPLE_LIMIT
from .reading import read_pid

PREFIX = "view."
"""How their kinds begin."""

NOBODY = Pid("", 0)


class Packet(NamedTuple):
    """A packet as it was read; what its kind does not have is left at its default."""

    pid: Pid = NOBODY
    number: int = 0
    flag: bool = False
    peers: list[Pid] = []  # noqa: RUF012 - never changed


def read_packet(kind: str, body: Any) -> Packet:
    """Raises ``TypeError`` or ``ValueError`` for a body that is not one of its kind, and for a kind that is none."""
    match kind, read_list(body, 0, 4):
        case (("view.join" | "view.refuse"), []):
            return Packet()
        case (("view.accept" | "view.beat"), [degree]):
            return Packet(number=read_number(degree))
        case (("view.neighbour" | "view.drop"), [bool(flag)]):
            return Packet(flag=flag)
        case "view.forward", [name, life, steps]:
            return Packet(read_pid([name, life]), read_number(steps))
        case "view.shuffle", [name, life, steps, peers]:
            return Packet(read_pid([name, life]), read_number(steps), peers=_read_peers(peers))
        case "view.sample", [peers]:
            return Packet(peers=_read_peers(peers))
    raise ValueError("no packet of HyParView")


def _read_peers(raw: Any) -> list[Pid]:
    return [read_pid(each) for each in read_list(raw, 0, SAMPLE_LIMIT)]
