"""Equal workers behind one ref: round robin, by key, one of them crashing, and a resize while it runs.

Prints:

    round robin: resizer-1 resizer-2 resizer-3 resizer-1
    one crashed: resizer-1 resizer-2 resizer-3
    resized to 2: resizer-1 resizer-2 resizer-1
    by key: all of Ada's went to one worker: True
"""

import asyncio
from dataclasses import dataclass

from actors import Actor, ActorDied, Request, handle
from supervisors import Pool, Supervisor, by_key, child


@dataclass(frozen=True, slots=True)
class Resize(Request[str]):
    """Resize the picture of somebody; the answer is who did it."""

    owner: str
    picture: str


class Resizer(Actor):
    """One of several."""

    @handle
    def resize(self, message: Resize) -> str:
        """Say who did it; crash on a broken picture."""
        if message.picture == "broken":
            raise OSError("cannot read it")
        return self.pid.name.rpartition("/")[2]


def owner_of(message: Resize) -> str:
    """The key by which pictures are routed."""
    return message.owner


tree = Supervisor(
    "pictures",
    [
        Pool("thumbnails", child(Resizer, id="resizer"), size=3),
        Pool("albums", child(Resizer, id="resizer"), size=3, route=by_key(owner_of)),
    ],
)


async def main() -> None:
    """Ask the pools; their ref is used like any other."""
    async with tree.running(log=False) as pictures:
        thumbnails = pictures.ref("thumbnails")
        names = [await thumbnails.ask(Resize("Ada", "cat")) for _ in range(4)]
        print("round robin:", *names)

        try:
            await thumbnails.ask(Resize("Ada", "broken"))
        except ActorDied:
            names = [await thumbnails.ask(Resize("Ada", "cat")) for _ in range(3)]
            print("one crashed:", *sorted(names))

        await pictures.at("thumbnails").resize(2)
        names = [await thumbnails.ask(Resize("Ada", "cat")) for _ in range(3)]
        print("resized to 2:", *names)

        albums = pictures.ref("albums")
        workers = {await albums.ask(Resize("Ada", f"picture {number}")) for number in range(10)}
        print("by key: all of Ada's went to one worker:", len(workers) == 1)


if __name__ == "__main__":
    asyncio.run(main())
