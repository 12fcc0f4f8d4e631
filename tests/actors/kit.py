"""What the tests of the actors share: a few messages, actors that do what they are told, words for what happened."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from actors import Actor, ActorSystem, Blueprint, Down, Exit, Reason, Ref, handle
from actors.exits import Remains
from actors.keeper import Keeper

Log = list[str]


@dataclass(frozen=True, slots=True)
class Note:
    """Is written down."""

    text: str


@dataclass(frozen=True, slots=True)
class Boom:
    """Crashes its handler."""

    text: str = "boom"


@dataclass(frozen=True, slots=True)
class Do:
    """Runs a function in the actor's turn, with the actor; what it returns is awaited if it can be, and answers."""

    act: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Sleep:
    """Holds the handler for so many seconds."""

    seconds: float


class Hooked(Actor):
    """Writes down every hook that is called in it."""

    def __init__(self, log: Log | None = None, name: str = "") -> None:
        self.log: Log = log if log is not None else []
        self.mark = f"{name} " if name else ""

    def write(self, text: str) -> None:
        self.log.append(f"{self.mark}{text}")

    def started(self) -> Any:
        self.write("started")

    def stopping(self, reason: Reason) -> Any:
        self.write(f"stopping {reason}")

    def exited(self, signal: Exit) -> Any:
        self.write(f"exited {signal.pid} {signal.reason}")

    def down(self, signal: Down) -> Any:
        self.write(f"down {signal.pid} {signal.reason}")


class Plain(Hooked):
    """Does what it is told; nothing in it is ``async``."""

    @handle
    def note(self, message: Note) -> str:
        self.write(message.text)
        return message.text

    @handle
    def boom(self, message: Boom) -> None:
        self.write(f"boom {message.text}")
        raise RuntimeError(message.text)

    @handle
    def do(self, message: Do) -> Any:
        return message.act(self)


class Puppet(Hooked):
    """Does what it is told; its handlers are ``async``."""

    @handle
    async def note(self, message: Note) -> str:
        self.write(message.text)
        return message.text

    @handle
    async def boom(self, message: Boom) -> None:
        self.write(f"boom {message.text}")
        raise RuntimeError(message.text)

    @handle
    async def sleep(self, message: Sleep) -> str:
        self.write("asleep")
        await asyncio.sleep(message.seconds)
        self.write("awake")
        return "awake"

    @handle
    async def do(self, message: Do) -> Any:
        result = message.act(self)
        return await result if inspect.isawaitable(result) else result


class Trapper(Puppet):
    """A puppet that traps exits."""

    trap_exits = True


class Restarts(Keeper):
    """The smallest keeper there can be: one place; its life is restarted at once, ``restarts`` times in all."""

    def __init__(self, blueprint: Blueprint, restarts: int, name: str = "worker", timeout: float | None = None) -> None:
        self.blueprint = blueprint
        self.timeout = timeout
        self.left = restarts
        self.name = name
        self.place: Ref[Any] | None = None
        self.end_for: Reason | None = None

    def begin(self) -> None:
        self.place = self.keep("worker", self.name, self.blueprint)
        self.start_life(self.place, self.timeout)
        self.ready()

    def start_done(self, ref: Ref[Any], reason: Reason | None, ignored: bool) -> None: ...

    def life_ended(self, ref: Ref[Any], incarnation: int, reason: Reason, remains: Remains) -> None:
        if self.end_for is not None:
            self.finish(self.end_for)
        elif self.left > 0:
            self.left -= 1
            self.start_life(ref, self.timeout)
        else:
            self.rest(ref)

    def asked_to_end(self, reason: Reason) -> None:
        self.end_for = reason
        if self.place is not None and self.place.is_alive:
            self.end_life(self.place, 5.0)
        else:
            self.finish(reason)

    @handle
    def get(self, message: str) -> Ref[Any] | None:
        return self.place


async def fails(awaitable: Awaitable[Any], kind: type[BaseException] = Exception) -> Any:
    """The error that ``awaitable`` ends with; typed ``Any`` so that its attributes can be read."""
    try:
        result = await awaitable
    except kind as error:
        return error
    raise AssertionError(f"expected {kind.__name__}, got the result {result!r}")


def letters(system: ActorSystem) -> list[str]:
    """The dead letters of a system, a short line each: who was to get what, and why it did not."""
    return [f"{letter.ref.name}: {described(letter.message)}, {letter.why}" for letter in system.dead_letters]


def described(message: object) -> str:
    """A message in one word: the text it carries, or else its type."""
    return str(getattr(message, "text", None) or type(message).__name__)


async def ended(ref: Ref[Any]) -> str:
    """Why the present life of ``ref`` ended, as text."""
    return str(await ref.wait_ended())
