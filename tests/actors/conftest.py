"""No test of the actors may leave a complaint of the loop behind: an error nobody retrieved, a callback that failed."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def the_loop_has_no_complaints(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    complaints = [
        record.getMessage() for record in records if record.name == "asyncio" and record.levelno >= logging.ERROR
    ]

    assert complaints == []
