"""The door: who may ask, what is answered, and that no visitor does any harm."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
import struct
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors import Actor, StartFailed
from actors.engines import loop
from supervisors import Supervisor, child
from supervisors.autopsy import door as door_module
from supervisors.autopsy import folder
from supervisors.autopsy.client import DoorError, ask, found
from supervisors.autopsy.door import REQUEST, VISITORS, Door
from supervisors.autopsy.record import Autopsy
from supervisors.autopsy.verbs import LARGEST, MOST, VERBS
from supervisors.running import Running
from tests.supervisors.autopsy.stage import Clerk, crash

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no local sockets"),
]

TREE = Supervisor("shop", [child(Clerk, id="clerk"), Supervisor("stock", [child(Actor, id="a")])], max_restarts=1000)


@pytest.fixture(autouse=True)
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime directory of this test's own, with a short name: those of sockets are limited.  Whoever else runs on
    this machine has doors in others.
    """
    with tempfile.TemporaryDirectory(prefix="pl") as place:
        monkeypatch.setenv("XDG_RUNTIME_DIR", place)
        monkeypatch.setattr("supervisors.autopsy.folder.tempfile.gettempdir", lambda: place)
        yield Path(place)


@asynccontextmanager
async def opened(tree: Supervisor = TREE, **options: Any) -> AsyncIterator[tuple[Running, Door]]:
    """A running tree and its door."""
    async with tree.running(log=False) as running:
        door = Door(running, **options)
        await door.open()
        try:
            yield running, door
        finally:
            await door.close()


async def asked(door: Door, verb: str, **request: Any) -> Any:
    """What the door answers; asked from another thread, as another process would."""
    assert door.path is not None
    return await asyncio.to_thread(ask, door.path, {"verb": verb, **request})


async def refused(door: Door, verb: str, **request: Any) -> tuple[str, str]:
    with pytest.raises(DoorError) as error:
        await asked(door, verb, **request)
    return error.value.kind, str(error.value)


async def sent(door: Door, data: bytes, *, end: bool = True) -> bytes:
    """Everything that the door says to raw bytes."""
    reader, writer = await asyncio.open_unix_connection(str(door.path))
    try:
        writer.write(data)
        if end:
            writer.write_eof()
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


# -- what is answered --------------------------------------------------------------------------------------------------


async def _why() -> None:
    async with opened() as (shop, door):
        for _ in range(3):
            crash(shop.ref("clerk"))
            await asyncio.sleep(0.01)
        answer = await asked(door, "why", path="clerk", last=2)

        assert (answer["path"], answer["known"]) == ("shop/clerk", 3)
        assert [Autopsy.from_dict(each) for each in answer["autopsies"]] == shop.why("clerk", last=2)


def test_a_door_tells_what_the_tree_knows() -> None:
    asyncio.run(_why())


def test_a_door_says_whose_it_is_and_what_may_be_asked() -> None:
    async def main() -> None:
        async with opened() as (_, door):
            answer = await asked(door, "ping")

            assert (answer["tree"], answer["pid"], answer["alive"]) == ("shop", os.getpid(), True)
            assert answer["verbs"] == sorted(VERBS)

    asyncio.run(main())


def test_the_tree_and_its_parts_are_told_as_a_snapshot() -> None:
    async def main() -> None:
        async with opened() as (shop, door):
            assert await asked(door, "tree") == json.loads(json.dumps(shop.snapshot().to_dict()))
            assert (await asked(door, "tree", path="stock"))["path"] == "shop/stock"

    asyncio.run(main())


def test_questions_that_make_no_sense_are_refused_with_the_reason() -> None:
    async def main() -> None:
        async with opened() as (_, door):
            assert await refused(door, "why", path="clark") == (
                "no_such_path",
                "the tree has nothing at 'clark'; did you mean 'clerk'?",
            )
            assert await refused(door, "why") == ("bad_request", "path must be text")
            for last in (0, MOST + 1, "all", True):
                assert (await refused(door, "why", path="clerk", last=last))[0] == "bad_request"
            assert (await refused(door, "tree", path="nowhere"))[0] == "no_such_path"
            assert (await refused(door, "tree", path=7))[0] == "bad_request"
            assert await refused(door, "replace") == (
                "unknown_verb",
                "there is no verb 'replace'; there are drain, hosts, ping, top, tree, why",
            )

    asyncio.run(main())


def test_a_tree_that_is_too_large_is_told_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        monkeypatch.setattr("supervisors.autopsy.verbs.LARGEST", 3)
        async with opened() as (_, door):
            assert (await refused(door, "tree"))[0] == "too_large"
            assert (await asked(door, "tree", path="stock"))["path"] == "shop/stock"

    assert LARGEST == 10_000
    asyncio.run(main())


