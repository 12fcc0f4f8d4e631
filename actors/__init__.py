"""Actors: who runs and how they talk.  See the README for a first example, ``docs/`` for the promises."""

from . import _shadow  # noqa: F401 - says so if another module called `supervisors` hides ours
from .actor import Actor
from .blueprint import Blueprint, Mailbox
from .chooser import Chooser, PageHinkley
from .codec import Codec
from .deadletters import DeadLetters
from .errors import (
    ActorDied,
    ActorError,
    AskSelf,
    AskTimeout,
    CircuitOpen,
    ClassMissing,
    CodecError,
    DeadlineExceeded,
    HandlerError,
    Ignore,
    IllegalTransition,
    MailboxFull,
    NameTaken,
    NotRunning,
    Overloaded,
    ProcessDied,
    RemoteError,
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
from .overload.breaker import Circuit, CircuitBreaker
from .overload.brownout import Brownout
from .overload.budget import RetryBudget
from .overload.codel import CoDel
from .overload.limits import AIMD, Gradient2, Limit, Vegas
from .overload.retry import Retry, retry
from .ref import Ref
from .reply import Reply
from .statistics import ActorStatistics
from .system import ActorSystem, SystemStatistics
from .timers import Timer
from .watchdog import Watchdog
from .wire.types import register

__all__ = [
    "AIMD",
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
    "Brownout",
    "Chooser",
    "Circuit",
    "CircuitBreaker",
    "CircuitOpen",
    "ClassMissing",
    "CoDel",
    "Codec",
    "CodecError",
    "Crashed",
    "DeadLetter",
    "DeadLetters",
    "DeadlineExceeded",
    "Down",
    "Events",
    "Exit",
    "Gradient2",
    "HandlerError",
    "Ignore",
    "IllegalTransition",
    "KILL",
    "KILLED",
    "Limit",
    "Lost",
    "Mailbox",
    "MailboxFull",
    "Monitor",
    "NOCONNECTION",
    "NOPROC",
    "NORMAL",
    "NameTaken",
    "NotRunning",
    "Overloaded",
    "PageHinkley",
    "Pid",
    "ProcessDied",
    "Quarantined",
    "Reason",
    "Ref",
    "RemoteError",
    "Reply",
    "Request",
    "Retry",
    "RetryBudget",
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
    "Vegas",
    "Watchdog",
    "handle",
    "register",
    "retry",
]
