"""Blocks that fail: they are reported, and take nobody with them."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from actors.messages import Pid
from actors.tissue.core import PartFailed, Refused, Send
from actors.tissue.fields.block import ROUND, Around, Block
from actors.tissue.fields.broadcast import Broadcast
from actors.tissue.fields.field import Fields

ME, OTHER = Pid("me@here", 1), Pid("other@here", 1)


class Odd(Block[Any]):
    """Says ``word``, and raises ``error`` in the methods named by ``where``."""

    def __init__(self, word: Any = 1, *where: str, error: Exception | None = None) -> None:
        self.word = word
        self.where = set(where)
        self.error = error or RuntimeError("odd")
        self.heard: list[Any] = []
        self.lost: list[str] = []

    def _fail(self, where: str) -> None:
        if where in self.where:
            raise self.error

    def read(self, sender: Pid, body: Any) -> Any:
        self._fail("read")
        return body

    def hear(self, sender: str, told: Any, now: float) -> None:
        self._fail("hear")
        self.heard.append(told)

    def lose(self, sender: str) -> None:
        self._fail("lose")
        self.lost.append(sender)

    def turn(self, around: Around, now: float) -> Any:
        self._fail("turn")
        return self.word


def fields(**blocks: Block[Any]) -> Fields:
    core = Fields(ME, random.Random(1), 0.0)
    core.neighbours({OTHER.name: 1.0}, 0.0)
    for name, block in blocks.items():
        core.install(name, block, 0.0)
    return core


def rounds(core: Fields, count: int) -> tuple[list[PartFailed], list[dict[str, Any]]]:
    """What fails in so many rounds, and what the blocks say in each."""
    failed, said = [], []
    for _ in range(count):
        effects = core.tick(core.due)
        failed += [each for each in effects if isinstance(each, PartFailed)]
        said += [each.body[2] for each in effects if isinstance(each, Send)][:1]
    return failed, said


def test_a_block_that_fails_in_its_turn_is_reported_once_and_the_others_go_on() -> None:
    core = fields(odd=Odd(1, "turn"), good=Odd(2))
    failed, said = rounds(core, 10)

    assert [(each.part, str(each.error)) for each in failed] == [("the block 'odd' (Odd) in turn()", "odd")]
    assert said == [{"good": 2}] * 10


def test_a_block_that_worked_again_and_fails_again_is_reported_again() -> None:
    odd = Odd(1, "turn")
    core = fields(odd=odd)
    reports = []
    for where in ({"turn"}, set(), {"turn"}):
        odd.where = where
        reports.append(len(rounds(core, 3)[0]))

    assert reports == [1, 0, 1]


@pytest.mark.parametrize("word", [object(), {(1, 2): 3}, "x" * 20_000, 1 << 70], ids=["object", "key", "long", "wide"])
def test_a_word_that_cannot_travel_is_a_failure_of_its_block(word: Any) -> None:
    failed, said = rounds(fields(odd=Odd(word), good=Odd(2)), 5)

    assert [each.part for each in failed] == ["the block 'odd' (Odd) in turn()"]
    assert said == [{"good": 2}] * 5


@pytest.mark.parametrize("error", [RuntimeError("odd"), ZeroDivisionError("odd"), TypeError("odd")])
def test_what_a_block_raises_as_it_hears_a_neighbour_is_its_own_failure(error: Exception) -> None:
    odd, good = Odd(1, "hear", error=error), Odd(2)
    core = fields(odd=odd, good=good)
    effects = core.receive(OTHER, ROUND, [1, {}, {"odd": "a", "good": "b"}], 1.0)

    assert [each.part for each in effects if isinstance(each, PartFailed)] == ["the block 'odd' (Odd) in hear()"]
    assert good.heard == ["b"]
    assert odd.lost == [OTHER.name]


def test_what_a_block_cannot_read_is_the_neighbours_fault() -> None:
    core = fields(odd=Odd(1, "read", error=ValueError("no word of mine")))
    effects = core.receive(OTHER, ROUND, [1, {}, {"odd": "a"}], 1.0)

    assert [each.why for each in effects if isinstance(each, Refused)] == ["ValueError: no word of mine"]


def test_a_block_that_fails_when_a_neighbour_is_lost_keeps_no_other_from_hearing_so() -> None:
    odd, good = Odd(1, "lose"), Odd(2)
    core = fields(odd=odd, good=good)
    core.receive(OTHER, ROUND, [1, {}, {"odd": "a", "good": "b"}], 1.0)
    effects = core.died(OTHER, 1.0)

    assert [each.part for each in effects if isinstance(each, PartFailed)] == ["the block 'odd' (Odd) in lose()"]
    assert good.lost == [OTHER.name]


@pytest.mark.parametrize(
    ("block", "text"),
    [
        (None, "None is no block: it lacks read, hear, lose, turn"),
        (Pid("x", 1), "it lacks read, hear, lose, turn"),
        (Broadcast, "Broadcast is a class; install an object of it: Broadcast(...)"),
        (type("Half", (), {"read": print, "turn": print})(), "it lacks hear, lose"),
    ],
)
def test_what_is_no_block_is_refused_with_what_it_lacks(block: Any, text: str) -> None:
    core = fields()
    with pytest.raises(ValueError, match=re.escape(text)):
        core.install("b", block, 0.0)

    core.install("b", Odd(), 0.0)  # nothing is remembered of it


def test_a_name_that_is_taken_is_refused_saying_by_what() -> None:
    core = fields(b=Odd())
    core.emit("f", 0.0)

    with pytest.raises(ValueError, match="there is a block 'b' at me@here already; take another name"):
        core.install("b", Odd(), 0.0)
    with pytest.raises(ValueError, match="there is a field 'f' at me@here already; take another name"):
        core.install("f", Odd(), 0.0)
    with pytest.raises(ValueError, match="'b' is a block at me@here, not a field"):
        core.emit("b", 0.0)
