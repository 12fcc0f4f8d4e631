"""The types by their names on the wire."""

from __future__ import annotations

import pytest

from actors.tissue.crdt.clocks import Clock
from actors.tissue.crdt.context import Context
from actors.tissue.crdt.dotted import Home
from actors.tissue.crdt.kinds import new

from .kit import KINDS, A, Kind


@pytest.mark.parametrize("kind", KINDS, ids=repr)
def test_every_type_is_found_by_its_name(kind: Kind) -> None:
    value = kind.new(A)
    home = Home(Context(), Clock(A))

    made = new(value.name_on_wire, A, home)

    assert (type(made), made, made.home) == (type(value), value, home)


@pytest.mark.parametrize("name", ["", "lw", "top", "top0", "top01", "top1025", "topx", "LWW", "lww "])
def test_nothing_else_is_a_type(name: str) -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        new(name, A, Home(Context(), Clock(A)))
