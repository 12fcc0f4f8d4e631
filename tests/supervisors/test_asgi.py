"""A tree inside an ASGI service, driven by hand: start, stop, failure, liveness and readiness."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import MutableMapping
from typing import Any

import pytest

from actors import StartFailed, Watchdog
from actors.testing import World, world
from supervisors import Backoff, Supervisor, planaria_lifespan
from supervisors.asgi import Lifespan
from supervisors.errors import TreeGaveUp
from tests.supervisors.fixtures import AsyncWorker, Do, Recorder, end, fails

Message = MutableMapping[str, Any]


class Server:
    """The server's side of an ASGI application."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.sent: list[Message] = []
        self.state: dict[str, Any] = {}
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Future[None] | None = None

    async def _send(self, message: Message) -> None:
        self.sent.append(message)

    async def startup(self) -> None:
        """Send the startup event and wait for what comes of it."""
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self.state}
        self._task = asyncio.ensure_future(self.app(scope, self._inbox.get, self._send))
        await self._event("lifespan.startup")

    async def shutdown(self) -> None:
        await self._event("lifespan.shutdown")

    async def _event(self, kind: str) -> None:
        count = len(self.sent)
        self._inbox.put_nowait({"type": kind})
        while len(self.sent) == count:
            await asyncio.sleep(0.01)

    async def ended(self) -> BaseException | None:
        """How the application's lifespan call ended."""
        assert self._task is not None
        await asyncio.wait([self._task])
        return self._task.exception()

    async def get(self, path: str) -> tuple[int, Any]:
        """Status and decoded body of a GET."""
        answer: list[Message] = []

        async def send(message: Message) -> None:
            answer.append(message)

        await self.app({"type": "http", "method": "GET", "path": path}, self._inbox.get, send)
        assert [message["type"] for message in answer] == ["http.response.start", "http.response.body"]
        headers = dict(answer[0]["headers"])
        assert int(headers[b"content-length"]) == len(answer[1]["body"])
        return answer[0]["status"], json.loads(answer[1]["body"])

    @property
    def kinds(self) -> list[str]:
        return [message["type"] for message in self.sent]


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """An application of one's own."""
    body = json.dumps({"hello": scope["path"]}).encode()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]}
    )
    await send({"type": "http.response.body", "body": body})


def served(r: Recorder, *specs: Any, **options: Any) -> tuple[Lifespan, Server]:
    lifespan = planaria_lifespan(Supervisor("top", specs or r.children("a b"), **options))
    return lifespan, Server(lifespan.wrap(hello))


# -- lifespan ----------------------------------------------------------------------------------------------------------


@world()
async def test_startup_starts_the_tree_and_shutdown_stops_it(w: World) -> None:
    r = Recorder()
    _, server = served(r)
    await server.startup()
    started = r.take()
    await server.shutdown()

    assert (started, r.take()) == (["+a", "+b"], ["-b shutdown", "-a shutdown"])
    assert server.kinds == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert await server.ended() is None


@world()
async def test_startup_is_complete_only_when_the_tree_has_started(w: World) -> None:
    r = Recorder()
    r.plans["a"].append(3.0)
    _, server = served(r, r.child("a", AsyncWorker))
    await server.startup()

    assert 3.0 <= w.now() < 3.1
    await server.shutdown()


@world()
async def test_the_running_tree_is_in_the_state_of_requests(w: World) -> None:
    r = Recorder()
    lifespan, server = served(r)
    await server.startup()

    assert (server.state["planaria"], lifespan.running) == (lifespan.running, server.state["planaria"])
    await server.shutdown()


@world()
async def test_a_tree_that_does_not_start_fails_the_startup_with_its_reason(w: World) -> None:
    r = Recorder()
    r.always["b"] = "fail"
    _, server = served(r)
    await server.startup()

    assert (server.kinds, "b fails" in server.sent[0]["message"]) == (["lifespan.startup.failed"], True)
    assert isinstance(await server.ended(), StartFailed)


@world()
async def test_a_tree_that_gave_up_meanwhile_fails_the_shutdown_with_its_reason(w: World) -> None:
    r = Recorder()
    lifespan, server = served(r, max_restarts=0)
    await server.startup()
    assert lifespan.running is not None
    end(lifespan.running.ref("a"))
    await w.idle()
    await server.shutdown()

    assert (server.kinds, "gave up" in server.sent[-1]["message"]) == (
        ["lifespan.startup.complete", "lifespan.shutdown.failed"],
        True,
    )
    assert isinstance(await server.ended(), TreeGaveUp)


@world()
async def test_starlette_takes_the_lifespan_as_it_is(w: World) -> None:
    r = Recorder()
    lifespan = planaria_lifespan(Supervisor("top", r.children("a")))
    async with lifespan(object()) as state:
        assert state == {"planaria": lifespan.running}

    assert (lifespan.running, r.take()) == (None, ["+a", "-a shutdown"])


