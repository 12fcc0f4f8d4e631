"""Gradients: an actor goes to the nearest GPU, whichever that is, and when it dies, to the next; nothing is registered.

Cells are linked as they like, here as rooms in a row. What is emitted in one spreads from room to room, and every cell
knows how far the nearest source is, and over whom. What is asked of it is an ordinary question to an ordinary handler.

Prints:

    hall: 2 rooms to the nearest GPU, over room-2@world
    hall: gpu-east has done cat.png
    gpu-east is killed
    hall: gpu-west has done dog.png
    hall: 3 rooms to the nearest GPU, over room-1@world
    gpu-west is killed
    hall: no source of the field 'gpu' within 2 s; some actor must emit('gpu')
"""

from dataclasses import dataclass

from actors import Actor, Request, handle
from actors.testing import World, world
from actors.tissue import NoSource


@dataclass(frozen=True, slots=True)
class Render(Request[str]):
    """Render a picture."""

    picture: str


@dataclass(frozen=True, slots=True)
class Look(Request[str]):
    """How far is it?"""


class Room(Actor):
    """A cell of the corridor, linked to the room before it."""

    def __init__(self, door: str) -> None:
        self.door = door

    def started(self) -> None:
        """Say to whom one is linked."""
        self.corridor = self.contact.join("corridor", close=0, random=0)
        self.corridor.link(self.door)


class Gpu(Room):
    """A room with a GPU in it."""

    def started(self) -> None:
        """Say what is here."""
        super().started()
        self.corridor.emit("gpu")

    @handle
    def render(self, message: Render) -> str:
        """Asked by whoever this one is the nearest of."""
        return f"{self.pid.name} has done {message.picture}"


class Hall(Room):
    """Has no GPU, and needs one."""

    @handle
    async def draw(self, picture: str) -> str:
        """Ask whoever is nearest now; if that one dies over it, the next nearest is asked."""
        try:
            return str(await self.corridor.toward("gpu").ask(Render(picture), timeout=2.0))
        except NoSource as error:
            return str(error)

    @handle
    def look(self, message: Look) -> str:
        """What the field is here."""
        gpu = self.corridor.field("gpu")
        return f"{gpu.distance:g} rooms to the nearest GPU, over {gpu.next_hop}"


async def main(w: World) -> None:
    """gpu-west, room-0, room-1, hall, room-2, gpu-east, in a row; one GPU dies, then the other."""
    west = await w.spawn(Gpu, "room-0", name="gpu-west")
    await w.spawn(Room, "room-1", name="room-0")
    await w.spawn(Room, "hall", name="room-1")
    hall = await w.spawn(Hall, "room-2", name="hall")
    await w.spawn(Room, "gpu-east", name="room-2")
    east = await w.spawn(Gpu, "room-2", name="gpu-east")

    await w.advance(2.0)
    print("hall:", await hall.ask(Look()))
    print("hall:", await hall.ask("cat.png"))
    east.kill()
    print("gpu-east is killed")
    print("hall:", await hall.ask("dog.png"))
    print("hall:", await hall.ask(Look()))
    west.kill()
    print("gpu-west is killed")
    print("hall:", await hall.ask("owl.png"))


if __name__ == "__main__":
    world(seed=1).run(main)
