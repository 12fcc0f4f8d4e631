"""A budget that siblings pool, as an actor has it: its own units, and those that others do not need."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from actors.deadlines import check_timeout
from actors.errors import ActorError
from actors.ref import ASK_TIMEOUT
from actors.tissue.core import Effect
from actors.tissue.mycorrhiza.lending import MAX_UNITS, Held, Lending, LendingConfig

from .checks import whole

if TYPE_CHECKING:
    from .presence import Presence

WORD = "lending"

LINGER = 0.5
"""Seconds for which what was borrowed is kept although nobody uses it any more: the next may come at once."""


class NotLent(ActorError):
    """So many units of a budget could not be had in time; ``why`` in words."""

    def __init__(self, name: str, units: int, why: str) -> None:
        self.name = name
        self.units = units
        self.why = why
        super().__init__(f"no {units} of {name!r}: {why}")


class Recalled(ActorError):
    """Units that were in use had to go back: their lender needs them, and the lease has ended."""

    def __init__(self, name: str, units: int) -> None:
        self.name = name
        self.units = units
        super().__init__(f"{units} of {name!r} had to go back before they were done with: the lease has ended")


class Budget:
    """A cell's part of a pool of units: connections, tokens, licences; see ``Contact.lend``.

    What this life uses together is never more than :attr:`held`, and all lives together never use more than they own.
    """

    def __init__(self, presence: Presence, name: str, owned: int, config: LendingConfig) -> None:
        self.name = name
        self.owned = owned
        self.config = config
        self._presence = presence
        self._wanted = 0
        self._told = 0
        self._waiting: deque[Borrowing] = deque()
        self._using: dict[Borrowing, None] = {}
        self._lingering: asyncio.TimerHandle | None = None
        self._is_over = False
        presence.owners[WORD] = self
        if presence.body.is_born:
            presence.slot(WORD)

    def __repr__(self) -> str:
        return f"<Budget {self.name!r} of {self._presence.pid}: {self.used} of {self.held} used, {self.owned} owned>"

    # -- what it has ---------------------------------------------------------------------------------------------------

    @property
    def held(self) -> int:
        """Units that may be used here now: its own that are not lent out, and borrowed ones.  0 for a successor that
        does not serve yet, as its predecessor still uses them, and for a life that is over.
        """
        return self._lending.held if self._is_there else 0

    @property
    def spare(self) -> int:
        """Units of its own that could be lent to others."""
        return self._lending.spare if self._is_there else 0

    @property
    def used(self) -> int:
        """Units in use by ``async with borrow(...)``."""
        return sum(each.units for each in self._using)

    @property
    def free(self) -> int:
        """Units that the next to :meth:`borrow` could have at once."""
        if not self._is_there:
            return 0
        lending = self._lending
        return max(0, lending.held - lending.ending - self.used)

    @property
    def _is_there(self) -> bool:
        return not self._is_over and WORD in self._presence.slots

    @property
    def _lending(self) -> Lending:
        """The core, up to date: what ended since it was last due is not held any more."""
        self._presence.act(WORD, lambda core, now: core.tick(now))
        core: Any = self._presence.slot(WORD).core
        assert isinstance(core, Lending)
        return core

    # -- what it is told -----------------------------------------------------------------------------------------------

    def want(self, units: int) -> None:
        """See to it that so many are held, used or not: for a pool of one's own, whose size follows :attr:`held`.

        More is seen to while more is borrowed.  Raises ``ValueError`` for what is no whole number from 0,
        ``NotRunning`` if this life is over.
        """
        whole("want(units)", units, 0, MAX_UNITS - 1)
        self._presence.body.check_alive()
        self._wanted = units
        self._settle()

    def borrow(self, units: int = 1, timeout: float | None = ASK_TIMEOUT) -> Borrowing:
        """Have units for the length of an ``async with`` block; whoever comes first has them first.

        ::

            async with self.db.borrow():
                rows = await query()

        Raises ``NotLent`` if they were not to be had within ``timeout`` seconds (``None``: no limit), or this life is
        over.  A block whose units are borrowed from another life ends by ``Recalled`` if that one needs them and the
        lease has ended, ``lease`` / 2 to ``lease`` seconds after it began to need them; while it lasts its tasks are
        cancelled.
        """
        whole("borrow(units)", units, 1, MAX_UNITS - 1)
        timeout = check_timeout(timeout)
        return Borrowing(self, units, timeout)

    async def _take(self, borrowing: Borrowing, timeout: float | None) -> None:
        """Wait for one's turn, and until there is enough."""
        if self._is_over:
            raise NotLent(self.name, borrowing.units, "this life is over")
        borrowing.turn = asyncio.get_running_loop().create_future()
        self._waiting.append(borrowing)
        self._settle()
        try:
            if not borrowing.turn.done():
                async with asyncio.timeout(timeout):
                    await borrowing.turn
            else:
                borrowing.turn.result()
        except BaseException as error:
            self._give_back(borrowing)
            if isinstance(error, TimeoutError):
                why = f"not within {timeout:g} s; {self.held} are held here, {self.used} of them in use"
                raise NotLent(self.name, borrowing.units, why) from None
            raise

    def _give_back(self, borrowing: Borrowing) -> None:
        """It is done with, or does not want any more."""
        self._using.pop(borrowing, None)
        if borrowing in self._waiting:
            self._waiting.remove(borrowing)
        self._settle()

    # -- what it does --------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Ask for what is lacking at once, give back what is not needed a little later, and serve who waits."""
        if not self._is_there:
            return
        needed = max(self._wanted, self.used + sum(each.units for each in self._waiting))
        if needed > self._told:
            self._tell(needed)
        elif needed < self._told and self._lingering is None:
            loop = asyncio.get_running_loop()
            self._lingering = loop.call_later(LINGER, self._relax)
        self._serve()

    def _relax(self) -> None:
        self._lingering = None
        if self._is_there:
            self._tell(max(self._wanted, self.used + sum(each.units for each in self._waiting)))

    def _tell(self, needed: int) -> None:
        self._told = needed
        self._presence.act(WORD, lambda core, now: core.want(needed, now))

    def _serve(self) -> None:
        """Whoever waits first has what is free, if that is enough for it."""
        while self._waiting and self._waiting[0].units <= self.free:
            borrowing = self._waiting.popleft()
            if borrowing.turn is not None and not borrowing.turn.done():
                self._using[borrowing] = None
                borrowing.turn.set_result(None)

    def _recall(self, held: int) -> None:
        """Less is held than is used: the last to come are stopped."""
        over = sum(each.units for each in self._using if not each.is_recalled) - held
        for borrowing in reversed(tuple(self._using)):
            if over <= 0:
                break
            if not borrowing.is_recalled:
                borrowing.recall()
                over -= borrowing.units

    # -- as the owner of a core ----------------------------------------------------------------------------------------

    def make(self, presence: Presence) -> Lending:
        """The core; what an earlier life has lent out stays untouched until that has run out."""
        site, config = presence.body.site, self.config
        now = site.now()
        is_owed = site.debts.get((presence.pid.name, presence.group), 0.0) > now
        may_be_owed = not site.was_first and now < site.since + config.duration * (1 + config.margin)
        succeeds = is_owed or may_be_owed
        return Lending(presence.pid, site.chance(), now, self.owned, config, succeeds=succeeds)

    def meet(self, core: Lending, links: Mapping[str, float], now: float) -> list[Effect]:
        """These can be asked for units."""
        return core.neighbours(links, now)

    def heard(self, event: Any) -> bool:
        """There is more, or less."""
        if isinstance(event, Held):
            self._recall(event.units)
            # Not in the midst of what the core is doing.
            asyncio.get_running_loop().call_soon(self._serve)
        return False

    def born(self) -> None:
        """The predecessor uses nothing any more."""
        self._presence.slot(WORD)
        self._settle()

    def renumbered(self) -> Lending:
        """The core of the same life under a higher number, which others take for the successor of this one."""
        if self._lending.lent:
            locked = self.config.duration * (1 + self.config.margin)
            self._presence.body.site.owe(self._presence.pid.name, self._presence.group, locked)
        self._told = 0
        asyncio.get_running_loop().call_soon(self._settle)
        return self.make(self._presence)

    def ended(self, is_planned: bool) -> None:
        """Give back what can be given back, and note whether anything of its own is still out."""
        presence = self._presence
        if self._is_there:
            if is_planned:
                presence.act(WORD, lambda core, now: core.want(0, now))
            if self._lending.lent:
                locked = self.config.duration * (1 + self.config.margin)
                presence.body.site.owe(presence.pid.name, presence.group, locked)
        self._is_over = True
        if self._lingering is not None:
            self._lingering.cancel()
        for borrowing in self._waiting:
            if borrowing.turn is not None and not borrowing.turn.done():
                borrowing.turn.set_exception(NotLent(self.name, borrowing.units, "this life is over"))
                borrowing.turn.exception()


