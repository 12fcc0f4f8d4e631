"""Amounts that change hands, each in exactly one hand at any time, whatever is lost, doubled, overtaken, or dies.

For each pair a giver and a taker go through three steps, one transfer at a time::

    giver                               taker
    sets the amount aside, give(n)  ->  holds it, may not use it yet
    lets it go                      <-  take(n)
    done(n)                         ->  may use it

Each side repeats its word until it has its answer.  So the amount belongs to the giver until it lets go, afterwards to
the taker.  If the taker dies, what was set aside is the giver's again: the taker has not used it.  If the giver dies,
what is held is the taker's: the giver cannot use it any more.  Two steps would not do: a taker that passes an amount on
and dies, its word being lost, would leave it twice in the world.

What dies must stay dead: a life that was declared dead and yet goes on (a partition that was taken for a death) keeps
what it had, while others took back what was on the way to it.  Its owner has to stop it, as a successor's incarnation
does; amounts that must never be twice in the world need a lease.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Amount = int | float


@dataclass(slots=True)
class Peer:
    """One other cell: what it said, and what is under way to it and from it.

    ``life``: the one that spoke last (0: none); ``buried``: lives up to this one are over.  ``load`` and ``degree``: as
    it said when it last ``told``.  ``given`` is set aside for it as number ``giving``; ``held`` is its number
    ``holding``; ``closed``: its transfers up to this number are settled or refused.  ``net``: what went to it since the
    last turn, less what came.
    """

    name: str
    is_linked: bool = True
    life: int = 0
    buried: int = 0
    told: float = -math.inf
    load: Amount = 0
    degree: int = 0
    giving: int = 0
    given: Amount | None = None
    holding: int = 0
    held: Amount | None = None
    closed: int = 0
    net: Amount = 0

    @property
    def is_settled(self) -> bool:
        """Whether nothing is under way."""
        return self.given is None and self.held is None

    # -- as the giver --------------------------------------------------------------------------------------------------

    def give(self, amount: Amount) -> None:
        """Set an amount aside for it; there must be none yet."""
        self.giving += 1
        self.given = amount

    def let_go(self, number: int) -> Amount | None:
        """It takes that transfer: the amount, if it was still set aside.  Raises ``ValueError`` for one never made."""
        if number > self.giving:
            raise ValueError(f"{self.name} takes number {number}; the last one was {self.giving}")
        if number != self.giving or self.given is None:
            return None
        amount, self.given = self.given, None
        self.net += amount
        return amount

    def take_back(self, number: int, closed: int) -> Amount | None:
        """It refuses that transfer: the amount, if it was still set aside.  Numbers go on above ``closed``."""
        amount = None
        if number == self.giving and self.given is not None:
            amount, self.given = self.given, None
        if self.given is None:
            self.giving = max(self.giving, closed)
        return amount

    # -- as the taker --------------------------------------------------------------------------------------------------

    def hold(self, number: int, amount: Amount, is_welcome: bool) -> tuple[bool, Amount | None]:
        """It gives: whether that is taken, and an amount that may be used from now on.

        A new number says that the giver has let go of the last.  What was refused once stays so, however often it is
        repeated, for the giver has it back.
        """
        if number <= self.closed:
            return False, None
        if self.held is not None and number == self.holding:
            return True, None
        if self.held is not None and number < self.holding:
            return False, None
        usable = self.settle(self.holding)
        if not is_welcome:
            self.closed = number
            return False, usable
        self.holding, self.held = number, amount
        return True, usable

    def settle(self, number: int) -> Amount | None:
        """The giver has let go of that transfer: the amount, if it was still held."""
        if self.held is None or number != self.holding:
            return None
        amount, self.held = self.held, None
        self.closed = self.holding
        self.net -= amount
        return amount

    # -- death ---------------------------------------------------------------------------------------------------------

    def bury(self, life: int) -> Amount:
        """That life is over, and ``life`` of the cell was the one here: what is left behind by it."""
        left = (self.given or 0) + (self.held or 0)
        self.buried = max(self.buried, life)
        self.told = -math.inf
        self.giving = self.holding = self.closed = self.life = 0
        self.given = self.held = None
        self.net = 0
        return left
