"""What is seen, from outside, of a life that does not run on this loop."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signs:
    """At one moment; what is not known is ``None``.

    ``memory``: bytes that its process holds; ``cpu``: seconds of a core that it has used so far; ``silence``: seconds
    since it last gave a sign of life, the first half of which says nothing; ``can_run``: it has a core, or waits for
    one.
    """

    memory: int | None = None
    cpu: float | None = None
    silence: float | None = None
    can_run: bool | None = None
