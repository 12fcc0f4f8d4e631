"""What is noted of a death when it happens: little enough to be cheap, enough to make an autopsy of it when asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors import Crashed, Reason
from actors.exits import NO_REMAINS, Remains
from actors.origins import Trace, traces
from actors.places.whereabouts import Whereabouts

from .frames import place, reason_text
from .kinds import How, Kind
from .record import Autopsy, Because, Raised, Successor

if TYPE_CHECKING:
    from supervisors.apoptosis.vitals import Vitals
    from supervisors.events import Decision
    from supervisors.rules import Ruling

Cause = tuple[How, str, int | None]
"""How it came about, the path of the other one, and which of its deaths that was, if it is one."""


class Death:
    """One death as it was noted; ``number`` counts all deaths of the tree.

    What becomes known later is filled in: ``served`` (the next life and how long it took) and ``cause``.  Nothing here
    refers to another death, an exception or a frame, so that forgetting one frees all that it held.
    """

    __slots__ = (
        "abandoned", "at", "cause", "decision", "ended", "evidence", "expected", "is_clean", "kind", "life", "lived",
        "number", "path", "quarantined", "reason", "remains", "ruling", "served", "took", "traces", "vitals", "where",
    )  # fmt: skip

    def __init__(self, number: int, kind: Kind, path: str, life: int, at: float, reason: Reason) -> None:
        self.number = number
        self.kind = kind
        self.path = path
        self.life = life
        self.at = at
        self.is_clean = reason.is_clean
        if reason.__class__ is Crashed:
            self.traces: tuple[Trace, ...] = traces(reason.exception)
            text = self.traces[0].text
            name = self.traces[0].type
            self.reason = f"crashed({name}: {text})" if text else f"crashed({name})"
        else:
            self.traces = ()
            self.reason = reason_text(reason)
        self.remains: Remains = NO_REMAINS
        self.ruling: Ruling | None = None
        self.decision: Decision | None = None
        self.lived: float | None = None
        self.vitals: Vitals | None = None
        self.took: float | None = None
        self.expected = True
        self.cause: Cause | None = None
        self.served: tuple[int, float] | None = None
        self.quarantined: int | None = None
        self.abandoned: str | None = None
        self.ended: str | None = None
        self.evidence: tuple[Any, ...] = ()
        self.where: Whereabouts | None = None

    def autopsy(self, because: Because | None) -> Autopsy:
        """The value that is shown; ``because`` is the cause with what is known of it."""
        remains = self.remains
        served = self.lived is not None
        return Autopsy(
            path=self.path,
            life=self.life,
            kind=self.kind,
            at=self.at,
            reason=self.reason,
            is_clean=self.is_clean,
            raised=tuple(_raised(trace) for trace in self.traces),
            message=remains.message,
            handler=remains.handler,
            quarantined=self.quarantined,
            abandoned=self.abandoned,
            lived=self.lived,
            handled=remains.handled if served else None,
            mailbox=remains.mailbox if served else None,
            vitals=self.vitals,
            evidence=tuple(_evidence(each) for each in self.evidence),
            decision=self.decision,
            ruling=self.ruling,
            took=self.took,
            expected=self.expected,
            ended=self.ended,
            successor=Successor(*self.served) if self.served is not None else None,
            because=because,
            where=self.where.describe() if self.where is not None else None,
        )

    def __repr__(self) -> str:
        return f"<Death {self.number} of {self.path}#{self.life} {self.kind}: {self.reason}>"


def _raised(trace: Trace) -> Raised:
    where = place(trace.where) if trace.where is not None else None
    via = place(trace.via) if trace.via is not None else None
    return Raised(trace.relation, trace.type, trace.text, where, via)


def _evidence(damaged: Any) -> str:
    """One piece of evidence in words: what, how much it counted, and in which message it was found."""
    what = f" ({damaged.what})" if damaged.what else ""
    handling = f" handling {damaged.message}" if damaged.message else ""
    return f"{damaged.harm}{what}{handling}, weight {damaged.weight:g}"
