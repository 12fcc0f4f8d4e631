"""Supervision and engine events to the standard ``logging``: a subscriber, so that decisions need not log."""

from __future__ import annotations

import logging
from collections.abc import Callable

from actors import Abandoned, Blocked, ClassMissing, Crashed, Events, Lost, ProcessDied, Quarantined
from actors.cluster.errors import NoHostFits
from actors.cluster.events import (
    CertificateExpires,
    ClusterEvent,
    CodeMissing,
    ConventionLost,
    HostDown,
    HostRefused,
    HostsAwaited,
    LeaderMissing,
    MachineryLost,
)
from actors.origins import told_there, without_ours

from .events import AutoShutdown, Died, GaveUp, StartFailure, SupervisionEvent, Unexpected
from .promotion.events import Demoted, Promoted

logger = logging.getLogger("planaria")

LEVELS: dict[type, int] = {
    GaveUp: logging.ERROR,
    StartFailure: logging.ERROR,
    Abandoned: logging.ERROR,
    Quarantined: logging.ERROR,
    Died: logging.WARNING,
    Blocked: logging.WARNING,
    Unexpected: logging.WARNING,
    Promoted: logging.WARNING,
    Demoted: logging.INFO,
    AutoShutdown: logging.WARNING,
    Lost: logging.DEBUG,
    HostDown: logging.WARNING,
    HostRefused: logging.WARNING,
    HostsAwaited: logging.WARNING,
    CertificateExpires: logging.WARNING,
    LeaderMissing: logging.WARNING,
    ConventionLost: logging.WARNING,
    MachineryLost: logging.WARNING,
    CodeMissing: logging.WARNING,
}
"""Levels by event; any other supervision event is logged at ``DEBUG``, a clean death and what hosts do at ``INFO``."""


TOLD = (ProcessDied, NoHostFits, ClassMissing)
"""What says all there is to say in its text: it came up nowhere, or in code of ours that finds places for lives."""


def level_of(event: object) -> int | None:
    """The level at which an event is logged, ``None`` for one that is not ours."""
    if isinstance(event, Died) and event.reason.is_clean:
        return logging.INFO
    if isinstance(event, ClusterEvent):
        return LEVELS.get(type(event), logging.INFO)
    level = LEVELS.get(type(event))
    return logging.DEBUG if level is None and isinstance(event, SupervisionEvent) else level


def log_events(events: Events) -> Callable[[], None]:
    """Log every event of a system from now on, crashes with their traceback; returns the function that ends it.

    The event itself is the record's attribute ``event``, for handlers that want more than the line.
    """

    def log(event: object) -> None:
        level = level_of(event)
        if level is None or not logger.isEnabledFor(level):
            return
        reason = getattr(event, "reason", None)
        error = reason.exception if isinstance(reason, Crashed) and level >= logging.WARNING else None
        error = None if isinstance(error, TOLD) else error
        text = event.describe() if hasattr(event, "describe") else str(event)
        _log(level, text, error, event)

    return events.subscribe(log)


def _log(level: int, text: str, error: BaseException | None, event: object) -> None:
    """One record.  The traceback of what was raised elsewhere came as text, which stands where logging keeps that."""
    trace = (type(error), error, without_ours(error.__traceback__)) if error is not None else None
    file, line, function, _ = logger.findCaller()
    record = logger.makeRecord(logger.name, level, file, line, "%s", (text,), trace, function, extra={"event": event})
    if error is not None:
        record.exc_text = told_there(error).rstrip() or None
    logger.handle(record)
