"""A probe: an actor that a test holds in its hand, to see what others send and to watch them die."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Self

from actors.actor import Actor
from actors.exits import Reason
from actors.links import Monitor
from actors.messages import Down, Exit
from actors.ref import Ref
from actors.system import ActorSystem

Wanted = Any
"""A type, a predicate, or a value that the message has to equal."""


class ProbeActor(Actor):
    """Receives everything, traps exits, and keeps it for the test."""

    trap_exits = True

    def __init__(self, probe: Probe) -> None:
        self.probe = probe

    def receive(self, message: Any) -> Any:
        return self.probe._took(message)

    def down(self, signal: Down) -> None:
        self.probe._took(signal)

    def exited(self, signal: Exit) -> None:
        self.probe._took(signal)


class Probe:
    """The test's end of a probe actor.

    ``received`` is everything it got, oldest first; ``expect`` consumes from it.  ``answer``: what an ask of the probe
    is answered with, a value or a function of the message.  Works in virtual and in real time.
    """

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.answer: Any = None
        self._seen = 0
        self._arrival: asyncio.Future[None] | None = None
        self.ref: Ref[Any]
        self._actor: ProbeActor

    @classmethod
    async def spawn(cls, system: ActorSystem, name: str | None = None) -> Self:
        """Start a probe in ``system``."""
        probe = cls()
        probe.ref = await system.spawn(ProbeActor, probe, name=name)
        probe._actor = probe.ref._cell.actor
        return probe

    def _took(self, message: Any) -> Any:
        self.received.append(message)
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)
        return self.answer(message) if callable(self.answer) else self.answer

    async def expect(self, wanted: Wanted = object, within: float = 1.0) -> Any:
        """The next message, which has to match ``wanted``; waits up to ``within`` seconds for it.

        ``wanted`` is a type, a predicate or an equal value.  Raises ``AssertionError`` that says what came instead.
        """
        message = await self._next(within)
        if message is _NOTHING:
            raise AssertionError(f"expected {_describe(wanted)} within {within:g} s, nothing came")
        if not _matches(wanted, message):
            raise AssertionError(f"expected {_describe(wanted)}, got {message!r}")
        return message

    async def expect_nothing(self, within: float = 1.0) -> None:
        """Nothing comes for ``within`` seconds.  Raises ``AssertionError`` that shows what did."""
        message = await self._next(within)
        if message is not _NOTHING:
            raise AssertionError(f"expected nothing for {within:g} s, got {message!r}")

    async def _next(self, within: float) -> Any:
        if self._seen == len(self.received):
            self._arrival = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(within):
                    await self._arrival
            except TimeoutError:
                return _NOTHING
            finally:
                self._arrival = None
        self._seen += 1
        return self.received[self._seen - 1]

    def monitor(self, ref: Ref[Any]) -> Monitor:
        """Have a ``Down`` arrive here when the present life of ``ref`` ends."""
        return self._actor.monitor(ref)

    def link(self, ref: Ref[Any]) -> None:
        """Link the probe, which traps exits, to ``ref``."""
        self._actor.link(ref)

    async def expect_down(self, ref: Ref[Any], within: float = 1.0) -> Reason:
        """The next message is the ``Down`` of ``ref``; returns the reason."""
        down = await self.expect(lambda m: isinstance(m, Down) and m.ref == ref, within)
        reason: Reason = down.reason
        return reason


_NOTHING = object()


def _matches(wanted: Wanted, message: Any) -> bool:
    if isinstance(wanted, type):
        return isinstance(message, wanted)
    if callable(wanted):
        predicate: Callable[[Any], bool] = wanted
        return bool(predicate(message))
    return bool(message == wanted)


def _describe(wanted: Wanted) -> str:
    return wanted.__name__ if isinstance(wanted, type) else repr(wanted)
