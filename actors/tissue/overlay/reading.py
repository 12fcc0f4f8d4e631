"""What the packets of all cores of the overlay have in common, and how it is read without believing anything."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from actors.messages import Pid

from ..plain import NUMBER_LIMIT, read_list, read_name, read_number


def read_pid(raw: Any) -> Pid:
    """A name and a life.  Raises ``TypeError`` or ``ValueError``."""
    name, life = read_list(raw, 2, 2)
    return Pid(read_name(name), read_number(life, 1))


def read_real(raw: Any, least: float = 0.0, most: float = math.inf) -> float:
    """A finite number of at least ``least`` and at most ``most``.  Raises ``TypeError`` or ``ValueError``."""
    if type(raw) not in (int, float):
        raise TypeError("not a number")
    if not (math.isfinite(raw) and least <= raw <= most):
        raise ValueError(f"a number outside of {least} to {most}")
    return float(raw)


def wire(peers: Iterable[Pid]) -> list[list[Any]]:
    """Lives, as they travel."""
    return [[*pid] for pid in peers]


def check_sender(me: Pid, sender: Pid) -> None:
    """Raise ``ValueError`` for a sender that cannot be: of no proper name or life, or ourselves."""
    read_name(sender.name)
    if sender.name == me.name or not 1 <= sender.incarnation < NUMBER_LIMIT:
        raise ValueError(f"from {sender}, which is no other cell")
