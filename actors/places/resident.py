"""The other end of a deputy: one life, in a system of its own, that ends with it."""

from __future__ import annotations

import functools
import importlib
import math
import sys
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from actors.actor import Actor
from actors.blueprint import Blueprint, Mailbox
from actors.envelopes import NOTHING, Call, Envelope, Hook
from actors.errors import ClassMissing, CodecError
from actors.events import Lost
from actors.evidence import Evidence
from actors.exits import SHUTDOWN, Apoptosis, Crashed, Reason, Remains
from actors.handlers import Handler, Routes, routes_of
from actors.keeper import Keeper
from actors.lifecycle import LIVING
from actors.links import send_exit
from actors.messages import Undelivered
from actors.pulse import Pulse, attach
from actors.receipts import Receipt

from .embassy import Embassy
from .frames import Kind
from .names import Copy
from .tissue import uplink_of

if TYPE_CHECKING:
    from actors.contact.uplink import Uplink
    from actors.ref import Ref

    from .endpoint import Endpoint
    from .ledger import Ledger

MAIN = 0
"""The number of the life itself among its side's exports."""

FAREWELL = 1.0
"""Seconds that actors spawned elsewhere have to stop when the life that everything there is for is over."""


class Resident(Keeper):
    """Keeps the one life that its process is for.  ``over``: called when that has ended and word of it is sent;
    ``prepare``: with the routes of its class, before it begins.
    """

    is_counted = False

    def __init__(
        self,
        endpoint: Endpoint,
        ledger: Ledger,
        over: Callable[[], object],
        prepare: Callable[[Routes], None] | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._prepare = prepare
        self._ledger = ledger
        self._over = over
        self._main: Ref[Any] | None = None
        self._uplink: Uplink
        self._word: list[Any] | None = None

    def begin(self) -> None:
        serve = self._endpoint.serve
        serve(Kind.START, self._start)
        serve(Kind.HOOK, self._hook)
        serve(Kind.SIGNAL, self._signal)
        serve(Kind.STOP, self._stop)
        serve(Kind.RECALL, self._recall)
        self.system.registry = Copy(self._endpoint)
        self.system.transport = self._uplink = uplink_of(self._endpoint)
        self.system.events.subscribe(self._report)
        self.ready()

    def asked_to_end(self, reason: Reason) -> None:
        self.finish(reason)

    # -- the one life --------------------------------------------------------------------------------------------------

    def _start(
        self,
        module: str,
        qualname: str,
        args: list[Any],
        kwargs: dict[str, Any],
        name: str,
        incarnation: int,
        limit: int | None,
        parent: Ref[Any] | None,
        pulse: list[Any] | None,
    ) -> None:
        try:
            cls = class_of(module, qualname)
            routes = marked(cls)  # type: ignore[arg-type]  # classes can be hashed
            if self._prepare is not None:
                self._prepare(routes)
        except Exception as error:
            self._tell_started(Crashed(error), False)
            return
        # The mailbox whose policy holds is the deputy's; here no more waits than is in flight.
        mailbox = Mailbox(limit=limit)
        ref = self._main = self.keep("main", name, Blueprint(cls, tuple(args), kwargs, mailbox))
        cell = ref._cell
        cell.routes = routes
        cell.more().parent = parent
        if pulse is not None:
            attach(cell, _pulse_of(pulse, self._harmed), cell.scheduler.blocked_after)
        self._endpoint.offer(MAIN, ref, self._ledger)
        self._uplink.main, cell.more().rejoin = cell, self._uplink.take_part
        outcome = self.start_life(ref, None, incarnation)
        if not outcome.pending:
            self.start_done(ref, outcome.reason, outcome.ignored)

    def start_done(self, ref: Ref[Any], reason: Reason | None, ignored: bool) -> None:
        self._tell_started(reason, ignored)

    def _tell_started(self, reason: Reason | None, ignored: bool) -> None:
        if reason is None and not ignored:
            self._endpoint.drain()  # what it told while it started was told before it lived
            self._endpoint.send([Kind.STARTED, None, False])
        else:
            self._leave([Kind.STARTED, reason, ignored])

    def life_ended(self, ref: Ref[Any], incarnation: int, reason: Reason, remains: Remains) -> None:
        pulse = ref._cell.more().pulse
        estate = [] if pulse is None or pulse.estate is NOTHING else [pulse.estate]
        self._leave([Kind.OVER, reason, list(remains._replace(vitals=None)), estate])

    def _leave(self, word: list[Any]) -> None:
        """The life that all this is for is over: whoever else lives here ends, then word of it is sent."""
        self._word = word
        own = (Embassy, Resident)
        others = [cell for cell in self.system._roots if cell.state in LIVING and not isinstance(cell.actor, own)]
        if not others:
            self._say_goodbye()
            return
        left = len(others)

        def gone(_: Reason) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                self.later(0, self._say_goodbye)

        for cell in others:
            cell.more().enders.append(gone)
            send_exit(cell, SHUTDOWN, parent=True)
        self.later(FAREWELL, self._say_goodbye)

    def _say_goodbye(self) -> None:
        word, self._word = self._word, None
        if word is None:
            return
        self._endpoint.drain()
        self._endpoint.send(word, lambda _: self._say_plainly(word))
        self._over()

    def _say_plainly(self, word: list[Any]) -> None:
        """Something of the last words cannot travel: what is left, perhaps; else what the reason holds."""
        kind, reason, *rest = word
        if kind == Kind.OVER:
            rest = [rest[0], []]
        self._endpoint.send_reason([kind], reason, *rest)

    # -- what the deputy asks for --------------------------------------------------------------------------------------

    def _signal(
        self, target: int, reason: Reason, sender: Ref[Any] | None, linked: bool, mark: int = 0, parent: bool = False
    ) -> None:
        if target != MAIN or not parent:
            self._endpoint.relations.signal_here(target, reason, sender, linked, mark)
        elif self._main is not None:
            send_exit(self._main._cell, reason, self._cell, parent=True)

    def _stop(self, target: int, reason: Reason) -> None:
        if target == MAIN and self._main is not None and isinstance(reason, Apoptosis):
            self.retire_life(self._main, reason.cause, math.inf)  # type: ignore[arg-type]
        else:
            self._endpoint.relations.stop_here(target, reason)

    def _hook(self, hook: str, number: int, args: list[Any]) -> None:
        def told(value: Any, error: BaseException | None) -> None:
            self._endpoint.send(
                [Kind.TOLD, number, value, error],
                lambda refused: self._endpoint.send([Kind.TOLD, number, None, refused]),
            )

        assert self._main is not None
        cell = self._main._cell
        if cell.state in LIVING:
            cell.push(Hook(hook, tuple(args), told))

    def _recall(self) -> None:
        """Give back what the life has not begun, when it is between two messages."""

        def give_back(_: object) -> None:
            self._endpoint.flush()
            self._endpoint.send([Kind.RECALLED, self._endpoint.exports[MAIN].recall()])

        assert self._main is not None
        if self._main._cell.state in LIVING:
            self._main._cell.push(Call(give_back))

    # -- what the deputy is told ---------------------------------------------------------------------------------------

    def asked_to_replace(self, ref: Ref[Any], cause: str, estate: str | None) -> None:
        self._endpoint.send([Kind.RETIRE, cause, estate])

    def _harmed(self, evidence: Evidence) -> None:
        self._endpoint.send([Kind.HARM, evidence])

    def _report(self, event: object) -> None:
        """What is published here is known at home."""
        if not isinstance(event, Lost):
            self._endpoint.send([Kind.EVENT, event], lambda _: None)
            return
        letter = event.letter
        if letter.ref is self._main and letter.why is Undelivered.UNHANDLED:
            return  # its sender has it from the receipt
        send, rest = self._endpoint.send, (letter.ref, letter.why)
        plain = [Kind.LETTER, repr(letter.message)[:1000], *rest, None]
        send([Kind.LETTER, letter.message, *rest, letter.reason], lambda _: send(plain))


def _pulse_of(told: list[Any], report: Callable[[Evidence], None]) -> Pulse:
    names, latency = told
    tolerated = []
    for module, qualname in names:
        found = _find(module, qualname)
        if isinstance(found, type) and issubclass(found, Exception):
            tolerated.append(found)
    return Pulse(report, tuple(tolerated), latency)


def _find(module: str, qualname: str) -> Any:
    found: Any = importlib.import_module(module)
    for part in qualname.split("."):
        found = getattr(found, part)
    return found


def class_of(module: str, qualname: str) -> type[Actor]:
    """The actor class of that name.  Raises ``ClassMissing``, or ``CodecError`` if it is something else."""
    try:
        found = _find(module, qualname)
    except (ImportError, AttributeError) as error:
        raise ClassMissing(module, qualname, str(error), is_imported=module in sys.modules) from error
    if not isinstance(found, type) or not issubclass(found, Actor):
        raise CodecError(f"class {module}.{qualname}", "is no Actor class in another process")
    return found


@cache
def marked(cls: type[Actor]) -> Routes:
    """The routes of a class whose handlers note with which message they begin."""
    routes = routes_of(cls)
    table = routes.table
    if "unhandled" in routes.overridden:
        table = {object: lambda actor, message: actor.unhandled(message), **table}
    made = Routes(
        cls,
        {kind: _noting(handler) for kind, handler in table.items()},
        routes.priority,
        routes.overridden,
        tuple({kind: _noting(handler) for kind, handler in level.items()} for level in routes.levels[1:]),
    )
    made.needs_task = routes.needs_task
    return made


def _noting(handler: Handler) -> Handler:
    @functools.wraps(handler)
    def begin(actor: Any, message: Any) -> Any:
        hand = actor._cell.hand
        if hand.__class__ is Envelope and (receipt := hand.future).__class__ is Receipt:
            receipt.book.begun(receipt.number)
        return handler(actor, message)

    return begin
