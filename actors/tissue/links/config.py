"""The constants of links, and their bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from .rto import RtoConfig


@dataclass(frozen=True, slots=True)
class LinksConfig:
    """How an :class:`~actors.tissue.links.outbox.Outbox` deals with loss.  Times are seconds.

    Raises ``ValueError`` naming the field.

    One hop:

    - ``rto``: the retransmission timer (:mod:`~actors.tissue.links.rto`).
    - ``overtakers``: acknowledgements of later messages after which one counts as lost, 3 (fast retransmit).
    - ``first_window``, ``least_window``, ``most_window``: messages under way to one contact, 16, 8 and 256
      (:mod:`~actors.tissue.links.window`).
    - ``span``: from the oldest message under way to the newest, 1024 numbers: what a receiver remembers a contact.
    - ``probe_period``: a contact that is down is asked this often whether it is back, 1.0.

    From end to end:

    - ``patience``: retransmission timers that have to expire before a message is sent through another contact, 3.
    - ``lifetime``: a message that is not settled after this long is given up, 30.0.
    - ``receipt_delay``, ``receipt_batch``: what came through others is receipted after 0.005, or 8 messages.
    - ``forget_after``: a receiver remembers what it had of a silent origin for 600.0; more than twice any ``lifetime``.
    - ``most_hops``: cells that one message passes, 32.

    Limits:

    - ``most_bytes``: of one payload, 60,000.
    - ``stream_window``: messages to one destination under way, 256.
    - ``queue``: messages that wait for one destination, and for one contact, 1024 each; more are refused.
    - ``contacts``, ``streams``, ``origins``: neighbours 256, destinations 4096, senders 4096.
    - ``held_bytes``: what came early and waits for what is before it, from all origins, 16 MiB.
    """

    rto: RtoConfig = field(default_factory=RtoConfig)
    overtakers: int = 3
    first_window: int = 16
    least_window: int = 8
    most_window: int = 256
    span: int = 1024
    probe_period: float = 1.0
    patience: int = 3
    lifetime: float = 30.0
    receipt_delay: float = 0.005
    receipt_batch: int = 8
    forget_after: float = 600.0
    most_hops: int = 32
    most_bytes: int = 60_000
    stream_window: int = 256
    queue: int = 1024
    contacts: int = 256
    streams: int = 4096
    origins: int = 4096
    held_bytes: int = 1 << 24

    def __post_init__(self) -> None:
        for name in ("probe_period", "lifetime", "receipt_delay", "forget_after"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise ValueError(f"LinksConfig.{name} must be seconds above 0 and finite; got {value!r}")
        for name in _COUNTS:
            value = getattr(self, name)
            if not 1 <= value < math.inf:
                raise ValueError(f"LinksConfig.{name} must be at least 1 and finite; got {value!r}")
        if not self.least_window <= self.first_window <= self.most_window:
            raise ValueError(f"LinksConfig.first_window must be from least_window to most_window; got {self!r}")
        if self.span < self.most_window:
            raise ValueError(f"LinksConfig.span must be at least most_window; got {self.span!r}")
        if self.forget_after < 2 * self.lifetime:
            raise ValueError(f"LinksConfig.forget_after must be at least twice lifetime; got {self.forget_after!r}")


_COUNTS = (
    "overtakers",
    "first_window",
    "least_window",
    "most_window",
    "span",
    "patience",
    "receipt_batch",
    "most_hops",
    "most_bytes",
    "stream_window",
    "queue",
    "contacts",
    "streams",
    "origins",
    "held_bytes",
)
