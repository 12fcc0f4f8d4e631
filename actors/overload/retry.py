"""Trying again: a few times, after waits that no two callers share, within a budget, and never past a deadline.

Full jitter (M. Brooker, *Exponential Backoff and Jitter*, 2015): wait U(0, min(cap, base · 2^k)) after k + 1 failures.
Jitter alone does not end a retry storm; a ``RetryBudget`` does.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from actors.engine import engine_of
from actors.errors import ActorDied, DeadlineExceeded, MailboxFull, Overloaded

from .budget import RetryBudget

if TYPE_CHECKING:
    from random import Random

T = TypeVar("T")

RETRIABLE: tuple[type[Exception], ...] = (ActorDied, ConnectionError, MailboxFull, Overloaded, TimeoutError)
"""What passes by itself, often.  After ``ActorDied`` and ``TimeoutError`` the work may have been done all the same."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and when to try again, as a value that can be given to an actor's constructor.

    - ``attempts``: tries in all, 3; 1 is none again.
    - ``base``, ``cap``: ceiling of the first wait, 0.05 s, doubled each time up to 5.0 s.
    - ``retry_on``: exceptions after which it is tried again; by default ``ActorDied``, ``ConnectionError``,
      ``MailboxFull``, ``Overloaded`` and ``TimeoutError`` with ``AskTimeout``.  ``DeadlineExceeded`` never is.

    Raises ``ValueError`` naming the field for a value out of range.
    """

    attempts: int = 3
    base: float = 0.05
    cap: float = 5.0
    retry_on: tuple[type[Exception], ...] = RETRIABLE

    def __post_init__(self) -> None:
        if type(self.attempts) is not int or self.attempts < 1:
            raise ValueError(f"Retry.attempts must be a whole number, at least 1; got {self.attempts!r}")
        if not 0 <= self.base <= self.cap < math.inf:
            raise ValueError(f"Retry needs 0 <= base <= cap, both finite; got base={self.base!r}, cap={self.cap!r}")

    def delay(self, failures: int, rng: Random) -> float:
        """Draw the wait in seconds after so many ``failures``."""
        return rng.uniform(0.0, min(self.cap, math.ldexp(self.base, min(failures - 1, 1000))))

    async def call(
        self,
        function: Callable[[], Awaitable[T]],
        *,
        budget: RetryBudget | None = None,
        within: float | None = None,
        rng: Random | None = None,
    ) -> T:
        """``await function()``, again and again; see :func:`retry`."""
        loop = asyncio.get_running_loop()
        until = math.inf if within is None else loop.time() + within
        if budget is not None:
            budget.deposit(loop.time())
        failures = 0
        while True:
            try:
                return await function()
            except DeadlineExceeded:
                raise
            except self.retry_on:
                failures += 1
                if failures == self.attempts:
                    raise
                if rng is None:
                    rng = engine_of(loop).random()
                wait = self.delay(failures, rng)
                if loop.time() + wait >= until or (budget is not None and not budget.withdraw(loop.time())):
                    raise
            await asyncio.sleep(wait)


async def retry(
    function: Callable[[], Awaitable[T]],
    *,
    attempts: int = 3,
    budget: RetryBudget | None = None,
    within: float | None = None,
    base: float = 0.05,
    cap: float = 5.0,
    retry_on: tuple[type[Exception], ...] = RETRIABLE,
    rng: Random | None = None,
) -> T:
    """``await function()`` up to ``attempts`` times, and return what it gives; the last failure is raised as it is.

    ::

        answer = await retry(lambda: ref.ask(Price("tea"), timeout=0.5), budget=budget, within=self.remaining())

    ``budget``: shared by all calls to one service; when it is used up, the failure at hand is raised.  ``within``:
    seconds for all together; no wait begins that would end after them (``None``: no limit).  ``rng``: chance for the
    waits; ``None``: of the loop's engine, so that it repeats in a ``world``.  The others are those of ``Retry``.

    Give ``retry_on`` only what may be done twice.
    """
    policy = Retry(attempts, base, cap, retry_on)
    return await policy.call(function, budget=budget, within=within, rng=rng)
