"""An actor crashes on a request: who asked hears of it at once, the next request meets a new life behind the same ref.

Nothing in `Account` deals with failure.  The request that was in hand is not tried again; those in line are kept.

Prints:

    life 1: 70 left
    the asker gets: bank/account#1 is dead: crashed(ValueError: 500 is more than 70)
    life 2: 95 left
    and the journal says:
      bank/account serves
      bank is ready with 1 child after …
      bank/account died…: crashed(ValueError: 500 is more than 70) (life 1, …); it is restarted
      bank/account serves again (life 2, … after the last one ended)
"""

import asyncio
from dataclasses import dataclass

from actors import Actor, ActorDied, Request, handle
from supervisors import Supervisor, child


@dataclass(frozen=True, slots=True)
class Withdraw(Request[str]):
    """Take money out; the answer (a `str`, for type checkers too) says what is left."""

    amount: int


class Account(Actor):
    """Starts every life from a state that is known to be good."""

    def __init__(self, opening: int) -> None:
        self.balance = opening

    @handle
    def withdraw(self, message: Withdraw) -> str:
        """Pay, or crash."""
        if message.amount > self.balance:
            raise ValueError(f"{message.amount} is more than {self.balance}")
        self.balance -= message.amount
        return f"life {self.pid.incarnation}: {self.balance} left"


tree = Supervisor("bank", [child(Account, 100, id="account")])


async def main() -> None:
    """Withdraw, crash it, withdraw again."""
    async with tree.running(log=False) as bank:
        account = bank.ref("account")
        print(await account.ask(Withdraw(30)))
        try:
            await account.ask(Withdraw(500))
        except ActorDied as error:
            print("the asker gets:", error)
        print(await account.ask(Withdraw(5)))
        print("and the journal says:")
        for event in bank.journal:
            print(" ", event.describe())


if __name__ == "__main__":
    asyncio.run(main())
