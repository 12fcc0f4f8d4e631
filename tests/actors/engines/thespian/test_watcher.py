"""What an admin knows of a convention, where Thespian's own would be wrong: see the module's text."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest
from thespian.system.messages.convention import ConventionRegister
from thespian.system.timing import currentTime
from thespian.system.utilis import StatsManager

from actors.engines.thespian.tidings import Channel
from actors.engines.thespian.watcher import State

LEADERS = ["first", "second"]


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Where what is told arrives."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    monkeypatch.setattr(Channel, "socket", there, raising=False)
    with here, there:
        yield here


def left(state: State) -> timedelta:
    """How long it is at one moment until the next registration is due."""
    until: timedelta = state.convention_inattention_delay(NOW).remaining()
    return until


NOW = currentTime()


def test_registrations_of_others_do_not_put_off_that_of_a_second_leader() -> None:
    state = State("second", {}, StatsManager(), lambda _: LEADERS)
    state.got_convention_register(ConventionRegister("first", {}))
    due = left(state)

    for member in ("c", "d", "c", "d"):
        state.got_convention_register(ConventionRegister(member, {}, True))
    assert left(state) == due
    state.got_convention_register(ConventionRegister("first", {}))
    assert left(state) > due
