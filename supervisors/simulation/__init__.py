"""What a tree would do if ...: its policy in virtual time, with stand-ins for its workers and scripted faults."""

from .durations import clock, parse_duration, spell
from .faults import Fault, FaultError, parse_fault
from .report import overview, summary
from .run import Outcome, simulate
from .survey import Survey
from .targets import TargetError
from .timeline import timeline

__all__ = [
    "Fault",
    "FaultError",
    "Outcome",
    "Survey",
    "TargetError",
    "clock",
    "overview",
    "parse_duration",
    "parse_fault",
    "simulate",
    "spell",
    "summary",
    "timeline",
]
