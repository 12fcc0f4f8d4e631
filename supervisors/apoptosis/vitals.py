"""What was measured of a life, as a value: shown by ``running.vitals()`` and kept in autopsies."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Vitals:
    """One life at one moment.

    ``alpha``: the evidence against it; ``handled``: messages of this life; ``age``: seconds since it began to serve;
    ``mailbox``: messages that wait; ``delay``: seconds that one has waited, or more, ``load``: share of the loop's
    time (of a core, if it has a process of its own), ``memory``: bytes of the process, ``silence``: seconds since its
    process gave a sign of life, each ``None`` if it was not measured; ``errors``, ``late``, ``slow``,
    ``damage``: how often each was observed in this life; ``repairs``: rungs of the ladder that were tried in it.
    """

    alpha: float
    handled: int
    age: float
    mailbox: int
    delay: float | None = None
    load: float | None = None
    memory: int | None = None
    errors: int = 0
    late: int = 0
    slow: int = 0
    damage: int = 0
    repairs: int = 0
    silence: float | None = None

    def describe(self) -> str:
        """In words: what there is to say, and no more."""
        parts = [f"alpha {self.alpha:.3g}", f"{self.handled:,} handled", f"age {self.age:.4g} s"]
        parts += [f"{self.mailbox:,} waiting"] if self.mailbox else []
        parts += [f"waited {self.delay:.3g} s"] if self.delay is not None else []
        parts += [f"{self.load:.0%} of the loop"] if self.load is not None else []
        parts += [f"process {self.memory / 1e6:,.0f} MB"] if self.memory is not None else []
        parts += [f"silent for {self.silence:.3g} s"] if self.silence else []
        for name in ("errors", "late", "slow", "damage", "repairs"):
            count = getattr(self, name)
            parts += [f"{name} {count:,}"] if count else []
        return ", ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)
