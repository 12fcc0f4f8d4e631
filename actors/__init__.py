"""Actors: who runs and how they talk.  See the README for a first example, ``docs/`` for the promises."""

from . import _shadow  # noqa: F401 - says so if another module called `supervisors` hides ours
from .actor import Actor, Reply
from .blueprint import Blueprint, Mailbox
from .codec import Codec
from .deadletters import DeadLetters
from .errors import (
    ActorDied,
    ActorError,
    AskSelf,
    AskTimeout,
    CodecError,
    HandlerError,
    Ignore,
    IllegalTransition,
    MailboxFull,
    NameTaken,
    NotRunning,
    StartFailed,
    StartTimeout,
    StashFull,
    StopTimeout,
    Unhandled,
)  # fmt: skip
from .events import Abandoned, Blocked, Events, Lost, Quarantined
from .exits import KILL, KILLED, NOCONNECTION, NOPROC, NORMAL, SHUTDOWN, Apoptosis, Crashed, Reason, Shutdown
from .handlers import handle
from .links import Monitor
from .messages import DeadLetter, Down, Exit, Pid, Request, Undelivered
from .ref import ActorStatistics, Ref
from .system import ActorSystem, SystemStatistics
from .timers import Timer

__all__ = [
    "Abandoned",
    "Actor",
    "ActorDied",
    "ActorError",
    "ActorStatistics",
    "ActorSystem",
    "Apoptosis",
    "AskSelf",
    "AskTimeout",
    "Blocked",
    "Blueprint",
    "Codec",
    "CodecError",
    "Crashed",
    "DeadLetter",
    "DeadLetters",
    "Down",
    "Events",
    "Exit",
    "HandlerError",
    "Ignore",
    "IllegalTransition",
    "KILL",
    "KILLED",
    "Lost",
    "Mailbox",
    "MailboxFull",
    "Monitor",
    "NOCONNECTION",
    "NOPROC",
    "NORMAL",
    "NameTaken",
    "NotRunning",
    "Pid",
    "Quarantined",
    "Reason",
    "Ref",
    "Reply",
    "Request",
    "SHUTDOWN",
    "Shutdown",
    "StartFailed",
    "StartTimeout",
    "StashFull",
    "StopTimeout",
    "SystemStatistics",
    "Timer",
    "Undelivered",
    "Unhandled",
    "handle",
]
