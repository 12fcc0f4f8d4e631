"""What a host of a convention hears of the others: by an actor on a leader, and from its own admin of the leaders.

Mended on the way: Thespian would send a host's log records to the leader, have all hosts leave and join the second
leader each second, leave out registrations that are due, put off a second leader's own whenever a member's comes, and
wait up to 45 s between two messages to other hosts.
"""

from __future__ import annotations

import os
import time
from datetime import timedelta
from functools import partial
from typing import Any

from thespian.actors import Actor, ActorSystemConventionUpdate
from thespian.system import multiprocCommon
from thespian.system.admin import convention
from thespian.system.logdirector import LogAggregator
from thespian.system.transport import SendStatus

from . import linux
from .secure import address_text
from .tidings import ADDRESS, BOOT, NAME, TEXT, tell

PAUSE = timedelta(seconds=1)
"""At most between two messages to other hosts."""

SIGN = 0.5
"""Seconds between two signs of an admin that it goes on, at least."""

SILENT = "it does not answer; if it is up, it has other keys, or its clock is off by more than a minute"
WORDS = {SendStatus.DeadTarget: "nobody listens there", SendStatus.BadPacket: "it refuses what this host says"}


class Watcher(Actor):
    """Tells who joins and leaves; one on each leader, since only a leader hears of all."""

    def __init__(self) -> None:
        linux.name_process("planaria-watch")
        tell("watches", os.getpid())
        super().__init__()

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802 - Thespian's name
        """The first message is to begin with; the others are what it is there for."""
        if not isinstance(message, ActorSystemConventionUpdate):
            self.notifyOnSystemRegistrationChanges(True)
            return
        said = [message.remoteCapabilities.get(each) for each in (NAME, BOOT, ADDRESS)]
        name, boot, address = said
        if isinstance(name, str) and isinstance(boot, int) and isinstance(address, str):
            tell("joined" if message.remoteAdded else "left", name[:TEXT], boot & (1 << 63) - 1, address[:TEXT])


class State(convention.LocalConventionState):
    """What an admin knows of the convention; tells which leaders there are."""

    _conventionRegistration: Any  # noqa: N815 - Thespian's name

    def __init__(self, *args: Any) -> None:
        tell("admin", os.getpid())
        self._there: dict[str, bool] = {}
        self._told_at = 0.0
        super().__init__(*args)

    def got_convention_register(self, regmsg: Any) -> list[Any]:
        """A host has joined, or is there still."""
        known = self._conventionMembers.find(regmsg.adminAddress)
        if known is not None and known.remoteCapabilities.get(BOOT) == regmsg.capabilities.get(BOOT):
            regmsg.firstTime = False  # said to each leader but the first, again and again: it would leave and join
        due = self._conventionRegistration
        answers = super().got_convention_register(regmsg)
        if regmsg.adminAddress != self.conventionLeaderAddr:
            self._conventionRegistration = due  # put off by anybody's: with two members a second leader's never came
        return [each for each in answers if not isinstance(each, LogAggregator)]

    def convention_inattention_delay(self, current_time: Any) -> Any:
        """How long nothing is due: not at all, and no period more, when a registration is due already."""
        return self._conventionRegistration.view(current_time)

    def check_convention(self) -> list[Any]:
        """Whatever is due; looked for once a second at least."""
        now = time.monotonic()
        if now > self._told_at + SIGN:
            self._told_at = now
            tell("goes on")
        found: list[Any] = super().check_convention()
        return found

    def _setupConventionCBGood(self, result: Any, finishedIntent: Any) -> None:  # noqa: N802, N803
        super()._setupConventionCBGood(result, finishedIntent)
        self._tell(finishedIntent, "")

    def _setupConventionCBError(self, result: Any, finishedIntent: Any) -> None:  # noqa: N802, N803
        super()._setupConventionCBError(result, finishedIntent)
        self._tell(finishedIntent, WORDS.get(result, SILENT))

    def _tell(self, intent: Any, why: str) -> None:
        leader, is_there = address_text(intent.targetAddr), not why
        if self._there.get(leader) is not is_there:
            self._there[leader] = is_there
            tell("leader", leader, is_there, why)


def _start_logger(*args: Any) -> Any:
    """Of an admin that has nobody to send records to."""
    *others, _aggregator, context = args
    return _STARTS_LOGGER(*others, None, context)


_STARTS_LOGGER = multiprocCommon.startASLogger


def mend() -> None:
    """Put this into Thespian, in the process that starts a system."""
    convention.LocalConventionState = State
    convention.HysteresisDelaySender = partial(convention.HysteresisDelaySender, hysteresis_max_period=PAUSE)
    multiprocCommon.startASLogger = _start_logger
