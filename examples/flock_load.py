"""A flock: 600 jobs arrive at one of six workers, and half a second later each has a hundred, with no balancer.

Each only compares itself with its neighbours, and gives those that have less their part. Nothing is lost on the way,
nothing is done twice. Jobs are not cut in pieces: at rest neighbours differ by no more than the number of neighbours.

Prints:

    0.0 s  600 0 0 0 0 0
    0.5 s  100 100 100 100 100 100
    0.5 s  100 100 100 220 100 100
    1.0 s  121 120 117 120 121 121
"""

from dataclasses import dataclass

from actors import Actor, handle
from actors.testing import World, world
from actors.tissue import Gave
from supervisors import Supervisor, child


@dataclass(frozen=True, slots=True)
class Jobs:
    """Work that comes from outside, or from a neighbour."""

    numbers: tuple[int, ...]
    is_new: bool = True


class Worker(Actor):
    """Has jobs."""

    def started(self) -> None:
        """Take part, with nothing to do so far."""
        self.jobs: list[int] = []
        self.contact.put_load(0)

    @handle
    def take(self, message: Jobs) -> None:
        """What is new is put on the scales; what a neighbour hands over has been weighed already."""
        self.jobs += message.numbers
        if message.is_new:
            self.contact.put_load(len(message.numbers))

    @handle
    def gave(self, event: Gave) -> None:
        """So many belong to a neighbour now: hand them over."""
        count = int(event.amount)
        given, self.jobs = self.jobs[:count], self.jobs[count:]
        neighbour = self.contact.at(event.to)
        if neighbour is not None:
            neighbour.tell(Jobs(tuple(given), is_new=False))
        else:  # it has died meanwhile
            self.ref.tell(Jobs(tuple(given)))


tree = Supervisor("shop", [child(Worker, id=f"worker-{number}") for number in range(6)])


async def main(w: World) -> None:
    """A burst at one worker, then another one at the next."""
    async with tree.running(log=False) as shop:
        workers = [shop.ref(f"worker-{number}") for number in range(6)]

        async def show() -> None:
            counts = [len((await each.get_state())["jobs"]) for each in workers]
            print(f"{w.now():.1f} s ", *counts)

        workers[0].tell(Jobs(tuple(range(600))))
        await w.idle()
        await show()
        await w.advance(0.5)
        await show()
        workers[3].tell(Jobs(tuple(range(600, 720))))
        await w.idle()
        await show()
        await w.advance(0.5)
        await show()


if __name__ == "__main__":
    world(seed=1).run(main)
