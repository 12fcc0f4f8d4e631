"""What a successor may have of what its predecessor had told the siblings, by what the predecessor died of.

For a backend developer: a worker that crashed is replaced by one that knows its sessions; one whose data turned out to
be wrong is replaced by one that does not go on with them.

=========================================  ===========  ==============================================================
the predecessor                            inheritance  because
=========================================  ===========  ==============================================================
ended as planned, crashed, was killed,     all          nothing speaks against what it knew
or its host cannot be reached
broke an invariant, or failed its own      last good    what it did since its last passed self-check may be wrong
check (its state is *corrupt*)
died of a message that is quarantined      nothing      what it knew may be what made the message deadly
now (*poison*)
=========================================  ===========  ==============================================================

Only the successor does without: siblings keep what was shared, for it is theirs too.  A renunciation holds for all
later lives of the place.  What others had before, and the predecessor has overwritten or removed since its last check,
does not come back; and what the successor puts under a key takes the place of what it did without there.

Counters are the same for all, the successor too: it folds what the lives before it had counted, so it has to have it.
They hold one slot an incarnation: what a life had counted and told nobody is lost, and nothing is ever counted twice.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from actors.evidence import CORRUPTING, Harm


class Inheritance(StrEnum):
    """How much; the words are those of ``Actor.retire``."""

    ALL = "all"
    LAST_GOOD = "last good"
    NOTHING = "nothing"

    def covers(self, version: int, checked: int) -> bool:
        """Whether it covers a life's change number ``version``, if that life had passed a self-check at ``checked``."""
        if self is Inheritance.LAST_GOOD:
            return version <= checked
        return self is Inheritance.ALL


def inheritance(*, harms: Collection[Harm] = (), is_poisoned: bool = False) -> Inheritance:
    """What a successor may have.

    ``harms``: what was observed of the predecessor since its last good check-up; ``is_poisoned``: it died of a message
    that was then quarantined.  The worse of both counts; an exit reason by itself (a crash, a kill, no connection, any
    planned end) costs nothing.
    """
    if is_poisoned:
        return Inheritance.NOTHING
    if not CORRUPTING.isdisjoint(harms):
        return Inheritance.LAST_GOOD
    return Inheritance.ALL
