"""A message that kills whoever handles it: with `redeliver=2` it may end two lives, then it is put aside.

Without `redeliver` (the default, 0) a message in hand at a crash is never handed out again.

Prints:

    job 1 done in life 1
    quarantined: Job(number=2) after 2 deaths
    job 3 done in life 3
    job 4 done in life 3
    dead letter: Job(number=2), because: quarantined
"""

import asyncio
from dataclasses import dataclass

from actors import Actor, Mailbox, Quarantined, handle
from supervisors import Supervisor, child


@dataclass(frozen=True, slots=True)
class Job:
    """Some work; number 2 cannot be done."""

    number: int


class Worker(Actor):
    """Does jobs."""

    @handle
    def job(self, message: Job) -> None:
        """Do it, or crash."""
        if message.number == 2:
            raise RuntimeError("this one is poisonous")
        print(f"job {message.number} done in life {self.pid.incarnation}")


tree = Supervisor("jobs", [child(Worker, id="worker", mailbox=Mailbox(limit=100, redeliver=2))])


def note(event: object) -> None:
    """Called with every event of the system."""
    if isinstance(event, Quarantined):
        print(f"quarantined: {event.message} after {event.deaths} deaths")


async def main() -> None:
    """Three jobs, one of them poisonous."""
    async with tree.running(log=False) as jobs:
        jobs.system.events.subscribe(note)
        for number in (1, 2, 3):
            jobs.ref("worker").tell(Job(number))
        await jobs.ref("worker").ask(Job(4))
        for letter in jobs.system.dead_letters:
            print(f"dead letter: {letter.message}, because: {letter.why}")


if __name__ == "__main__":
    asyncio.run(main())