def test_a_new_verb_is_a_new_entry_and_may_wait() -> None:
    async def double(running: Running, request: Any) -> int:
        await asyncio.sleep(0)
        return 2 * int(request["number"])

    async def main() -> None:
        async with opened(verbs={**VERBS, "double": double}) as (_, door):
            assert await asked(door, "double", number=21) == 42
            assert await refused(door, "double") == ("failed", "KeyError: 'number'")

    asyncio.run(main())


def test_an_answer_that_is_too_large_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        monkeypatch.setattr(door_module, "ANSWER", 1000)
        async with opened(verbs={"much": lambda *_: "x" * 1000}) as (_, door):
            assert await refused(door, "much") == ("too_large", "the answer has more than 1,000 bytes")

    asyncio.run(main())


def test_a_tree_that_has_ended_answers_as_long_as_its_block_goes_on() -> None:
    async def main() -> None:
        async with opened() as (shop, door):
            await shop.stop()

            assert (await asked(door, "ping"))["alive"] is False
            assert (await asked(door, "why", path="shop"))["known"] == 1

    asyncio.run(main())


# -- hostile visitors --------------------------------------------------------------------------------------------------

NOISE = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=50).map(str.encode),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    ).map(lambda value: json.dumps(value).encode()),
    st.dictionaries(
        st.sampled_from(["verb", "path", "last"]),
        st.none() | st.text(max_size=5) | st.integers() | st.sampled_from([*VERBS]),
    ).map(lambda value: json.dumps(value).encode()),
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests=st.lists(NOISE, min_size=1, max_size=8))
def test_any_line_gets_one_line_of_json_or_nothing_and_the_tree_lives_on(requests: list[bytes]) -> None:
    async def main() -> None:
        async with opened() as (shop, door):
            for request in requests:
                answer = await sent(door, request + b"\n")
                if answer:
                    said = json.loads(answer)
                    assert answer.count(b"\n") == 1
                    assert said["ok"] is True or {"kind", "error"} <= said.keys()
            assert shop.is_alive
            assert (await asked(door, "ping"))["tree"] == "shop"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("data", "kind", "error"),
    [
        (b"{}\n", "bad_request", 'the request must be an object with a "verb"'),
        (b"[1]\n", "bad_request", 'the request must be an object with a "verb"'),
        (b"\xff\xfe\n", "bad_request", "the request is not JSON"),
        (b"[" * 20_000 + b"\n", "bad_request", "the request is not JSON"),
        (b'{"verb": "ping"}', "bad_request", "the request has no end of line"),
        (b"x" * (REQUEST + 10) + b"\n", "bad_request", f"the request has more than {REQUEST:,} bytes"),
    ],
    ids=["no verb", "no object", "no text", "too deep", "no end", "too long"],
)
def test_a_request_that_is_none_is_refused_with_the_reason(data: bytes, kind: str, error: str) -> None:
    async def main() -> None:
        async with opened() as (_, door):
            said = json.loads(await sent(door, data))

            assert (said["ok"], said["kind"]) == (False, kind)
            assert said["error"].startswith(error)

    asyncio.run(main())


def test_who_says_nothing_is_sent_away_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        monkeypatch.setattr(door_module, "TIMEOUT", 0.05)
        async with opened() as (_, door):
            assert await sent(door, b'{"verb"', end=False) == b""
            assert (await asked(door, "ping"))["tree"] == "shop"

    asyncio.run(main())


def test_who_does_not_take_the_answer_is_sent_away_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        monkeypatch.setattr(door_module, "TIMEOUT", 0.05)
        async with opened(verbs={**VERBS, "much": lambda *_: "x" * 5_000_000}) as (_, door):
            _, writer = await asyncio.open_unix_connection(str(door.path), limit=1)
            writer.write(b'{"verb": "much"}\n')
            await asyncio.sleep(0.01)
            async with asyncio.timeout(10.0):
                while door._visits:
                    await asyncio.sleep(0.01)

            assert (await asked(door, "ping"))["tree"] == "shop"
            writer.close()

    asyncio.run(main())


def test_too_many_visitors_are_told_so() -> None:
    async def main() -> None:
        async with opened() as (_, door):
            waiting = [await asyncio.open_unix_connection(str(door.path)) for _ in range(VISITORS)]
            await asyncio.sleep(0.01)
            assert json.loads(await sent(door, b'{"verb": "ping"}\n'))["kind"] == "busy"
            for _, writer in waiting:
                writer.close()
            await asyncio.sleep(0.01)

            assert (await asked(door, "ping"))["tree"] == "shop"

    asyncio.run(main())


