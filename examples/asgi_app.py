"""A tree inside an ASGI service: started and stopped with it, its health answered from the tree.

No web framework and no server is needed to see it: `main` plays the server; `uvicorn examples.asgi_app:app` is one.
Starlette and FastAPI take `lifespan=planaria_lifespan(tree)` instead of `wrap`.

Prints:

    server starts:         lifespan.startup.complete
    GET /                  200 visit 1
    GET /                  200 visit 2
    GET /health/livez      200 {"live": true}
    GET /health/readyz     200 {"ready": true, "missing": []}
    the counter crashes and cannot start
    GET /health/livez      200 {"live": true}
    GET /health/readyz     503 {"ready": false, "missing": ["site/counter"]}
    server stops:          lifespan.shutdown.complete
"""

import asyncio
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from actors import Actor, Request, handle
from supervisors import Backoff, Supervisor, child, planaria_lifespan

Message = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class Count(Request[int]):
    """One more visit."""


class Counter(Actor):
    """Counts visits."""

    broken = False

    def __init__(self) -> None:
        self.visits = 0

    def started(self) -> None:
        """Fails while something outside is broken."""
        if self.broken:
            raise ConnectionError("store is away")

    @handle
    def count(self, message: Count) -> int:
        """One more."""
        self.visits += 1
        return self.visits


tree = Supervisor("site", [child(Counter, id="counter", backoff=Backoff(base=5.0, cap=5.0))])
lifespan = planaria_lifespan(tree)


async def site(scope: Message, receive: Any, send: Any) -> None:
    """The application proper: it asks the tree, which it finds in the scope's state."""
    visits = await scope["state"]["planaria"].ref("counter").ask(Count())
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": f"visit {visits}".encode()})


app = lifespan.wrap(site)


class Server:
    """The least server: one lifespan, one request at a time."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.to_app: asyncio.Queue[Message] = asyncio.Queue()
        self.from_app: asyncio.Queue[Message] = asyncio.Queue()

    async def life(self, event: str) -> str:
        """Send a lifespan event and wait for what the application says to it."""
        if event == "startup":
            scope = {"type": "lifespan", "state": self.state}
            self.task = asyncio.ensure_future(app(scope, self.to_app.get, self.from_app.put))
        await self.to_app.put({"type": f"lifespan.{event}"})
        return str((await self.from_app.get())["type"])

    async def get(self, path: str) -> None:
        """One request."""
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        await app({"type": "http", "path": path, "state": dict(self.state)}, self.to_app.get, send)
        print(f"{f'GET {path}':22} {sent[0]['status']} {sent[1]['body'].decode()}")


async def main() -> None:
    """Play the server."""
    server = Server()
    print("server starts:        ", await server.life("startup"))
    for path in ("/", "/", "/health/livez", "/health/readyz"):
        await server.get(path)
    print("the counter crashes and cannot start")
    Counter.broken = True
    assert lifespan.running is not None
    lifespan.running.ref("counter").kill()
    await asyncio.sleep(0.05)
    for path in ("/health/livez", "/health/readyz"):
        await server.get(path)
    print("server stops:         ", await server.life("shutdown"))
    await server.task


if __name__ == "__main__":
    asyncio.run(main())
