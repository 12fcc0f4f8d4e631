"""What the tests of the command line share: a folder with somebody's modules in it, and the command run there."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from supervisors.autopsy.client import found
from supervisors.cli import main

DOOR_TIME = 15.0

MODULES = {
    "shop": """
        from actors import Actor, Mailbox
        from supervisors import BRUTAL_KILL, Backoff, DynamicSupervisor, Pool, Supervisor, by_key, child

        class Clerk(Actor):
            def __init__(self, desk, greeting="hello"):
                pass

        def key(message):
            return message

        clerk = child(Clerk, 2, id="clerk", mailbox=Mailbox(5, "drop_oldest", 1))
        tree = Supervisor(
            "shop",
            [
                child(Clerk, 1, id="till", backoff=Backoff(), max_restarts=2, within=9.0, shutdown=BRUTAL_KILL),
                Pool("clerks", clerk, size=2, route=by_key(key)),
                DynamicSupervisor("visitors", max_children=7),
            ],
            strategy="rest_for_one",
        )
        safe = Supervisor("safe", [child(Clerk, 1, id="till")])
        risky = Supervisor("risky", [child(Clerk, 1, id="till", mailbox=Mailbox(None), start_timeout=float("inf"))])
        number = 7
        one = child(Clerk, 1, id="one")
        class Holder:
            tree = tree
        def make():
            print("made")
            return safe
        def make_with(size):
            return safe
        def make_nothing():
            return None
        def make_badly():
            return {}["missing"]
        async def make_later():
            return safe
    """,
    "noting": """
        from supervisors import DynamicSupervisor

        tree = DynamicSupervisor("noted")
    """,
    "chatty": """
        print("importing")
        from shop import tree
    """,
    "broken": """
        import shop

        def helper():
            raise RuntimeError("no luck")

        helper()
    """,
    "contradictory": """
        from shop import Clerk
        from supervisors import Supervisor, child

        tree = Supervisor("shop", [child(Clerk, 1, id="a/b")])
    """,
    "unparsable": """
        def (
    """,
    "lacking": """
        import no_such_module_anywhere
    """,
    "leaving": """
        import sys
        sys.exit("bye")
    """,
    "treeless": """
        value = 1
    """,
    "ending": """
        from actors import Actor
        from supervisors import Supervisor, child

        class Job(Actor):
            def started(self):
                self.stop()

        class Failing(Actor):
            def started(self):
                self.after(0.0, "go")

            def receive(self, message):
                raise ValueError("always")

        class Unwilling(Actor):
            def started(self):
                raise OSError("not today")

        job = child(Job, id="job", restart="transient", significant=True)
        done = Supervisor("work", [job], auto_shutdown="any_significant")
        fails = Supervisor("work", [child(Failing, id="job")], max_restarts=1)
        unwilling = Supervisor("work", [child(Unwilling, id="job")])
        idle = Supervisor("work", [child(Actor, id="job")])
    """,
}


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line of stderr."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


def write_modules(folder: Path) -> None:
    """Put somebody's modules into a folder."""
    for name, text in MODULES.items():
        lines = [line.removeprefix(" " * 8) for line in text.strip("\n").splitlines()]
        (folder / f"{name}.py").write_text("\n".join(lines) + "\n", encoding="utf-8")


@contextmanager
def undisturbed() -> Iterator[None]:
    """Undo what a command does to the process: modules, the path they come from, logging."""
    path, modules, root = sys.path[:], set(sys.modules), logging.getLogger()
    planaria = logging.getLogger("planaria")
    handlers, levels = (root.handlers[:], planaria.handlers[:]), (root.level, planaria.level)
    try:
        yield
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - modules:
            if name.partition(".")[0] in MODULES:
                del sys.modules[name]
        root.handlers[:], planaria.handlers[:] = handlers
        root.setLevel(levels[0])
        planaria.setLevel(levels[1])


def await_door(pid: int) -> None:
    """Wait until process ``pid`` may be asked at its door: it opens when the tree is ready."""
    until = time.monotonic() + DOOR_TIME
    while pid not in {each.pid for each in found()[0]}:
        assert time.monotonic() < until, f"process {pid} opened no door"
        time.sleep(0.01)  # for tests that are pytest.mark.real


def planaria(*args: str) -> Done:
    """Run the command in this process; an exception that got through is raised."""
    with undisturbed():
        done = CliRunner().invoke(main, list(args))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Done(done.exit_code, done.stdout, done.stderr)


async def command(*args: str) -> Done:
    """Run the command while this loop goes on."""
    return await asyncio.to_thread(planaria, *args)
