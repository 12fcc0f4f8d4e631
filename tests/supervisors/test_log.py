"""Events as log records: with a traceback where it tells more than the line."""

from __future__ import annotations

import logging

import pytest

from actors import ClassMissing, Crashed, Events, ProcessDied
from actors.cluster.errors import NoHostFits
from supervisors.events import Decision, GaveUp, Scope, StartFailure
from supervisors.log import log_events


@pytest.mark.parametrize(
    ("error", "has_traceback"),
    [
        (ValueError("no"), True),
        (ProcessDied("signal 9"), False),
        (NoHostFits("Host()", "this host knows of no other"), False),
        (ClassMissing("shop", "W", "No module named 'shop'", is_imported=False), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_was_raised_by_no_code_of_the_user_s_is_logged_without_a_traceback(
    error: Exception, has_traceback: bool, caplog: pytest.LogCaptureFixture
) -> None:
    events = Events()
    log_events(events)
    with caplog.at_level(logging.INFO, "planaria"):
        events.publish(StartFailure(1.0, "t/p", 2, Crashed(error), Decision.RESTART))
        events.publish(GaveUp(1.0, "t", "p", 4, 3, 5.0, Scope.SUPERVISOR, Crashed(error)))

    assert [bool(record.exc_info) for record in caplog.records] == [has_traceback] * 2
