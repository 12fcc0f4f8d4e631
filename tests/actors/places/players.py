"""Who plays: actors that do what they are told, wherever they live, and have it written down at home."""

from __future__ import annotations

import asyncio
import contextvars
import os
import signal
import threading
from dataclasses import dataclass
from typing import Any

from actors import Actor, Down, Exit, Ignore, Mailbox, Reason, Ref, handle


@dataclass(frozen=True, slots=True)
class Note:
    """Is written down, and is its own answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Order:
    """Has the player do something: the method ``do_<verb>``."""

    verb: str
    args: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Urgent:
    """Travels in the urgent lane, and is written down."""

    text: str


def order(verb: str, *args: Any) -> Order:
    return Order(verb, args)


color: contextvars.ContextVar[str] = contextvars.ContextVar("color", default="none")


class Player(Actor):
    """Writes down its hooks and notes, and does as it is ordered."""

    def __init__(self, scribe: Ref[Any], mark: str = "", quiet: bool = False) -> None:
        self.scribe = scribe
        self.mark = f"{mark} " if mark else ""
        self.quiet = quiet
        self.replies: list[Any] = []
        self.timers: list[Any] = []
        self.refs: list[Any] = []
        self.monitors: list[Any] = []
        self.is_stashing = False
        self.passes_to: Ref[Any] | None = None

    def write(self, text: str) -> None:
        self.scribe.tell(f"{self.mark}{text}")

    def started(self) -> Any:
        if not self.quiet:
            self.write(f"started {self.pid.incarnation}")

    def stopping(self, reason: Reason) -> Any:
        if not self.quiet:
            self.write(f"stopping {reason}")

    def exited(self, signal: Exit) -> Any:
        self.write(f"exited {signal.pid} {signal.reason}")

    def down(self, signal: Down) -> Any:
        self.write(f"down {signal.pid} {signal.reason}")

    @handle
    def note(self, message: Note) -> str:
        if self.is_stashing:
            self.stash()
        elif self.passes_to is not None:
            self.forward(self.passes_to)
        else:
            self.write(message.text)
        return message.text

    @handle(priority=True)
    def urgent(self, message: Urgent) -> str:
        self.write(message.text)
        return message.text

    @handle
    async def order(self, message: Order) -> Any:
        result = getattr(self, f"do_{message.verb}")(*message.args)
        return await result if asyncio.iscoroutine(result) else result

    # -- verbs ---------------------------------------------------------------------------------------------------------

    def do_boom(self, text: str = "boom") -> None:
        raise RuntimeError(text)

    async def do_sleep(self, seconds: float) -> str:
        self.write("asleep")
        await asyncio.sleep(seconds)
        self.write("awake")
        return "awake"

    def do_remaining(self) -> float | None:
        return self.remaining()

    async def do_relay(self, other: Ref[Any], message: Any, timeout: float | None = 5.0) -> Any:
        return await other.ask(message, timeout=timeout)

    def do_tell(self, other: Ref[Any], *messages: Any) -> None:
        for message in messages:
            other.tell(message)

    def do_flood(self, other: Ref[Any], count: int, end: str = "") -> None:
        for number in range(count):
            other.tell(str(number))
        if end == "stop":
            self.stop()
        elif end:
            raise RuntimeError(end)

    def do_defer(self) -> None:
        self.replies.append(self.defer())

    def do_reply(self, value: Any) -> int:
        for reply in self.replies:
            reply.send(value)
        return len(self.replies)

    def do_refuse(self, text: str) -> None:
        for reply in self.replies:
            reply.fail(ValueError(text))

    def do_is_asked(self) -> None:
        self.write(f"asked: {self.defer() is not None}")

    def do_hold(self) -> None:
        self.is_stashing = True

    def do_unhold(self) -> int:
        self.is_stashing = False
        return self.unstash()

    def do_pass_to(self, other: Ref[Any] | None) -> None:
        self.passes_to = other

    def do_continue(self, *texts: str) -> None:
        for text in texts:
            self.continue_with(Note(text))

    def do_self(self, text: str) -> None:
        self.ref.tell(Note(text))

    def do_ref(self) -> Ref[Any]:
        return self.ref

    def do_parent(self) -> Any:
        return self.parent

    def do_pid(self) -> Any:
        return self.pid

    def do_keep(self, ref: Ref[Any]) -> None:
        self.refs.append(ref)

    def do_kept(self) -> Any:
        return self.refs[-1]

    def do_kept_pid(self) -> Any:
        return self.refs[-1].pid

    def do_monitor_kept(self) -> None:
        self.monitor(self.refs[-1])

    def do_statistics(self, ref: Ref[Any]) -> tuple[str, int, int]:
        seen = ref.statistics()
        return seen.state, seen.mailbox, seen.handled

    def do_is_same(self, ref: Ref[Any]) -> bool:
        return ref == self.ref

    def do_echo(self, value: Any) -> Any:
        return value

    def do_raise(self, error: Exception) -> None:
        raise error

    def do_raise_odd(self) -> None:
        raise RuntimeError(object())

    async def do_relay_odd(self, other: Ref[Any]) -> Any:
        return await other.ask(object())

    def do_keep_odd(self) -> None:
        self.replies.append(object())

    def do_odd(self) -> Any:
        return object()

    def do_link(self, other: Ref[Any]) -> None:
        self.link(other)

    def do_unlink(self, other: Ref[Any]) -> None:
        self.unlink(other)

    def do_monitor(self, other: Ref[Any]) -> None:
        self.monitors.append(self.monitor(other))

    def do_demonitor(self) -> bool:
        return self.demonitor(self.monitors.pop())

    def do_trap(self) -> None:
        self.trap_exits = True

    def do_exit(self, other: Ref[Any], reason: Any) -> None:
        other.exit(reason)

    def do_stop(self, *reason: Any) -> None:
        self.stop(*reason)

    async def do_spawn(self, mark: str, is_linked: bool = False) -> Ref[Any]:
        spawn = self.spawn_link if is_linked else self.spawn
        return await spawn(Player, self.scribe, mark)

    async def do_spawn_named(self, mark: str, name: str) -> Ref[Any]:
        return await self.spawn(Player, self.scribe, mark, name=name)

    def do_after(self, seconds: float, text: str) -> None:
        self.timers.append(self.after(seconds, Note(text)))

    def do_every(self, seconds: float, text: str) -> None:
        self.timers.append(self.every(seconds, Note(text)))

    def do_cancel(self) -> bool:
        return self.cancel(self.timers.pop()) is not None

    def do_join(self, group: str) -> None:
        self.join(group)

    def do_leave(self, group: str) -> None:
        self.leave(group)

    def do_publish(self, group: str, message: Any) -> int:
        return self.system.publish(group, message)

    def do_members(self, group: str) -> list[Ref[Any]]:
        return self.system.members(group)

    def do_whereis(self, name: str) -> Any:
        return self.system.whereis(name)

    def do_register(self, name: str, ref: Any = None) -> None:
        self.system.register(name, ref if ref is not None else self.ref)

    def do_join_and_look(self, group: str, name: str) -> Any:
        self.join(group)
        self.system.register(name, self.ref)
        return self.system.members(group), self.system.whereis(name)

    def do_leave_and_look(self, group: str, name: str) -> Any:
        self.leave(group)
        self.system.unregister(name)
        return self.system.members(group), self.system.whereis(name)

    def do_paint(self, value: str) -> None:
        color.set(value)

    def do_color(self) -> str:
        return color.get()

    def do_damage(self, weight: float, what: str) -> None:
        self.damage(weight, what)

    def do_where(self) -> tuple[int, str]:
        return os.getpid(), threading.current_thread().name


class Mortal(Player):
    """Writes down its starts and ends, and can end its process without a word."""

    def started(self) -> None:
        self.write("+")

    def stopping(self, reason: Reason) -> None:
        self.write(f"- {reason}")

    def do_signal(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def do_vanish(self) -> None:
        os._exit(3)

    @handle
    def get(self, message: str) -> str:
        return message


class Trapper(Player):
    """A player that traps exits."""

    trap_exits = True


class Catcher(Player):
    """Takes what it has no handler for."""

    def unhandled(self, message: Any) -> Any:
        self.write(f"unhandled {message}")
        return "caught"


class Whole(Actor):
    """Receives every message in one place."""

    def __init__(self, scribe: Ref[Any]) -> None:
        self.scribe = scribe

    def receive(self, message: Any) -> Any:
        if message == "boom":
            raise RuntimeError(message)
        self.scribe.tell(f"received {message}")
        return message


class Starter(Player):
    """Its start goes as it is told."""

    def __init__(self, scribe: Ref[Any], how: str) -> None:
        super().__init__(scribe)
        self.how = how

    async def started(self) -> None:
        if self.how == "ignore":
            raise Ignore
        if self.how == "fail":
            raise ValueError("no start")
        if self.how == "hang":
            await asyncio.sleep(3600.0)
        if self.how == "slow":
            await asyncio.sleep(0.05)
        if self.how == "tell":
            self.ref.tell(Note("told in started"))
        self.write(f"started {self.pid}")


class Painful(Player):
    """Its constructor raises."""

    def __init__(self, scribe: Ref[Any]) -> None:
        raise KeyError("no constructor")


class Heir(Player):
    """Leaves a number to its successor."""

    def __init__(self, scribe: Ref[Any], quiet: bool = True) -> None:
        super().__init__(scribe, quiet=quiet)
        self.number = 0

    def bequeath(self) -> Any:
        return self.number

    def inherit(self, estate: Any) -> None:
        self.number = estate
        self.write(f"inherits {estate}")

    def do_count(self) -> int:
        self.number += 1
        return self.number


@dataclass(frozen=True, slots=True)
class Item:
    """The ``number``-th message of one of the senders; ``how`` its handler behaves."""

    sender: int
    number: int
    how: str = ""


class Clerk(Actor):
    """Writes into a file, which outlives it, what it begins."""

    def __init__(self, scribe: Any, path: str) -> None:
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    @handle
    async def item(self, message: Item) -> int:
        os.write(self.file, f"{message.sender} {message.number}\n".encode())
        if message.how == "wait":
            await asyncio.sleep(0.002)
        if message.how == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        return message.number


SMALL = Mailbox(limit=3)


def doubled(state: dict[str, Any]) -> dict[str, Any]:
    """For ``replace_state``."""
    return {**state, "mark": state["mark"] * 2}