class Borrowing:
    """Units in use for the length of an ``async with`` block."""

    def __init__(self, budget: Budget, units: int, timeout: float | None) -> None:
        self.units = units
        self.is_recalled = False
        self.turn: asyncio.Future[None] | None = None
        self._budget = budget
        self._timeout = timeout
        self._cut: asyncio.Timeout | None = None

    def __repr__(self) -> str:
        return f"<Borrowing {self.units} of {self._budget.name!r}>"

    async def __aenter__(self) -> None:
        if self.turn is not None:
            raise RuntimeError("a borrowing is for one block: call borrow() again")
        await self._budget._take(self, self._timeout)
        if self.is_recalled:
            self._budget._give_back(self)
            raise Recalled(self._budget.name, self.units)
        self._cut = asyncio.timeout(None)
        await self._cut.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._budget._give_back(self)
        assert self._cut is not None
        try:
            await self._cut.__aexit__(kind, error, trace)
        except TimeoutError:
            if self._cut.expired():
                raise Recalled(self._budget.name, self.units) from None
            raise

    def recall(self) -> None:
        """Stop it: its units are somebody else's in a moment."""
        self.is_recalled = True
        if self._cut is not None:
            self._cut.reschedule(asyncio.get_running_loop().time())


def lend(presence: Presence, name: str, owned: int, config: LendingConfig) -> Budget:
    """The budget of that name, the same each time.  Raises ``ValueError`` if it was asked for otherwise before."""
    budget = presence.owners.get(WORD)
    if budget is None:
        return Budget(presence, name, owned, config)
    assert isinstance(budget, Budget)
    if (budget.owned, budget.config) != (owned, config):
        raise ValueError(
            f"this life has {budget.owned} of {name!r} at a lease of {budget.config.duration:g} s already; "
            f"got {owned!r} and {config.duration!r} s"
        )
    return budget
