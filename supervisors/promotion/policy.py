"""What a tree says about promotion: which evidence leads a child's next life further out, and when it comes back in."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from actors.places.place import Host, Place, Process, Thread
from supervisors.errors import SpecError
from supervisors.fields import Written, check_type, is_int, is_number

KINDS = ("signal", "memory", "blocked")
"""Kinds of evidence."""

LONGEST_CALM = 86_400.0
"""Seconds of calm that are asked for at most, and after which at home all is forgotten: a day."""


@dataclass(frozen=True, slots=True, repr=False)
class Promote(Written):
    """Let a child that harms others live further out: loop, thread, process and, if ``host`` says so, another host.

    - ``after``: pieces of evidence that lead one rung out, 3; less than ``calm`` may pass from one to the next.
    - ``on``: what counts as one; all three by default.  ``"blocked"``: a handler held the loop (each time), a thread
      that was killed did not end, a process was killed because it gave no sign of life.  ``"memory"``: the life died of
      ``MemoryError`` or of the bound of its process, or was replaced because the process held too much.  ``"signal"``:
      a signal ended its process that nobody here had sent.
    - ``calm``: seconds without such evidence after which it comes back in by the rung that it went out last, 300;
      doubled each time it has to go out again, up to a day.  After a day of calm at home that is forgotten.
      ``INFINITY``: it never comes back in.
    - ``process``: what a process of its own may use, and how long it may be silent.
    - ``host``: where it goes when that is not enough; ``None``: nowhere.

    Being blocked leads from the loop to a thread, which may be blocked; all else leads from loop and thread to a
    process, since neither bounds memory nor outlives a signal.  A life that serves is replaced by one further out, and
    later by one further in, as by apoptosis: the successor is ready first.  One that does not start further out is
    started where it was before, and is not sent out again for as long as ``calm``.  What is known of a child ends with
    the life of its supervisor.

    Raises ``SpecError`` for a value out of range.
    """

    after: int = 3
    on: tuple[str, ...] = KINDS
    calm: float = 300.0
    process: Process = field(default_factory=Process)
    host: Host | None = None

    def __post_init__(self) -> None:
        if not is_int(self.after) or self.after < 1:
            raise SpecError("Promote.after", self.after, "must be a whole number, at least 1")
        on: object = self.on
        if isinstance(on, str) or not isinstance(on, (tuple, list, set, frozenset)):
            raise SpecError("Promote.on", on, f"must be a tuple of some of {', '.join(map(repr, KINDS))}")
        for kind in on:
            if kind not in KINDS:
                raise SpecError("Promote.on", kind, f"must hold some of {', '.join(map(repr, KINDS))}")
        if not on:
            raise SpecError("Promote.on", on, f"needs at least one of {', '.join(map(repr, KINDS))}")
        object.__setattr__(self, "on", tuple(kind for kind in KINDS if kind in on))
        if not is_number(self.calm) or self.calm <= 0:
            raise SpecError("Promote.calm", self.calm, "must be seconds above 0, or INFINITY")
        check_type("Promote.process", self.process, Process)
        if self.host is not None:
            check_type("Promote.host", self.host, Host)

    def calm_after(self, returns: int) -> float:
        """Seconds of calm that are asked for when it went out again ``returns`` times."""
        longest = max(self.calm, LONGEST_CALM)
        return min(longest, math.ldexp(self.calm, min(returns, 64)))

    def leads_out(self, home: Place | None) -> bool:
        """Whether anything can lead further out from ``home``."""
        if isinstance(home, Host):
            return False
        if isinstance(home, Process):
            return self.host is not None
        return self.on != ("signal",)


def check_promotion(promote: Promote, home: Place | None) -> None:
    """Refuse a policy that can do nothing for a child whose place is ``home``."""
    if promote.leads_out(home):
        return
    if isinstance(home, Host):
        why = "a child with a place on a host is as far out as it can be"
    elif isinstance(home, Process):
        why = "a child with a process of its own goes no further out unless it is told where: Promote(host=Host())"
    else:
        where = "in a thread" if isinstance(home, Thread) else "on the loop"
        why = f"no signal ends a life {where} alone; name 'blocked' or 'memory' too, or give place='process'"
    raise SpecError("promote", promote, why)
