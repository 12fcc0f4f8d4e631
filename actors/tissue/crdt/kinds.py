"""The types by what they are called on the wire."""

from __future__ import annotations

from typing import Any

from actors.messages import Pid

from .counters import PNCounter
from .dotted import Dotted, Home
from .lww import LWWMap
from .orset import ORMap, ORSet
from .registers import MaxRegister, MinRegister
from .topk import MAX_K, TopK

SHARED: tuple[type[Dotted[Any]], ...] = (LWWMap, ORMap, ORSet, PNCounter, MaxRegister, MinRegister, TopK)
"""The types that cells can share."""

_KINDS: dict[str, type[Dotted[Any]]] = {
    each.kind: each for each in (LWWMap, ORMap, ORSet, PNCounter, MaxRegister, MinRegister)
}
_TOPS = {f"{TopK.kind}{k}": k for k in range(1, MAX_K + 1)}


def new(kind: str, owner: Pid, home: Home) -> Dotted[Any]:
    """An empty value of that kind, which is what ``name_on_wire`` says.  Raises ``ValueError`` for an unknown one."""
    if kind in _KINDS:
        return _KINDS[kind](owner, home=home)
    if kind in _TOPS:
        return TopK(owner, _TOPS[kind], home=home)
    raise ValueError(f"unknown kind {kind[:32]!r}")
