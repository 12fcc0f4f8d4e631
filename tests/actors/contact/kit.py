"""What the tests of contact share: puppets on one host or several, and words for what they find."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from actors import ActorSystem, Ref
from actors.contact.events import Felt
from actors.contact.loopback import Loopback
from actors.contact.neighbour import Answer, Neighbour
from actors.testing import World
from actors.tissue.core import Refused
from actors.tissue.swim.updates import Dead, Joined, Left, Revived
from actors.tissue.transport import Transport
from supervisors import Supervisor, child
from tests.actors.kit import Do, Log, Puppet

GROUP = "web"


async def at(ref: Ref[Any], act: Callable[..., Any], timeout: float = 60.0) -> Any:
    """What a function of the actor returns, called in its turn."""
    return await ref.ask(Do(act), timeout)


async def each_at(refs: Iterable[Ref[Any]], act: Callable[..., Any]) -> list[Any]:
    """The same at several, one after the other."""
    return [await at(ref, act) for ref in refs]


def shop(count: int, log: Log | None = None, **options: Any) -> Supervisor:
    """A tree of so many puppets: ``shop/w0``, ``shop/w1``, ..., all with the same ``log``."""
    return Supervisor("shop", [child(Puppet, log, id=f"w{n}", **options) for n in range(count)], max_restarts=1000)


def error_of(call: Callable[[], Any], kind: type[Exception] = ValueError) -> str:
    """The text of what a call in an actor raises, which so does not crash it."""
    try:
        result = call()
    except kind as error:
        return str(error)
    return f"no error, but {result!r}"


def names(found: Iterable[Neighbour]) -> list[str]:
    """Their names, in their order."""
    return [each.name for each in found]


def values(answers: Iterable[Answer]) -> list[Any]:
    """What was answered, or which kind of error came instead, sorted as text."""
    return sorted((each.value if each.error is None else type(each.error).__name__ for each in answers), key=str)


@asynccontextmanager
async def hosts(*hosts: str, transport: Transport | None = None) -> AsyncIterator[list[ActorSystem]]:
    """Systems of those names, closed in reverse order."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(ActorSystem(name, seed=n, transport=transport))
            for n, name in enumerate(hosts)
        ]


async def puppets(systems: Iterable[ActorSystem], count: int = 1, group: str = GROUP) -> list[Ref[Any]]:
    """So many on each system, ``w0`` and on, all in one group."""
    found = [await system.spawn(Puppet, name=f"w{n}") for system in systems for n in range(count)]
    for ref in found:
        await at(ref, lambda me: me.contact.of(group))
    return found


def heard(system: ActorSystem, *kinds: type) -> list[Felt]:
    """What is felt in a system from now on, of those kinds of events."""
    found: list[Felt] = []

    def listen(event: object) -> None:
        if isinstance(event, Felt) and (not kinds or isinstance(event.event, kinds)):
            found.append(event)

    system.events.subscribe(listen)
    return found


def subjects(found: Iterable[Felt]) -> list[str]:
    """Of whom events about members speak."""
    return [each.event.pid.name for each in found if isinstance(each.event, Joined | Dead | Left | Revived)]


def refusals(found: Iterable[Felt]) -> list[str]:
    """Why packets were refused."""
    return [each.event.why for each in found if isinstance(each.event, Refused)]


def on_one_loop(w: World) -> None:
    """Have the systems of a world speak as those on a plain loop do: at once, and nothing is lost."""
    w._engine.wires = Loopback()


WAYS: dict[str, Callable[[World], None]] = {"world": lambda w: None, "loop": on_one_loop}
"""How packets travel: over the world's network, or as on a plain loop."""
