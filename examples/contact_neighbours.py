"""Who is close: siblings find each other by rack, by what they are about or by a rule of their own, and ask each other.

Nobody keeps a list of members. Each worker says what it is to be found by; closeness is whatever is needed just now.

Prints:

    in the same rack:   images-2 (0), images-3 (2)
    about the same:     images-3 (0.5), images-4 (0.67)
    in another rack:    images-3 (0), images-4 (0)
    photo-17 is at:     images-2
    images-2 has ended.
    photo-17 is at:     nobody close
"""

import math
from dataclasses import dataclass

from actors import Actor, Request, handle
from actors.testing import World, world
from actors.tissue import Neighbour, Profile
from supervisors import Supervisor, child


@dataclass(frozen=True, slots=True)
class Has(Request[bool]):
    """Is this picture there?"""

    picture: str


@dataclass(frozen=True, slots=True)
class Search(Request[list[str]]):
    """Who of the three closest has this picture?"""

    picture: str


def elsewhere(mine: Profile, other: Profile) -> float:
    """A metric of one's own: a copy must not be in the same rack, and anywhere else will do."""
    return math.inf if mine.zone == other.zone else 0.0


class Images(Actor):
    """Keeps some pictures."""

    def __init__(self, zone: str, about: set[str], *pictures: str) -> None:
        self.zone = zone
        self.about = about
        self.pictures = pictures

    def started(self) -> None:
        """Say what it is to be found by."""
        self.contact.describe(zone=self.zone, tags=self.about)

    @handle
    def has(self, message: Has) -> bool:
        """Neighbours ask this like anybody else."""
        return message.picture in self.pictures

    @handle
    async def search(self, message: Search) -> list[str]:
        """Ask the close ones, all at once; one that fails is an answer with an error, not an exception."""
        answers = await self.contact.ask(Has(message.picture), k=3)
        return [short(each.neighbour) for each in answers if each.value]

    @handle
    def look(self, message: str) -> None:
        """Two neighbours by each of three metrics."""
        show("in the same rack", self.contact.neighbours(2, near="zone"))
        show("about the same", self.contact.neighbours(2, near="tags"))
        show("in another rack", self.contact.neighbours(2, near=elsewhere))


def short(neighbour: Neighbour) -> str:
    """The name without the supervisor's."""
    return neighbour.name.rpartition("/")[2]


def show(how: str, found: list[Neighbour]) -> None:
    """Print who was found, and how far away."""
    names = sorted(f"{short(each)} ({each.distance:.2g})" for each in found)
    print(f"{how + ':':19} {', '.join(names)}")


tree = Supervisor(
    "pictures",
    [
        child(Images, "eu/eu-1/rack-1", {"cats", "dogs"}, "photo-1", id="images-1"),
        child(Images, "eu/eu-1/rack-1", {"trees"}, "photo-17", id="images-2"),
        child(Images, "eu/eu-1/rack-2", {"cats"}, id="images-3"),
        child(Images, "us/us-1/rack-1", {"dogs", "birds"}, id="images-4"),
    ],
)


async def main(w: World) -> None:
    """One of them looks around; then its closest neighbour ends for good."""
    async with tree.running(log=False) as pictures:
        images = pictures.ref("images-1")
        await images.ask("look")
        print("photo-17 is at:    ", *await images.ask(Search("photo-17")))
        await pictures.terminate_child("images-2")
        print("images-2 has ended.")
        print("photo-17 is at:    ", *await images.ask(Search("photo-17")) or ["nobody close"])


if __name__ == "__main__":
    world(seed=1).run(main)
