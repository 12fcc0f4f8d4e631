"""What speaks against a life: one observation each, with a weight.  Who judges by it is the supervisor's business."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Harm(StrEnum):
    """What was observed."""

    INVARIANT = "invariant"
    """The actor found its own state wrong: ``self.damage()``, or its ``bequeath()`` failed."""

    EXCEPTION = "exception"
    """A handler raised something that its child tolerates."""

    LATE = "late"
    """An asker's deadline passed while its question was being handled."""

    SLOW = "slow"
    """A handler took longer than its target, waiting included."""

    DELAY = "delay"
    """A message waited longer in the mailbox than its target."""

    MEMORY = "memory"
    """The process holds more memory than its target."""

    LOAD = "load"
    """The actor had a larger share of the loop's time than its target."""

    PROBE = "probe"
    """The actor's own ``vitals()`` says so, raised, or did not return in time."""

    BLOCKED = "blocked"
    """A handler held the loop."""


PER_MESSAGE = frozenset({Harm.EXCEPTION, Harm.LATE, Harm.SLOW})
"""What is weighed against the messages that went well; all else is weighed against check-ups that found nothing."""

CORRUPTING = frozenset({Harm.INVARIANT, Harm.PROBE})
"""What says that the state is not to be trusted: a successor inherits only what an earlier check-up saw."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation: ``what`` in words, and the type of the message and the handler it was made in, if any.

    ``weight``: how much it counts; ``None``: as much as the child's policy says.
    """

    harm: Harm
    weight: float | None = None
    what: str = ""
    message: str = ""
    handler: str = ""

    @property
    def signature(self) -> tuple[str, str, str]:
        """By which it is recognised when it comes again: harm, handler, message type."""
        return self.harm.value, self.handler, self.message
