"""A cell that goes on as a higher life keeps what it has told, and what it shares."""

from __future__ import annotations

import random

from actors.messages import Pid
from actors.tissue.core import Send
from actors.tissue.crdt.counters import PNCounter
from actors.tissue.crdt.orset import ORMap
from actors.tissue.state.contact_state import ContactState


def _cell(name: str, peer: str, life: int = 5) -> ContactState:
    return ContactState(Pid(name, life), random.Random(name), 0.0, peers=[peer])


def _run(now: float, seconds: float, *cells: ContactState) -> float:
    by_name = {cell.pid.name: cell for cell in cells}
    for _ in range(round(seconds * 20)):
        now += 0.05
        sent = [(cell.pid, each) for cell in cells for each in cell.tick(now)]
        while sent:
            sender, each = sent.pop(0)
            if isinstance(each, Send):
                other = by_name[each.to]
                sent += [(other.pid, one) for one in other.receive(sender, each.kind, each.body, now)]
    return now


def test_what_it_told_before_and_what_it_tells_after_both_count_once() -> None:
    one, two = _cell("a", "b"), _cell("b", "a")
    table, count = one.share("m", ORMap), one.share("c", PNCounter)
    table.put("old", 1, 0.0)
    table.put("both", 1, 0.0)
    count.add(5)
    now = _run(0.0, 3.0, one, two)
    one.renumber(Pid("a", 9), now)
    table.put("both", 2, now)
    table.put("new", 3, now)
    count.add(2)
    _run(now, 16.0, one, two)

    assert two.share("m", ORMap).value == table.value == {"old": 1, "both": 2, "new": 3}
    assert two.share("c", PNCounter).value == count.value == 7


def test_what_was_told_under_a_number_of_another_life_is_told_anew() -> None:
    former, two = _cell("a", "b"), _cell("b", "a")
    for number in range(5):
        former.share("m", ORMap).put(f"former{number}", 1, 0.0)
    now = _run(0.0, 3.0, former, two)
    one = _cell("a", "b")
    table = one.share("m", ORMap)
    table.put("mine", 1, now)
    now = _run(now, 3.0, one, two)
    one.renumber(Pid("a", 9), now, anew=True)
    now = _run(now, 20.0, one, two)

    assert two.share("m", ORMap).value["mine"] == 1
    assert table.value == two.share("m", ORMap).value
    assert not one.is_over
