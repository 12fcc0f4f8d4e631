"""What a convention tells of hosts is news once, and its flapping is none."""

from __future__ import annotations

from actors.cluster.hints import DAMPING, LIMIT, Hints


def test_a_host_that_joins_is_news_once() -> None:
    hints = Hints()

    assert hints.joined("a", 1, "10.0.0.1:7400") == (True, None)
    assert hints.joined("a", 1, "10.0.0.1:7400") == (False, None)


def test_a_host_that_leaves_and_joins_again_in_time_has_not_left() -> None:
    hints = Hints()
    hints.joined("a", 1, "x:1")
    for moment in (0.0, 0.01, 0.02, 1.9):
        hints.left("a", 1, moment)
        assert hints.joined("a", 1, "x:1") == (False, None)

    assert hints.gone(100.0) == []


def test_a_host_has_left_when_it_does_not_join_again() -> None:
    hints = Hints()
    hints.joined("a", 1, "x:1")
    hints.left("a", 1, 5.0)
    hints.left("a", 1, 6.0)

    assert hints.gone(5.0 + DAMPING - 0.01) == []
    assert hints.gone(5.0 + DAMPING) == [("a", "x:1")]
    assert hints.gone(100.0) == []
    assert hints.joined("a", 1, "x:1") == (True, None)


def test_a_new_boot_is_news_at_once_and_the_end_of_the_old_one_is_none() -> None:
    hints = Hints()
    hints.joined("a", 1, "x:1")
    hints.left("a", 1, 0.0)

    assert hints.joined("a", 2, "x:2") == (True, "x:1")
    hints.left("a", 1, 0.1)
    assert hints.joined("a", 1, "x:1") == (False, None)
    assert hints.gone(100.0) == []


def test_those_who_are_not_told_of_again_have_left_when_the_teller_was_lost() -> None:
    hints = Hints()
    hints.joined("a", 1, "x:1")
    hints.joined("b", 1, "y:1")
    hints.all_left(0.0)
    hints.joined("b", 1, "y:1")

    assert hints.gone(DAMPING) == [("a", "x:1")]


def test_no_more_hosts_are_remembered_than_a_cluster_can_have() -> None:
    hints = Hints()
    for number in range(LIMIT):
        hints.joined(f"h{number}", 1, f"x:{number}")

    assert hints.joined("one more", 1, "x:1") == (False, None)