def test_a_visitor_of_another_user_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with opened() as (_, door):
            monkeypatch.setattr(door_module, "peer_of", lambda descriptor: os.geteuid() + 1)
            assert await sent(door, b'{"verb": "ping"}\n') == b""
            monkeypatch.setattr(door_module, "peer_of", lambda descriptor: 0)
            assert json.loads(await sent(door, b'{"verb": "ping"}\n'))["ok"] is True

    asyncio.run(main())


def test_a_door_that_is_closed_sends_its_visitors_away_and_takes_its_socket_along() -> None:
    async def main() -> None:
        async with opened() as (_, door):
            path = door.path
            reader, writer = await asyncio.open_unix_connection(str(path))
            await asyncio.sleep(0.01)
            await door.close()

            assert await reader.read() == b""
            assert path is not None
            assert not path.exists()
            writer.close()

    asyncio.run(main())


# -- finding doors, and trusting them ----------------------------------------------------------------------------------


async def trees() -> tuple[list[str], list[str]]:
    doors, complaints = await asyncio.to_thread(found, dict(os.environ))
    return [door.tree for door in doors], complaints


def test_every_tree_with_a_door_is_found_also_two_of_a_name(runtime: Path) -> None:
    async def main() -> None:
        other = Supervisor("a tree/with odd: name".replace("/", "-"), [child(Actor, id="a")])
        async with opened() as (_, first), opened() as (_, second), opened(other):
            assert first.path != second.path
            assert await trees() == (["a tree-with odd: name", "shop", "shop"], [])
        assert await trees() == ([], [])
        assert list((runtime / "planaria").iterdir()) == []

    asyncio.run(main())


def test_a_running_tree_opens_its_door_only_if_it_is_told_to(runtime: Path) -> None:
    async def main() -> None:
        async with TREE.running(log=False):
            assert await trees() == ([], [])
        async with TREE.running(log=False, door=True):
            assert await trees() == (["shop"], [])
        assert await trees() == ([], [])

    asyncio.run(main())


def test_a_tree_that_is_still_starting_can_be_asked() -> None:
    async def main() -> None:
        begins, may_go_on = asyncio.Event(), asyncio.Event()

        class Slow(Actor):
            async def started(self) -> None:
                begins.set()
                await may_go_on.wait()

        async def begin() -> None:
            async with Supervisor("shop", [child(Slow, id="slow")]).running(log=False, door=True):
                assert await trees() == (["shop"], [])

        starting = asyncio.ensure_future(begin())
        await begins.wait()
        (shop,) = (await asyncio.to_thread(found))[0]
        slow = await asyncio.to_thread(ask, shop.path, {"verb": "tree", "path": "slow"})
        why = await asyncio.to_thread(ask, shop.path, {"verb": "why", "path": "slow"})
        may_go_on.set()
        await starting
        assert (slow["status"], why["autopsies"]) == ("starting", [])

    asyncio.run(asyncio.wait_for(main(), 60.0))


def test_a_tree_that_does_not_start_leaves_no_door(runtime: Path) -> None:
    class Broken(Actor):
        def started(self) -> None:
            raise ValueError

    async def main() -> None:
        with pytest.raises(StartFailed):
            async with Supervisor("shop", [child(Broken, id="broken")]).running(log=False, door=True):
                raise AssertionError
        assert list((runtime / "planaria").iterdir()) == []

    asyncio.run(main())


def test_what_a_dead_process_left_behind_is_removed(runtime: Path) -> None:
    async def main() -> None:
        place = runtime / "planaria"
        folder.prepare(place)
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(place / "dead-1.sock"))
        async with opened():
            assert [path.name for path in place.iterdir()] == [f"shop-{os.getpid()}.sock"]

    asyncio.run(main())


def test_folder_and_socket_are_their_users_alone(runtime: Path) -> None:
    async def main() -> None:
        async with opened() as (_, door):
            assert door.path is not None
            assert stat.S_IMODE(door.path.parent.lstat().st_mode) == 0o700
            assert stat.S_IMODE(door.path.lstat().st_mode) == 0o600

    asyncio.run(main())


