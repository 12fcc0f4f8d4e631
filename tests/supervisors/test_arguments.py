"""Arguments of children that live elsewhere: those that can never get there are refused when the spec is made."""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pytest

from actors import Actor
from actors.places.place import Host, Process, Thread
from actors.testing import World, world
from supervisors.errors import SpecError
from supervisors.spec import child


class Parser(Actor):
    def __init__(self, sink: Any = None, *, size: Any = 1) -> None:
        self.sink = sink


@dataclass
class Config:
    inner: Any


class Colour(Enum):
    RED = object()


ELSEWHERE = {"thread": "in a thread", Process(memory=1 << 20): "in a process of its own", Host(gpu=True): "on a host"}
ODD = "builtins:object: is of no type that travels; send a dataclass, NamedTuple or plain values that say the same"


@pytest.mark.parametrize("place", ELSEWHERE)
def test_what_cannot_travel_is_refused_by_name_with_the_way_out(place: Any) -> None:
    cases: list[tuple[Any, tuple[Any, ...]]] = [
        (Parser, ([1, object()],)),
        (functools.partial(Parser, size=Config(object())), ()),
    ]
    for cls, args in cases:
        with pytest.raises(SpecError) as refused:
            child(cls, *args, id="parser", place=place)

        assert refused.value.field == ("Parser(sink)" if args else "Parser(size)")
        assert refused.value.why == (
            f"child 'parser' is to live {ELSEWHERE[place]}, and this argument cannot get there: {ODD}"
        )


def test_what_is_too_large_is_refused_in_few_words() -> None:
    with pytest.raises(SpecError, match="takes 17825797 bytes") as refused:
        child(Parser, b"x" * (17 << 20), id="parser", place="process")

    assert len(str(refused.value)) < 1500


def test_on_the_loop_anything_is_an_argument() -> None:
    assert child(Parser, threading.Lock(), id="parser").blueprint.args


def test_what_may_travel_is_left_to_the_start() -> None:
    class Unfindable(Config):
        """A module that is being loaded does not hold its classes yet."""

    args = ({"a": [Unfindable((1, 2.5, None, b"")), Colour.RED, ValueError(object())]},)

    assert child(Parser, *args, id="parser", place=Thread(5.0)).blueprint.args == args
    cls: Any = Parser
    too_many = (1, 2, 3, 4)
    assert child(cls, *too_many, id="parser", place="thread").blueprint.args == too_many


@world()
async def test_a_ref_is_an_argument(w: World) -> None:
    ref = await w.spawn(Parser)

    assert child(Parser, [ref], id="parser", place="process").blueprint.args == ([ref],)


def test_a_class_that_nobody_can_find_by_its_name_is_refused() -> None:
    class Local(Actor):
        """Is gone with this function."""

    with pytest.raises(SpecError, match="looked up by name: define it at the top of a module"):
        child(Local, id="local", place="process")
    assert child(Local, id="local").blueprint.cls is Local
