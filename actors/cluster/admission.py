"""Which of two links between the same hosts is kept.  Pure: both sides come to the same answer.

Two hosts may call each other in the same moment; a link may be dead on one side only; a host may be called by another
of its addresses.  So who calls says whether it has a link already.  If it has, the new one is not needed; if not, the
old one is dead, unless it is so young that the caller may not know it yet: then it is kept.  Of two hosts that have
both called, and both answered, the one with the greater name gives its call up.  A host that answers keeps its name:
another one of that name waits until it is gone.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from .values import HostInfo

AT_ONCE = 2.0
"""Seconds between two calls that did not know of each other, at most."""

DUPLICATE = "there is a link already"
"""What is said of a link that is not needed; it is no news."""


class Verdict(StrEnum):
    """What becomes of a new link."""

    ACCEPT = "accept"
    REPLACE = "replace"
    """... and the old one is dropped."""
    REFUSE = "refuse"


class Known(NamedTuple):
    """The link that is there: the boot of the host at its other end, and for how many seconds it stands."""

    boot: int
    age: float


def admit(
    info: HostInfo, caller: str, own: str, old: Known | None, *, is_linked: bool = False, is_calling: bool = False
) -> tuple[Verdict, str]:
    """What becomes of a link with the host ``info`` that ``caller`` called for.

    ``own``: this host's name.  ``is_linked``: the caller, if it is the other one, has said that it has a link to here.
    ``is_calling``: that host has called too, was answered, and has not been heard since.
    """
    if old is None:
        if caller == own and is_calling and info.name < own:
            return Verdict.REFUSE, DUPLICATE
        return Verdict.ACCEPT, ""
    if info.boot != old.boot:
        return Verdict.REFUSE, (
            f"there is a host {info.name} already, which answers; names must differ (if that one has died, it is "
            "forgotten within a second)"
        )
    if (is_linked and caller != own) or old.age < AT_ONCE:
        return Verdict.REFUSE, DUPLICATE
    return Verdict.REPLACE, ""
