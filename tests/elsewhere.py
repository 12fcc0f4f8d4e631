"""Lets tests that were written for the loop run with their actors in simulated processes.

There a life is reached over a link as over any other, but its memory is the test's own.  So whatever has no way to
travel (a recorder, a function, a class of a test's own) travels as a number, and is itself again where it arrives.
Tests of what travels do not use this.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import is_dataclass
from typing import Any

import pytest

from actors import Actor
from actors.errors import CodecError
from actors.places import nearby, resident
from actors.places.endpoint import Endpoint
from actors.places.pipe import Post
from actors.wire.codec import REF, Wire, _ext
from supervisors import fields

HERE = "here"


@contextmanager
def everything_travels() -> Iterator[None]:
    """See the module's text."""
    things: list[Any] = []
    numbers: dict[int, int] = {}

    def number_of(thing: Any) -> int:
        if id(thing) not in numbers:
            numbers[id(thing)] = len(things)
            things.append(thing)
        return numbers[id(thing)]

    writer, resolve, find = Wire._writer, Endpoint.resolve, resident._find

    def writer_of_all(wire: Wire, kind: type[Any], value: Any) -> Callable[[Any], Any]:
        try:
            if not _is_changing(kind):
                return writer(wire, kind, value)
        except CodecError:
            pass
        return lambda value: [_ext(REF), [HERE, number_of(value)]]

    def resolve_all(endpoint: Endpoint, handle: list[Any]) -> Any:
        return things[handle[1]] if handle[0] == HERE else resolve(endpoint, handle)

    def find_all(module: str, qualname: str) -> Any:
        if "<locals>" not in qualname:
            return find(module, qualname)
        found = [each for each in _subclasses(Actor) if (each.__module__, each.__qualname__) == (module, qualname)]
        return next(each for each in reversed(found) if not each.is_stand_in)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Wire, "_writer", writer_of_all)
        patch.setattr(Endpoint, "resolve", resolve_all)
        patch.setattr(resident, "_find", find_all)
        patch.setattr(nearby, "DELAY", 0.0)  # tests count the seconds
        patch.setattr(fields, "WHERE", {})  # nothing is refused because it has no way to travel
        yield


def _is_changing(kind: type[Any]) -> bool:
    """Whether a class is of records that are written to: a test looks at the one that it has."""
    return is_dataclass(kind) and not kind.__dataclass_params__.frozen  # type: ignore[attr-defined]


def _subclasses(cls: type[Any]) -> Iterator[type[Any]]:
    for each in cls.__subclasses__():
        yield each
        yield from _subclasses(each)


def unsteadily() -> Post:
    """Frames that keep their order, and take their time: now none, now 50 ms."""
    loop, rng = asyncio.get_running_loop(), random.Random(1)
    due = 0.0

    def post(call: Callable[[], None]) -> None:
        nonlocal due
        due = max(due, loop.time()) + rng.choice((0.0, 0.001, 0.05))
        loop.call_at(due, call)

    return post


def in_a_process(spec: Callable[..., Any]) -> Callable[..., Any]:
    """A function that makes the spec of a child, which is to live in a process unless it says where."""

    def made(*args: Any, **options: Any) -> Any:
        return spec(*args, **{"place": "process", **options})

    return made


def collected_from(module: Any) -> dict[str, Any]:
    """The tests of a module, to be collected in another one."""
    return {name: test for name, test in vars(module).items() if name.startswith("test_") and callable(test)}


def skip_if(request: pytest.FixtureRequest, reasons: dict[str, str]) -> None:
    """Skip a test of which ``reasons`` knows, with its parameters or as a whole, that it is about the loop itself."""
    for name in (request.node.name, request.node.originalname):
        if name in reasons:
            pytest.skip(reasons[name])
