"""Histories of values that several lives change at once, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import strategies as st

from actors.messages import Pid
from actors.tissue.crdt.counters import PNCounter
from actors.tissue.crdt.dotted import Dotted
from actors.tissue.crdt.lww import LWWMap
from actors.tissue.crdt.orset import ORMap, ORSet
from actors.tissue.crdt.registers import MaxRegister, MinRegister
from actors.tissue.crdt.topk import TopK

Value = Dotted[Any]
V = TypeVar("V", bound=Value)

A, A2, B, C = Pid("a", 1), Pid("a", 2), Pid("b", 1), Pid("c", 1)
OWNERS = (A, A2, B, C)

keys = st.sampled_from(["x", "y", ("z", 1)])
small = st.integers(-3, 3)
moments = st.floats(0, 3)


@dataclass(frozen=True)
class Kind:
    """A type, and what may happen to a value of it."""

    new: Callable[[Pid], Value]
    changes: st.SearchStrategy[Callable[[Any], Value]]

    def __repr__(self) -> str:
        return self.new(A).name_on_wire


def _put(key: Any, value: int, now: float) -> Callable[[Any], Value]:
    return lambda state: state.put(key, value, now)


def _lww_remove(key: Any, now: float) -> Callable[[Any], Value]:
    return lambda state: state.remove(key, now)


def _remove(key: Any) -> Callable[[Any], Value]:
    return lambda state: state.remove(key)


def _add(key: Any) -> Callable[[Any], Value]:
    return lambda state: state.add(key)


def _offer(*args: Any) -> Callable[[Any], Value]:
    return lambda state: state.offer(*args)


KINDS = [
    Kind(LWWMap, st.builds(_put, keys, small, moments) | st.builds(_lww_remove, keys, moments)),
    Kind(ORMap, st.builds(_put, keys, small, moments) | st.builds(_remove, keys)),
    Kind(ORSet, st.builds(_add, keys) | st.builds(_remove, keys)),
    Kind(PNCounter, st.builds(_add, small)),
    Kind(MaxRegister, st.builds(_offer, small)),
    Kind(MinRegister, st.builds(_offer, small)),
    Kind(lambda owner: TopK(owner, 2), st.builds(_offer, st.sampled_from("wxyz"), small)),
]


@dataclass
class History:
    """What became of one value in four lives, and all deltas on the way."""

    states: list[Value]
    deltas: list[Value]


@st.composite
def histories(draw: st.DrawFn, kind: Kind, most: int = 25) -> History:
    """Some changes, and some joins in between, of states and of single deltas."""
    history = History([kind.new(owner) for owner in OWNERS], [])
    who = st.integers(0, len(OWNERS) - 1)
    for _ in range(draw(st.integers(0, most))):
        here, there = history.states[draw(who)], history.states[draw(who)]
        match draw(st.sampled_from(["change", "change", "join", "hear"])):
            case "change":
                history.deltas.append(draw(kind.changes)(here))
            case "join" if here is not there:
                here.merge(there)
            case "hear" if history.deltas:
                here.merge(draw(st.sampled_from(history.deltas)))
    return history


def joined(*states: V) -> V:
    """The join of them, in that order; they stay as they are."""
    result = states[0]._blank()
    for state in states:
        result.merge(state)
    return result
