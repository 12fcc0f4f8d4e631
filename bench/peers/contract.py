"""What every adapter measures, and the clockwork they share, so that all are timed the same way.

An adapter is a module with::

    def measure(sizes: Sizes, variant: str) -> Figures

It does one round with its system, the way that system's documentation shows, and returns nanoseconds by name:

``ask``        one question and its answer, one after another, with a deadline of ``DEADLINE`` seconds where it can
``ask, def``   ours only: the same where the handler is a plain function, as the handlers of some peers are
``tell``       a one-way message, sent in one burst; the clock stops when the last is handled
``hop``        a message between two actors of the system, to and fro
``spawn``      one more actor, until it could answer
``crash p50``, ``crash p99``
               from sending an actor the message that kills it to the first answer of its replacement
``bytes``      memory of an idle actor (bytes, not nanoseconds)

What a system does not have is left out.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from actors.engines import loop

from ..checks import expect
from ..quantiles import median, p99

ns = time.perf_counter_ns
T = TypeVar("T")
Figures = dict[str, float]
Handle = Callable[[int], Awaitable[Any]]

DEADLINE = 5.0
"""Seconds an asker waits at most."""

SETTLE = 0.0005
"""Seconds between two crashes, not timed: a supervisor finishes its own bookkeeping before the next one."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How often each thing is done in a round; an adapter of something a thousand times slower may do less."""

    ask: int = 4_000
    tell: int = 20_000
    hop: int = 40_000
    spawn: int = 1_000
    crash: int = 300

    @classmethod
    def scaled(cls, share: float) -> Sizes:
        """For a smoke run: ``share`` of everything, a few at least."""
        full = cls()
        return cls(*(max(5, round(size * share)) for size in (full.ask, full.tell, full.hop, full.spawn, full.crash)))


def check(got: object, wanted: object) -> None:
    """Raise ``WrongResult`` unless the peer did what it was asked."""
    expect("the answer", got, wanted)


def run_loop(main: Callable[[], Any]) -> Any:
    """Run an async function on the loop that planaria uses (uvloop where it exists): all stand on the same."""
    return loop.run(main())


async def time_asks(ask: Handle, times: int) -> float:
    """Nanoseconds for ``await ask(number)``, which has to return the number."""
    check(await ask(-1), -1)
    began = ns()
    for number in range(times):
        check(await ask(number), number)
    return (ns() - began) / times


def time_asks_blocking(ask: Callable[[int], Any], times: int) -> float:
    """As :func:`time_asks`, for systems that are called from a thread."""
    check(ask(-1), -1)
    began = ns()
    for number in range(times):
        check(ask(number), number)
    return (ns() - began) / times


def crash_figures(times: list[float]) -> Figures:
    """Median and p99 of the recoveries of one round."""
    return {"crash p50": median(times), "crash p99": p99(times)}
