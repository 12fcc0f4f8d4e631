"""What a host and a process of its own that runs one life say to each other of the tissue.

The life there is a cell of the host: its address is that of its place.  What cells tell each other goes between the two
as frames (:mod:`~actors.tissue.transport`), and is dropped where the link is full; who is there, and who is gone, is
told in order and not lost.  Everything is plain, and read as a stranger's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from actors.messages import Pid
from actors.tissue.plain import read_list, read_name, read_number, read_text
from actors.tissue.state.inheritance import Inheritance

STUMBLES = TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError
"""What is raised where what is said makes no sense."""

GROUPS_LIMIT = 4096
"""Groups in which the cells of one process may be, all told."""


class Word(IntEnum):
    """What is said; in brackets what follows.

    From the host: ``WELCOME`` (see :class:`Welcome`), before the life begins; ``BORN``: a successor serves from now on;
    ``MEMBERS`` (group, whether these are all, entries ``[address, life, profile]``; life 0: gone); ``HEARD`` (group,
    address, life, number, value as bytes, hops): something was published; ``NEAR`` (seconds by host); ``TAKE_PART``
    (group): a sibling looks for the life there; ``FOLLOW``: its successor is about to serve, and has to know all.

    To the host: ``JOIN`` (group, address, life, profile), ``LEAVE`` (group, address, life), ``LOOK`` (group): tell who
    is in it, now and from now on; ``PUBLISH`` (group, address, life, value as bytes); ``SIBLINGS``: have those of the
    life there take part.

    Both ways: ``PACKET`` (address, frame); ``CHECKED``: a check-up was passed; ``NEAR``, to the host without a value.
    """

    WELCOME = 0
    BORN = 1
    MEMBERS = 2
    HEARD = 3
    NEAR = 4
    TAKE_PART = 5
    JOIN = 6
    LEAVE = 7
    LOOK = 8
    PUBLISH = 9
    SIBLINGS = 10
    PACKET = 11
    CHECKED = 12
    FOLLOW = 13


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a process is told before the life in it begins.

    ``host``: whose cell it is.  ``floor``: its lives have higher numbers.  ``predecessors``, ``inheritance``: the last
    lives of its place, and how much of what they told it may have.  ``is_calm``: the host's own cells lose nothing on
    their way.  ``is_heir``: it serves when it is told so.  ``zone``: where it runs.
    """

    host: str
    floor: int = 0
    predecessors: tuple[Pid, ...] = ()
    inheritance: Inheritance = Inheritance.ALL
    is_calm: bool = True
    is_heir: bool = False
    zone: tuple[str, ...] = ()

    def to_plain(self) -> list[Any]:
        """As it travels."""
        lives = [[pid.name, pid.incarnation] for pid in self.predecessors]
        zone = list(self.zone)
        return [self.host, self.floor, lives, str(self.inheritance), self.is_calm, self.is_heir, zone]


def read_welcome(plain: Any) -> Welcome:
    """Raises ``TypeError`` or ``ValueError`` for what is none."""
    host, floor, lives, much, is_calm, is_heir, zone = read_list(plain, 7, 7)
    pids = (read_list(life, 2, 2) for life in read_list(lives))
    return Welcome(
        read_name(host),
        read_number(floor),
        tuple(Pid(read_name(name), read_number(life, 1)) for name, life in pids),
        Inheritance(much),
        bool(is_calm),
        bool(is_heir),
        tuple(read_text(part) for part in read_list(zone, 0, 8)),
    )


def read_distances(plain: Any) -> dict[str, float]:
    """Seconds of a round trip by host.  Raises ``TypeError`` or ``ValueError`` for what is none."""
    if not isinstance(plain, Mapping) or len(plain) > GROUPS_LIMIT:
        raise ValueError("no distances of hosts")
    found = {read_name(host): float(seconds) for host, seconds in plain.items()}
    if not all(seconds >= 0 for seconds in found.values()):
        raise ValueError("a distance below 0")
    return found
