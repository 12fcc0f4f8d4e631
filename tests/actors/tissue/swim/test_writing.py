"""A place that is known with a higher life than it has: told so, it goes on above it, unless somebody else has it."""

from __future__ import annotations

import random

import pytest

from actors.messages import Pid
from actors.tissue.core import Send
from actors.tissue.swim.beliefs import RISES, YOUNG
from actors.tissue.swim.swim import Swim
from actors.tissue.swim.updates import Outlived, Risen, Status, Update
from tests.actors.tissue.swim.kit import of, sent

OTHER = Pid("b", 1)


def _swim(life: int = 5) -> Swim:
    return Swim(Pid("a", life), random.Random(1), 0.0, known=[OTHER], rise=lambda known: known + 1)


def _say(swim: Swim, status: Status, life: int, now: float = 1.0, epoch: int = 0) -> list[object]:
    update = Update(status, "a", life, epoch).wire()
    return [each for each in swim.receive(OTHER, "swim.gossip", [[update]], now) if not isinstance(each, Send)]


def test_a_life_that_is_over_is_told_which_one_is_known() -> None:
    swim = Swim(Pid("b", 1), random.Random(1), 0.0, known=[Pid("a", 9)])

    (told,) = sent(swim.receive(Pid("a", 5), "swim.sync", [True, []], 1.0), "swim.gossip")

    assert (told.to, told.body) == ("a", [[Update(Status.ALIVE, "a", 9, 0).wire()]])


@pytest.mark.parametrize("status", Status)
def test_a_young_cell_rises_above_what_is_remembered_of_its_place(status: Status) -> None:
    swim = _swim()

    assert _say(swim, status, 9) == [Risen(Pid("a", 10), Pid("a", 5), Pid("a", 9))]
    assert swim.pid == Pid("a", 10)
    assert not swim.is_over


@pytest.mark.parametrize("status", [Status.DEAD, Status.LEFT])
def test_an_old_one_does_if_that_life_is_over(status: Status) -> None:
    swim = _swim()
    _say(swim, Status.ALIVE, 5)

    assert of(_say(swim, status, 9, 2 + YOUNG), Risen) != []  # type: ignore[arg-type]


def test_an_old_one_gives_way_to_a_life_that_lives() -> None:
    swim = _swim()
    _say(swim, Status.ALIVE, 5)

    assert _say(swim, Status.ALIVE, 9, 2 + YOUNG) == [Outlived(Pid("a", 5), Pid("a", 9))]
    assert swim.is_over


def test_a_goodbye_that_it_has_not_said_was_that_of_another_process_with_its_number() -> None:
    swim = _swim()

    assert _say(swim, Status.LEFT, 5, epoch=1) == [Risen(Pid("a", 6), Pid("a", 5), Pid("a", 5))]


def test_two_that_fight_for_a_place_come_to_an_end() -> None:
    swim, life = _swim(), 9
    for _ in range(RISES):
        assert not swim.is_over
        _say(swim, Status.ALIVE, life)
        life = swim.pid.incarnation + 1

    assert of(_say(swim, Status.ALIVE, life), Outlived) != []  # type: ignore[arg-type]


def test_where_no_number_is_left_it_is_outlived() -> None:
    swim = Swim(Pid("a", 5), random.Random(1), 0.0, known=[OTHER], rise=lambda known: 0)

    assert of(_say(swim, Status.DEAD, 9), Outlived) != []  # type: ignore[arg-type]
    assert swim.is_over
