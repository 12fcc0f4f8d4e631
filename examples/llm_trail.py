"""Trails: requests find their way to the cheaper of two models, leave it when it dies, and come back by themselves.

There is no list of endpoints and no health check. What arrives strengthens the way it went; a few explorers walk the
other ways too; what is not walked fades. A dead end is wiped at once. One that is back starts in the middle of the
others, and gets its full share only after ten seconds.

Prints:

      1.0 s  near 19, far 1
      5.5 s  near 20
    near is killed, with a question in hand; it is answered by far
     10.2 s  far 20
    near is there again
     22.3 s  near 7, far 13
     31.5 s  near 19, far 1
"""

import asyncio
from collections import Counter
from dataclasses import dataclass

from actors import Actor, Ref, Request, handle
from actors.testing import World, world


@dataclass(frozen=True, slots=True)
class Prompt(Request[str]):
    """A question to a model; the answer is who has answered."""

    text: str


class Model(Actor):
    """Answers in so many seconds, and says so: the cost is what one end of a trail knows of itself."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def started(self) -> None:
        """Be found."""
        self.contact.of("models").offer("llm", cost=self.seconds)

    @handle
    async def answer(self, message: Prompt) -> str:
        """Think."""
        await asyncio.sleep(self.seconds)
        return self.pid.name


class Chat(Actor):
    """Wants a model, and does not care which."""

    def started(self) -> None:
        """Follow the trail that is the best now."""
        self.model = self.contact.of("models").trail("llm")

    @handle
    async def say(self, text: str) -> str:
        """Ask whoever is at the end of it."""
        return str(await self.model.ask(Prompt(text), timeout=3.0))


async def twenty(w: World, chat: Ref[str]) -> None:
    """Ask twenty times; print who has answered how often."""
    began = w.now()
    who = Counter([await chat.ask("hello") for _ in range(20)])
    print(f"{began:5.1f} s  {', '.join(f'{name} {who[name]}' for name in ('near', 'far') if who[name])}")


async def main(w: World) -> None:
    """Two models; the better one dies, and comes back."""
    near = await w.spawn(Model, 0.2, name="near")
    await w.spawn(Model, 0.6, name="far")
    chat = await w.spawn(Chat, name="chat")

    await w.advance(1.0)
    await twenty(w, chat)
    await twenty(w, chat)

    in_hand = asyncio.ensure_future(chat.ask("hello"))
    await w.advance(0.1)
    near.kill()
    print("near is killed, with a question in hand; it is answered by", await in_hand)
    await twenty(w, chat)

    await w.spawn(Model, 0.2, name="near")
    print("near is there again")
    await twenty(w, chat)
    await twenty(w, chat)


if __name__ == "__main__":
    world(seed=1).run(main)