@world()
async def test_an_error_in_the_service_stops_the_tree_and_goes_on(w: World) -> None:
    r = Recorder()
    lifespan = planaria_lifespan(Supervisor("top", r.children("a")))

    async def serve() -> None:
        async with lifespan(object()):
            raise ZeroDivisionError

    await fails(serve(), ZeroDivisionError)
    assert r.take() == ["+a", "-a shutdown"]


# -- health ------------------------------------------------------------------------------------------------------------


@world()
async def test_a_running_tree_is_live_and_ready(w: World) -> None:
    r = Recorder()
    _, server = served(r)
    await server.startup()

    assert await server.get("/health/livez") == (200, {"live": True})
    assert await server.get("/health/readyz") == (200, {"ready": True, "missing": []})
    await server.shutdown()


@world()
async def test_a_tree_that_has_not_started_is_live_and_not_ready(w: World) -> None:
    r = Recorder()
    _, server = served(r)

    assert await server.get("/health/livez") == (200, {"live": True})
    assert await server.get("/health/readyz") == (503, {"ready": False, "missing": ["top"]})


@world()
async def test_a_tree_with_a_child_missing_is_live_and_not_ready_until_it_is_back(w: World) -> None:
    r = Recorder()
    lifespan, server = served(r, r.child("a", backoff=Backoff(10.0, 10.0)), r.child("b"))
    await server.startup()
    assert lifespan.running is not None
    end(lifespan.running.ref("a"))
    await w.idle()
    during = [await server.get("/health/livez"), await server.get("/health/readyz")]
    await w.advance(10.0)

    assert during == [(200, {"live": True}), (503, {"ready": False, "missing": ["top/a"]})]
    assert (await server.get("/health/readyz"))[0] == 200
    await server.shutdown()


@world()
async def test_a_tree_whose_finished_child_is_not_missed_is_ready(w: World) -> None:
    r = Recorder()
    lifespan, server = served(r, r.child("a", restart="transient"))
    await server.startup()
    assert lifespan.running is not None
    end(lifespan.running.ref("a"), "normal")
    await w.idle()

    assert (await server.get("/health/readyz"))[0] == 200
    await server.shutdown()


@world()
async def test_a_tree_that_gave_up_is_neither_live_nor_ready(w: World) -> None:
    r = Recorder()
    lifespan, server = served(r, max_restarts=0)
    await server.startup()
    assert lifespan.running is not None
    end(lifespan.running.ref("a"))
    await w.idle()

    assert (await server.get("/health/livez"))[0] == 503
    assert (await server.get("/health/readyz"))[0] == 503
    await server.shutdown()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", (200, {"hello": "/"})),
        ("/healthy/livez", (200, {"hello": "/healthy/livez"})),
        ("/health/livez/", (200, {"live": True})),
        ("/health/other", (404, {"error": "try /livez or /readyz"})),
    ],
)
@world()
async def test_only_health_paths_are_answered_for_the_application(w: World, path: str, expected: Any) -> None:
    r = Recorder()
    _, server = served(r)
    await server.startup()

    assert await server.get(path) == expected
    await server.shutdown()


@world()
async def test_health_can_be_mounted_elsewhere_or_nowhere(w: World) -> None:
    r = Recorder()
    lifespan = planaria_lifespan(Supervisor("top", r.children("a")))

    assert await Server(lifespan.wrap(hello, health="/x")).get("/x/livez") == (200, {"live": True})
    assert await Server(lifespan.wrap(hello, health=None)).get("/health/livez") == (200, {"hello": "/health/livez"})
    assert await Server(lifespan.health).get("/livez") == (200, {"live": True})


async def blocked_answers(policy: Watchdog | None) -> list[tuple[int, Any]]:
    """What ``readyz`` says after a child has held the loop, and when that is long enough ago."""
    r = Recorder()
    lifespan = planaria_lifespan(Supervisor("top", r.children("a b")), watchdog=policy)
    server = Server(lifespan.wrap(hello))
    await server.startup()
    assert lifespan.running is not None
    await lifespan.running.ref("b").ask(Do(lambda _: time.sleep(0.25)))
    answers = [await server.get("/health/readyz"), await server.get("/health/livez")]
    await asyncio.sleep(0.25)
    answers.append(await server.get("/health/readyz"))
    await server.shutdown()
    return answers


@pytest.mark.real
def test_a_tree_in_which_somebody_held_the_loop_for_long_is_not_ready_for_a_while() -> None:
    answers = asyncio.run(blocked_answers(Watchdog(bound=0.05, unready=0.1, hold=0.2, log=False)))

    assert answers == [
        (503, {"ready": False, "missing": [], "blocking": ["top/b"]}),
        (200, {"live": True}),
        (200, {"ready": True, "missing": []}),
    ]


@pytest.mark.real
def test_without_a_watchdog_a_tree_in_which_the_loop_is_held_is_ready() -> None:
    answers = asyncio.run(blocked_answers(None))

    assert [code for code, _ in answers] == [200, 200, 200]
