"""The journal: the last events in order, bounded, by path and by type."""

from __future__ import annotations

from actors.events import Events
from actors.testing import World, world
from supervisors import Supervisor
from supervisors.events import Died, Ready, Serving
from supervisors.journal import KEPT, Journal
from tests.supervisors.fixtures import Recorder, end


def ready(number: int, path: str = "top") -> Ready:
    return Ready(float(number), path, number, 0.0)


def test_it_keeps_events_in_their_order() -> None:
    events = Events()
    journal = Journal(events)
    for n in range(5):
        events.publish(ready(n))

    assert (list(journal), len(journal), journal.total) == ([ready(n) for n in range(5)], 5, 5)


def test_it_forgets_the_oldest_and_counts_all() -> None:
    events = Events()
    journal = Journal(events, limit=3)
    for n in range(10):
        events.publish(ready(n))

    assert (list(journal), journal.total) == ([ready(7), ready(8), ready(9)], 10)


def test_it_keeps_a_thousand_unless_told_otherwise() -> None:
    events = Events()
    journal = Journal(events)
    for n in range(KEPT + 1):
        events.publish(ready(n))

    assert (len(journal), KEPT) == (1000, 1000)


def test_it_takes_no_events_of_others() -> None:
    events = Events()
    journal = Journal(events)
    events.publish("something else")

    assert (len(journal), journal.total) == (0, 0)


def test_events_about_a_place_include_those_below_it_and_no_namesakes() -> None:
    events = Events()
    journal = Journal(events)
    for n, path in enumerate(("top", "top/a", "top/ab", "top/a/x", "top/b")):
        events.publish(ready(n, path))

    assert [event.path for event in journal.about("top/a")] == ["top/a", "top/a/x"]


def test_a_closed_journal_keeps_what_it_has() -> None:
    events = Events()
    journal = Journal(events)
    events.publish(ready(1))
    journal.close()
    events.publish(ready(2))

    assert list(journal) == [ready(1)]


def test_it_may_be_read_while_events_come_in() -> None:
    events = Events()
    journal = Journal(events)
    events.publish(ready(1))
    for _ in journal:
        events.publish(ready(2))

    assert len(journal) == 2


@world()
async def test_the_journal_of_a_running_tree_tells_its_story(w: World) -> None:
    r = Recorder()
    async with Supervisor("top", [r.child("a"), Supervisor("sub", r.children("x"))]).running(log=False) as tree:
        end(tree.ref("sub/x"))
        await w.idle()

        assert [type(event) for event in tree.journal.about("top/sub/x")] == [Serving, Died, Serving]
        assert [event.path for event in tree.journal.of(Died)] == ["top/sub/x"]
        assert [event.path for event in tree.journal.of(Ready)] == ["top/sub", "top"]
