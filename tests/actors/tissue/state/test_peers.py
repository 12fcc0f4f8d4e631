"""Whom a cell talks to, and who need not be told what."""

from __future__ import annotations

import random

from actors.messages import Pid
from actors.tissue.state.peers import News, Peer, Peers

A, B, C = Pid("a", 1), Pid("b", 1), Pid("c", 1)


def made(*names: str, limit: int = 8) -> tuple[Peers, News]:
    """The peers of a cell called "me", each heard of in its first life."""
    peers = Peers("me", random.Random(1), limit)
    peers.choose(names)
    for name in names[:limit]:
        peers.hear(Pid(name, 1))
    return peers, News(peers)


def told(news: News, peer: Peer | None) -> list[Pid]:
    assert peer is not None
    return [pid for _, pid in news.since(peer)]


def test_news_is_told_the_newest_first_until_it_is_confirmed() -> None:
    peers, news = made("a")
    a = peers.hear(A)
    assert a is not None
    for pid in (B, C, B):
        news.grew(pid, "")

    assert told(news, a) == [B, C]
    a.confirm(2)
    assert told(news, a) == [B]
    a.confirm(news.mark)
    assert (told(news, a), news.is_for(a)) == ([], False)


def test_news_is_told_neither_to_who_brought_it_nor_to_who_has_it_nor_to_its_owner() -> None:
    peers, news = made("a", "b", "c", "d")
    news.grew(A, "b")
    news.has("c", A)

    assert [told(news, peers.hear(Pid(name, 1))) for name in "abcd"] == [[], [], [], [A]]


def test_a_later_life_is_told_everything_of_the_one_before() -> None:
    peers, news = made("a", "b")
    news.grew(A, "b")
    successor = peers.hear(Pid("a", 2))
    news.forget("a")

    assert told(news, successor) == [A]


def test_an_earlier_life_is_not_listened_to_any_more() -> None:
    peers, _ = made("a")
    peers.hear(Pid("a", 2))

    assert peers.hear(A) is None


def test_where_all_talk_to_all_an_owner_tells_of_his_changes_himself() -> None:
    peers, news = made("a", "b", "c")
    a, b = peers.hear(A), peers.hear(B)
    assert a is not None
    assert b is not None
    a.group = peers.group
    b.confirm(1)
    news.grew(B, "")
    b.confirm(news.mark)
    news.grew(A, "a")

    assert told(news, b) == []


def test_who_has_not_confirmed_anything_yet_is_told_by_all() -> None:
    peers, news = made("a", "b")
    a = peers.hear(A)
    assert a is not None
    a.group = peers.group
    news.grew(A, "a")

    assert told(news, peers.hear(B)) == [A]


def test_what_an_owner_who_has_ended_may_not_have_told_is_news_again() -> None:
    peers, news = made("a", "b")
    a, b = peers.hear(A), peers.hear(B)
    assert a is not None
    assert b is not None
    a.group = peers.group
    b.acked = 1
    news.grew(C, "b")
    news.grew(A, "a")
    assert not news.is_for(b)
    peers.end(A)
    is_any = news.renew("a", 1)

    assert (is_any, told(news, b)) == (True, [A])
    assert not news.renew("a", 0)


def test_groups_are_the_same_if_all_talk_to_all_and_only_then() -> None:
    groups = []
    for me, names in [("a", "bc"), ("b", "ca"), ("c", "ab"), ("a", "b"), ("d", "abc")]:
        peers = Peers(me, random.Random(1), 8)
        peers.choose(names)
        groups.append(peers.group)

    assert groups[0] == groups[1] == groups[2]
    assert len(set(groups)) == 3


def test_strangers_that_talk_to_it_are_remembered_up_to_the_limit_and_the_chosen_beyond() -> None:
    peers, _ = made("a", "b", limit=2)
    for number in range(10):
        peers.hear(Pid(f"stranger-{number}", 1))

    assert len(peers) == 2
    assert [peers.life(name) for name in ("a", "b", "stranger-7", "stranger-9")] == [1, 1, 0, 1]


def test_of_more_peers_than_the_limit_some_are_chosen_at_random() -> None:
    peers, _ = made(*(f"c{number}" for number in range(50)), limit=5)

    assert len(peers) == 5


def test_as_many_are_picked_as_suit_each_once_and_all_in_turn() -> None:
    peers, _ = made(*(f"c{number}" for number in range(100)), limit=100)
    picked = [peers.pick(3, lambda peer: True) for _ in range(400)]

    assert {len({peer.name for peer in each}) for each in picked} == {3}
    assert len({peer.name for each in picked for peer in each}) == 100
    assert [peer.name for peer in peers.pick(3, lambda peer: peer.name == "c42")] == ["c42"]


def test_who_was_away_and_is_back_is_told_again_at_once() -> None:
    peers, _ = made("a", "b")
    a = next(peer for peer in peers if peer.name == "a")
    a.unanswered = 8

    peers.choose(["a", "b"])
    assert a.unanswered == 8  # it was never said to be gone
    peers.choose(["b"])
    peers.choose(["a", "b"])
    assert a.unanswered == 0