def spoil(place: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make ``place`` unsafe; returns what is to be said about it."""
    if how == "open to others":
        place.mkdir()
        place.chmod(0o755)
        return "may be entered by others (mode 0755, not 0700)"
    if how == "a link":
        target = place.with_name("target")
        target.mkdir(mode=0o700)
        place.symlink_to(target)
        return "is not a directory"
    if how == "a file":
        place.touch()
        return "is not a directory"
    place.mkdir(mode=0o700)
    uid = os.geteuid()
    monkeypatch.setattr("supervisors.autopsy.folder.os.geteuid", lambda: uid + 1)
    return f"belongs to user {uid}, not to {uid + 1}"


@pytest.mark.parametrize("how", ["open to others", "a link", "a file", "somebody else's"])
def test_an_unsafe_folder_is_not_used(
    runtime: Path, how: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("supervisors.autopsy.folder.tempfile.gettempdir", lambda: str(runtime / "nowhere"))
    why = spoil(runtime / "planaria", how, monkeypatch)

    async def main() -> None:
        async with TREE.running(log=False, door=True) as shop:
            assert shop.is_alive
            assert await trees() == ([], [f"{runtime / 'planaria'} {why}"])

    asyncio.run(main())
    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert why in warning


def test_a_socket_that_is_none_or_somebody_elses_is_not_asked(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = runtime / "planaria"
    folder.prepare(place)
    (place / "file-1.sock").touch()
    (place / "link-1.sock").symlink_to(runtime / "elsewhere")

    assert folder.sockets(place) == []
    with pytest.raises(DoorError, match="is not a socket"):
        ask(place / "file-1.sock", {"verb": "ping"})


def test_a_door_of_another_user_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with opened() as (_, door):
            monkeypatch.setattr("supervisors.autopsy.client.peer_of", lambda descriptor: os.geteuid() + 1)
            assert (await refused(door, "ping"))[0] == "unsafe"

    asyncio.run(main())


def test_without_a_runtime_directory_or_with_too_long_a_name_it_is_among_the_temporary_files(
    runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supervisors.autopsy.folder.tempfile.gettempdir", lambda: str(runtime))
    long = runtime / ("x" * 90)
    long.mkdir()

    async def main() -> None:
        for value in ("", "relative", str(runtime / "missing"), str(long)):
            monkeypatch.setenv("XDG_RUNTIME_DIR", value)
            async with opened() as (_, door):
                assert door.path is not None
                assert door.path.parent == runtime / f"planaria-{os.geteuid()}"
                assert (await trees())[0] == ["shop"]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("tree", "number", "name"),
    [
        ("shop", 1, "shop-7.sock"),
        ("shop", 2, "shop-7-2.sock"),
        ("a b:c", 1, "a_b_c-7.sock"),
        ("..", 1, "tree-7.sock"),
        ("ä" * 200, 1, "_-7.sock"),
        ("x" * 200, 1, f"{'x' * 40}-7.sock"),
    ],
)
def test_a_tree_names_its_socket_whatever_it_is_called(tree: str, number: int, name: str) -> None:
    assert folder.name_for(tree, 7, number) == name


# -- answers that are none ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", "lost"),
        (b"half an ans", "lost"),
        (b"nonsense\n", "garbled"),
        (b"[]\n", "garbled"),
        (b'{"ok": "yes"}\n', "garbled"),
        (b'{"ok": true}\n', "garbled"),
        (b'{"ok": false, "kind": "busy", "error": "later"}\n', "busy"),
    ],
)
def test_an_answer_that_is_none_is_one_error(runtime: Path, answer: bytes, kind: str) -> None:
    with listening(runtime / "odd.sock", answer) as path, pytest.raises(DoorError) as error:
        ask(path, {"verb": "ping"}, timeout=2.0)

    assert error.value.kind == kind


def test_a_tree_that_does_not_answer_is_not_waited_for_for_ever(runtime: Path) -> None:
    path = runtime / "mute.sock"
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(path))
        mute.listen()
        with pytest.raises(DoorError, match=r"no answer within 0\.05 s; its loop may be blocked"):
            ask(path, {"verb": "ping"}, timeout=0.05)


def test_a_tree_that_answers_without_an_end_is_not_heard_out(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supervisors.autopsy.client.ANSWER", 1000)
    with listening(runtime / "odd.sock", b"x" * 5000) as path, pytest.raises(DoorError) as error:
        ask(path, {"verb": "ping"}, timeout=2.0)

    assert error.value.kind == "too_large"


class listening:  # noqa: N801 - a context manager that is used like a function
    """Somebody who answers one question, whatever it is, with certain bytes."""

    def __init__(self, path: Path, answer: bytes) -> None:
        self._path = path
        self._answer = answer
        self._socket = socket.socket(socket.AF_UNIX)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        end, _ = self._socket.accept()
        with end:
            end.recv(1000)
            end.sendall(self._answer)

    def __enter__(self) -> Path:
        self._socket.bind(str(self._path))
        self._socket.listen()
        self._thread.start()
        return self._path

    def __exit__(self, *_: object) -> None:
        self._thread.join(5.0)
        self._socket.close()


def test_who_is_at_the_other_end_is_known_where_the_system_tells() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        known = hasattr(socket, "SO_PEERCRED")

        assert door_module.peer_of(ours.fileno()) == (os.geteuid() if known else None)
        assert struct.calcsize("3i") == 12


def test_a_door_works_on_the_loop_of_programs_too() -> None:
    loop.run(_why())
