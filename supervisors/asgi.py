"""A tree inside an ASGI service: started and stopped with it, its health answered from the tree.

No web framework is imported.  Starlette and FastAPI take the object as ``lifespan=``; any other ASGI application is
wrapped by :meth:`Lifespan.wrap`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from actors import Watchdog
from actors.watchdog import WATCHDOG

from .running import Running
from .spec import Tree

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Lifespan:
    """``Starlette(lifespan=planaria_lifespan(tree))``; the running tree is ``request.state.planaria`` and ``.running``.

    ``is_live``: the tree has not given up.  ``is_ready``: it has started, every child that should run does, and none
    holds the loop for long or did of late (see ``Watchdog``).
    """

    def __init__(self, tree: Tree, *, watchdog: Watchdog | None = WATCHDOG) -> None:
        self.tree = tree
        self.watchdog = watchdog
        self.running: Running | None = None

    def __call__(self, app: object = None) -> AbstractAsyncContextManager[dict[str, Any]]:
        return self._lifespan()

    @asynccontextmanager
    async def _lifespan(self) -> AsyncIterator[dict[str, Any]]:
        async with self.tree.running(watchdog=self.watchdog) as running:
            self.running = running
            try:
                yield {"planaria": running}
            finally:
                self.running = None

    @property
    def is_live(self) -> bool:
        """Whether the process is worth keeping: false once the tree has given up."""
        return self.running is None or self.running.is_alive

    @property
    def is_ready(self) -> bool:
        """Whether traffic is welcome: the tree runs, nobody in it is missing, and nobody holds the loop."""
        return self.running is not None and self.running.is_ready

    async def health(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application: ``/livez`` and ``/readyz`` answer 200 or 503 with JSON; mount it where you like."""
        path = scope.get("path", "").rstrip("/")
        if path.endswith("/livez"):
            await _answer(send, 200 if self.is_live else 503, {"live": self.is_live})
        elif path.endswith("/readyz"):
            ready = self.is_ready
            missing = self.running.missing() if self.running is not None else [self.tree.name]
            blocking = self.running.blocking() if self.running is not None else []
            body = {"ready": ready, "missing": missing} | ({"blocking": blocking} if blocking else {})
            await _answer(send, 200 if ready else 503, body)
        else:
            await _answer(send, 404, {"error": "try /livez or /readyz"})

    def wrap(self, app: App, health: str | None = "/health") -> App:
        """An ASGI application that runs the tree for ``app`` and answers ``{health}/livez`` and ``{health}/readyz``.

        ``app`` itself is not sent the lifespan events.
        """

        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan":
                await self._serve_lifespan(scope, receive, send)
            elif scope["type"] == "http" and health is not None and scope["path"].startswith(f"{health}/"):
                await self.health(scope, receive, send)
            else:
                await app(scope, receive, send)

        return wrapped

    async def _serve_lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        phase = "startup"
        try:
            async with self() as state:
                scope.setdefault("state", {}).update(state)
                await send({"type": "lifespan.startup.complete"})
                phase = "shutdown"
                await receive()
        except Exception as error:
            await send({"type": f"lifespan.{phase}.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.shutdown.complete"})


def planaria_lifespan(tree: Tree, *, watchdog: Watchdog | None = WATCHDOG) -> Lifespan:
    """The lifespan of an ASGI application that runs ``tree``; see :class:`Lifespan`."""
    return Lifespan(tree, watchdog=watchdog)


async def _answer(send: Send, status: int, body: dict[str, Any]) -> None:
    data = json.dumps(body).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
