"""Messages between cells: each handled once and in order, through loss, dead hops, one-way links and new lives."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Collection
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing.network import Network, uniform
from actors.testing.topology import complete, line, regular, ring
from actors.tissue.core import Refused, Send
from actors.tissue.links.config import LinksConfig
from actors.tissue.links.events import Arrived, LinkDown, LinkUp, Settled, Undeliverable, Why
from tests.actors.tissue.links.kit import (
    ByHand,
    along_the_line,
    arrived,
    cell,
    given_up,
    happened,
    link_all,
    mesh,
    of,
    send,
    sent,
    settled,
)

DIAMOND = {"c0": ["c1", "c2"], "c1": ["c0", "c3"], "c2": ["c0", "c3"], "c3": ["c1", "c2"]}
"""Two ways from c0 to c3, which are no neighbours."""

TRIANGLE = complete(3)


def lossy(seed: int) -> Network:
    return Network(seed, loss=0.3, duplication=0.1)


# -- delivery ----------------------------------------------------------------------------------------------------------


def test_a_message_arrives_and_its_sender_is_told() -> None:
    arena = mesh(TRIANGLE)

    send(arena, 1.0, "c0", "c1", 7)
    arena.run(2)

    assert arrived(arena, "c1") == {"c0": [7]}
    assert settled(arena, "c0") == [7]


def test_nothing_is_sent_again_where_nothing_is_lost() -> None:
    arena = mesh(line(4), route=along_the_line)
    for number in range(50):
        send(arena, 1 + number / 100, "c0", "c3", number)

    arena.run(5)

    assert arrived(arena, "c3") == {"c0": list(range(50))}
    assert arena.packets["links.ack"] == arena.packets["links.data"]
    assert 3 * 50 < arena.packets["links.data"] <= 2 * 3 * 50


def test_a_message_to_oneself_arrives() -> None:
    assert cell().send("a", b"x", 0.0, tag=1) == [Arrived(Pid("a", 1), b"x"), Settled("a", 1)]
    assert of(cell(life=2).send("a", b"x", 0.0, life=1), Undeliverable)[0].why is Why.OUTLIVED


@pytest.mark.parametrize("gap", [0.0, 0.002, 0.1], ids=["at once", "in a stream", "one by one"])
def test_over_three_hops_at_30_percent_loss_all_arrive_once_and_in_order(gap: float) -> None:
    arena = mesh(line(4), 1, lossy(1), route=along_the_line)
    for number in range(200):
        send(arena, 1 + gap * number, "c0", "c3", number)

    arena.run(31 + gap * 200)

    assert arrived(arena, "c3") == {"c0": list(range(200))}
    assert sorted(settled(arena, "c0")) == list(range(200))
    assert not given_up(arena, "c0")


def test_transmissions_a_hop_of_single_messages_are_those_of_theory() -> None:
    """1 / (1 - p)^2: a copy is repeated until it and its acknowledgement came through."""
    arena = mesh(line(2), 2, Network(2, loss=0.3))
    for number in range(1500):
        send(arena, 1 + number, "c0", "c1", number)

    arena.run(1600)

    assert arena.packets["links.data"] / 1500 == pytest.approx(1 / 0.7**2, rel=0.1)


def test_in_a_stream_acknowledgements_stand_in_for_each_other() -> None:
    arena = mesh(line(2), 3, Network(3, loss=0.3))
    for number in range(2000):
        send(arena, 1 + number / 1000, "c0", "c1", number)

    arena.run(30)

    assert arrived(arena, "c1") == {"c0": list(range(2000))}
    assert arena.packets["links.data"] / 2000 == pytest.approx(1 / 0.7, rel=0.1)


def test_many_senders_to_many_receivers_over_an_overlay_of_lossy_links() -> None:
    """Everybody relays for everybody, whoever is at hand; and yet nothing is doubled or out of order."""
    arena = mesh(regular(10, 4, 4), 4, lossy(4))
    rng, said = random.Random(4), Counter[tuple[str, str]]()
    for number in range(600):
        origin, to = rng.sample([f"c{i}" for i in range(10)], 2)
        send(arena, 1 + number / 100, origin, to, said[origin, to])
        said[origin, to] += 1

    arena.run(60)

    for name in arena.cells:
        assert arrived(arena, name) == {
            origin: list(range(count)) for (origin, to), count in said.items() if to == name
        }


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["send", "deliver", "deliver", "deliver", "double", "drop", "wait", "stall"]),
        st.integers(0, 1 << 20),
    ),
    max_size=250,
)


@settings(max_examples=150)
@given(STEPS)
def test_exactly_once_in_order_under_any_schedule_of_loss_doubles_and_reordering(steps: list[tuple[str, int]]) -> None:
    """Four cells, each connected to each; what becomes of every packet is chosen, and so is how late timers are."""
    names = "abcd"
    world = ByHand(*(cell(name, contacts=[other for other in names if other != name]) for name in names))
    said: Counter[tuple[str, str]] = Counter()
    for act, choice in steps:
        if act == "send" and choice % 4 != choice // 4 % 4:
            origin, to = names[choice % 4], names[choice // 4 % 4]
            payload = b"%d" % said[origin, to]
            world.do(origin, world.outboxes[origin].send(to, payload, world.now, tag=said[origin, to]))
            said[origin, to] += 1
        elif act in ("deliver", "double") and world.packets:
            world.deliver(choice % len(world.packets), keep=act == "double")
        elif act == "drop" and world.packets:
            world.packets.pop(choice % len(world.packets))
        elif act == "wait":
            world.wait(choice % 50 / 1000)
        elif act == "stall":
            world.wait(choice % 1000 / 1000)
    world.calm_down(40)

    handled: dict[tuple[str, str], list[int]] = {}
    reported: dict[tuple[str, str], list[int]] = {}
    for name, event in world.events:
        assert not isinstance(event, (Refused, Undeliverable))
        if isinstance(event, Arrived):
            handled.setdefault((event.origin.name, name), []).append(int(event.payload))
        elif isinstance(event, Settled):
            reported.setdefault((name, event.to), []).append(event.tag)
    assert handled == {pair: list(range(count)) for pair, count in said.items()}
    assert {pair: sorted(tags) for pair, tags in reported.items()} == handled


def test_no_sender_waits_for_another_on_the_link_they_share() -> None:
    """c0 and c1 send through c2 to c3; all that c0 sends is lost, and c1 notices nothing."""
    star = {"c0": ["c2"], "c1": ["c2"], "c2": ["c0", "c1", "c3"], "c3": ["c2"]}
    calm: list[float] = []
    stormy: list[float] = []
    for times, loss in ((calm, 0.0), (stormy, 0.9)):
        network = Network(5)
        network.link("c0", "c2", loss=loss)
        arena = mesh(star, 5, network, route=lambda name: lambda to, avoid, now: "c2" if name != "c2" else to)
        for number in range(100):
            send(arena, 1 + number / 50, "c0", "c3", number)
            send(arena, 1 + number / 50, "c1", "c3", number)
        arena.run(40)
        times += [
            when - 1 - int(event.payload.split()[1]) / 50
            for when, _, event in happened(arena, Arrived)
            if event.origin.name == "c1"
        ]

    assert len(calm) == len(stormy) == 100
    assert max(stormy) < 0.02


def test_among_those_that_one_sender_sends_to_different_cells_none_waits_for_another_either() -> None:
    network = Network(6)
    network.link("c0", "c1", loss=1.0)
    arena = mesh(star := {"c0": ["c1", "c2"], "c1": ["c0"], "c2": ["c0"]}, 6, network)
    for number in range(50):
        send(arena, 1 + number / 100, "c0", "c1", number)
        send(arena, 1 + number / 100, "c0", "c2", number)

    arena.run(2)

    assert star
    assert arrived(arena, "c2") == {"c0": list(range(50))}


# -- other ways --------------------------------------------------------------------------------------------------------


def test_a_link_that_is_dead_is_left_after_three_timeouts_and_what_was_on_it_goes_through_another_contact() -> None:
    arena = mesh(TRIANGLE, 7)
    arena.run(1)
    arena.network.cut("c0", "c1")

    send(arena, 1.0, "c0", "c1", 0)
    arena.run(10)

    assert arrived(arena, "c1") == {"c0": [0]}
    (when, _, _) = happened(arena, Arrived)[0]
    assert when - 1 < 7 * 0.02 + 0.05
    assert [event.contact for _, name, event in happened(arena, LinkDown) if name == "c0"] == ["c1"]


def test_if_all_answers_are_lost_one_way_the_link_is_declared_dead_in_bounded_time_and_nothing_is_doubled() -> None:
    """What c0 sends arrives, but it never hears of it: it sends all again, another way, under the same numbers."""
    arena = mesh(TRIANGLE, 8)
    arena.run(1)
    arena.network.cut("c1", "c0")
    for number in range(20):
        send(arena, 1 + number / 1000, "c0", "c1", number)

    arena.run(10)

    assert arrived(arena, "c1") == {"c0": list(range(20))}
    assert sorted(settled(arena, "c0")) == list(range(20))
    down = [when for when, name, event in happened(arena, LinkDown) if (name, event.contact) == ("c0", "c1")]
    assert down[0] - 1 < 7 * 0.02 + 0.02


def test_that_bound_is_seven_seconds_for_a_link_that_never_worked() -> None:
    arena = mesh(TRIANGLE, 9)
    arena.network.cut("c1", "c0")

    send(arena, 0.0, "c0", "c1", 0)
    arena.run(20)

    assert arrived(arena, "c1") == {"c0": [0]}
    (when, _, _) = happened(arena, LinkDown)[0]
    assert when < 7.0


@pytest.mark.parametrize("loss", [0.0, 0.3])
def test_the_death_of_the_cell_in_the_middle_loses_nothing_not_even_what_it_had_taken(loss: float) -> None:
    arena = mesh(DIAMOND, 10, Network(10, loss=loss))
    for number in range(300):
        send(arena, 1 + number / 100, "c0", "c3", number)
    arena.at(2.5, lambda: arena.kill("c1"))

    arena.run(40)

    assert arrived(arena, "c3") == {"c0": list(range(300))}
    assert not given_up(arena, "c0")


def test_a_contact_that_is_known_to_be_gone_is_left_at_once() -> None:
    arena = mesh(DIAMOND, 11)
    arena.run(1)
    for number in range(20):
        send(arena, 1, "c0", "c3", number)
    arena.run(1.0001)
    arena.kill("c1")

    arena.tell("c0", lambda outbox, now: outbox.unlink("c1", now))
    arena.run(3)

    assert arrived(arena, "c3") == {"c0": list(range(20))}


def test_a_contact_that_refuses_because_it_knows_no_way_is_left_at_once() -> None:
    arena = mesh({**DIAMOND, "c1": ["c0"]}, 12)
    for number in range(20):
        send(arena, 1 + number / 10, "c0", "c3", number)

    arena.run(10)

    assert arrived(arena, "c3") == {"c0": list(range(20))}
    assert not happened(arena, LinkDown)
    assert max(when - 1 - int(event.payload.split()[1]) / 10 for when, _, event in happened(arena, Arrived)) < 0.05


def test_a_link_that_heals_is_used_again() -> None:
    arena = mesh(TRIANGLE, 13)
    arena.run(1)
    arena.network.cut("c0", "c1")
    send(arena, 1, "c0", "c1", 0)
    arena.run(3)
    arena.network.heal()
    arena.run(6)
    before = arena.packets["links.data"]

    send(arena, 6, "c0", "c1", 1)
    arena.run(7)

    assert arrived(arena, "c1") == {"c0": [0, 1]}
    assert arena.packets["links.data"] == before + 1
    assert [event.contact for _, name, event in happened(arena, LinkUp) if name == "c0"] == ["c1"]


def test_one_that_was_unlinked_and_is_linked_again_takes_what_comes_for_new() -> None:
    """It remembers the numbers it had; those that follow are above them."""
    arena = mesh(line(2), 27)
    for number in range(20):
        send(arena, 1 + number / 10, "c0", "c1", number)
        if number % 5 == 0:
            arena.at(1.05 + number / 10, lambda: arena.tell("c0", lambda outbox, now: outbox.neighbours((), now)))
            arena.at(1.06 + number / 10, lambda: arena.tell("c0", lambda outbox, now: outbox.neighbours(["c1"], now)))

    arena.run(10)

    assert arrived(arena, "c1") == {"c0": list(range(20))}


def test_an_exit_signal_moves_what_was_with_a_neighbour_at_once_and_it_is_used_again_when_it_answers() -> None:
    arena = mesh(DIAMOND, 28, route=lambda name: lambda to, avoid, now: first(["c3", "c1", "c2"], name, avoid))
    arena.run(1)
    for number in range(20):
        send(arena, 1, "c0", "c3", number)
    arena.run(1.0001)
    arena.kill("c1")
    arena.tell("c0", lambda outbox, now: outbox.died(Pid("c1", 1), now))
    arena.run(1.1)
    moved = len(arrived(arena, "c3")["c0"])
    arena.run(4)
    arena.revive("c1")
    link_all(arena, DIAMOND, "c1")
    arena.run(5.2)
    before = arena.packets["links.data"]

    send(arena, 5.2, "c0", "c3", 20)
    arena.run(6)

    assert moved == 20
    assert arrived(arena, "c3") == {"c0": list(range(21))}
    assert [event.contact for _, name, event in happened(arena, LinkUp) if name == "c0"] == ["c1"]
    assert arena.packets["links.data"] > before


def first(names: list[str], here: str, avoid: Collection[str]) -> str | None:
    return next((name for name in names if name in DIAMOND[here] and name not in avoid), None)


def test_the_death_of_an_earlier_life_or_of_a_stranger_is_no_news() -> None:
    outbox = cell(contacts=["b"])
    outbox.receive(Pid("b", 2), "links.ping", [1], 0.0)

    assert outbox.died(Pid("b", 1), 0.1) == outbox.died(Pid("z", 1), 0.1) == []
    assert sent(outbox.send("b", b"x", 0.2), "links.data")

    outbox.died(Pid("b", 2), 0.3)
    assert not sent(outbox.send("b", b"y", 0.4), "links.data")


def test_strangers_that_wrote_make_room_for_each_other_but_neighbours_do_not() -> None:
    outbox = cell(config=LinksConfig(contacts=2), contacts=["b"])

    answers = [outbox.receive(Pid(f"x{number}", 1), "links.ping", [1], 0.0) for number in range(9)]

    assert all(sent(answer, "links.pong") for answer in answers)
    assert repr(outbox) == "Outbox(a#1, contacts=2, unsettled=0, Inbox(origins=0, held_bytes=0))"
    assert sent(outbox.send("b", b"x", 0.0), "links.data")


def test_a_stranger_that_falls_silent_is_not_asked_for_ever() -> None:
    arena = mesh({"c0": [], "c1": ["c0"]}, 29)
    send(arena, 1, "c1", "c0", 0)
    arena.run(2)
    arena.kill("c1")
    send(arena, 2, "c0", "c1", 1)
    arena.run(40)

    assert given_up(arena, "c0") == [Undeliverable("c1", 1, b"c0 1", Why.EXPIRED)]
    assert arena.cells["c0"].due == math.inf


def test_what_has_no_way_waits_for_one() -> None:
    arena = mesh({"c0": [], "c1": []}, 14)
    send(arena, 1, "c0", "c1", 0)
    arena.run(5)

    arena.tell("c0", lambda outbox, now: outbox.link("c1", now))
    arena.run(5.1)

    assert arrived(arena, "c1") == {"c0": [0]}


def test_a_partition_that_heals_before_the_lifetime_is_over_loses_nothing() -> None:
    arena = mesh(ring(6), 15)
    arena.run(1)
    arena.network.partition(["c0", "c1", "c2"])
    for number in range(60):
        send(arena, 1 + number / 10, "c0", "c4", number)
    arena.at(15, arena.network.heal)

    arena.run(40)

    assert arrived(arena, "c4") == {"c0": list(range(60))}


# -- pauses ------------------------------------------------------------------------------------------------------------


def test_a_pause_of_the_other_side_does_not_make_timers_explode() -> None:
    """c1 stands still for 16 s; half a second after that all is delivered, and timers are what they were."""
    arena = mesh(line(2), 16)
    for number in range(20):
        send(arena, 1 + number / 10, "c0", "c1", number)
    arena.run(3)
    arena.network.pause("c1", 19)
    for number in range(20, 40):
        send(arena, 3 + number / 10, "c0", "c1", number)
    for number in range(40, 50):
        send(arena, 22 + number / 10, "c0", "c1", number)

    arena.run(40)

    assert arrived(arena, "c1") == {"c0": list(range(50))}
    times = {int(event.payload.split()[1]): when for when, _, event in happened(arena, Arrived)}
    assert max(times[number] for number in range(20, 40)) < 19.5 + 1.1
    assert max(times[number] - 22 - number / 10 for number in range(40, 50)) < 0.05


def test_a_pause_of_one_s_own_is_held_against_nobody() -> None:
    outbox = cell(contacts=["b"])
    number = sent(outbox.tick(0.0), "links.ping")[0].body[0]
    outbox.receive(Pid("b", 1), "links.pong", [number], 0.001)
    data = sent(outbox.send("b", b"x", 1.0), "links.data")[0]

    late = outbox.tick(17.0)
    answer = outbox.receive(Pid("b", 1), "links.ack", [1, data.body[1] + 1, [], data.body[1]], 17.0)

    assert not of(late, LinkDown)
    assert of(answer, Settled)
    assert sent(outbox.send("b", b"y", 18.0), "links.data")
    assert outbox.due < 18.1


# -- lives -------------------------------------------------------------------------------------------------------------


def test_a_destination_that_is_born_again_gets_what_comes_after() -> None:
    arena = mesh(line(2), 17)
    for number in range(10):
        send(arena, 1 + number / 10, "c0", "c1", number)
    arena.run(3)
    arena.kill("c1")
    arena.run(4)
    arena.revive("c1")
    link_all(arena, line(2), "c1")

    for number in range(10, 20):
        send(arena, 4 + number / 10, "c0", "c1", number)
    arena.run(20)

    assert arrived(arena, "c1") == {"c0": list(range(20))}


def test_an_origin_that_is_born_again_begins_anew() -> None:
    arena = mesh(line(2), 18)
    for number in range(10):
        send(arena, 1 + number / 10, "c0", "c1", number)
    arena.run(3)
    arena.kill("c0")
    arena.revive("c0")
    link_all(arena, line(2), "c0")

    for number in range(10):
        send(arena, 4 + number / 10, "c0", "c1", number)
    arena.run(20)

    assert arrived(arena, "c1") == {"c0": [*range(10), *range(10)]}


@pytest.mark.parametrize("graph", [line(2), DIAMOND], ids=["direct", "relayed"])
def test_a_message_for_one_life_is_not_handled_by_the_next(graph: dict[str, list[str]]) -> None:
    arena, to = mesh(graph, 19), f"c{len(graph) - 1}"
    arena.kill(to)
    arena.revive(to)
    link_all(arena, graph, to)

    send(arena, 1, "c0", to, 0, life=1)
    send(arena, 1, "c0", to, 1, life=2)
    send(arena, 1, "c0", to, 2)
    arena.run(5)

    assert arrived(arena, to) == {"c0": [1, 2]}
    assert [(event.tag, event.why) for event in given_up(arena, "c0")] == [(0, Why.OUTLIVED)]


@settings(max_examples=30)
@given(st.integers(0, 1 << 30))
def test_whoever_dies_and_comes_back_no_life_handles_a_message_twice_or_out_of_order(seed: int) -> None:
    rng = random.Random(seed)
    graph = regular(6, 3, seed)
    arena = mesh(graph, seed, Network(seed, loss=0.2, duplication=0.1))
    births: list[tuple[float, str]] = []
    for number in range(200):
        origin, to = rng.sample(list(graph), 2)
        send(arena, 1 + number / 20, origin, to, number)

    def kill() -> None:
        arena.kill(rng.choice(list(graph)))

    def revive() -> None:
        for name in graph:
            if name not in arena.cells:
                births.append((arena.now, name))
                arena.revive(name)
                link_all(arena, graph, name)

    for moment in range(1, 11):
        arena.at(moment + 0.5, kill)
        arena.at(moment + rng.uniform(0.6, 1.4), revive)
    arena.run(60)

    seen: dict[tuple[str, int, Pid], list[int]] = {}
    for when, name, event in happened(arena, Arrived):
        life = sum(other == name and born <= when for born, other in births)
        seen.setdefault((name, life, event.origin), []).append(int(event.payload.split()[1]))
    assert len(births) > 3
    for handled in seen.values():
        assert handled == sorted(set(handled))


# -- giving up ---------------------------------------------------------------------------------------------------------


def test_a_message_that_cannot_be_delivered_is_given_up_after_its_lifetime_and_said_so_once() -> None:
    arena = mesh(line(2), 20)
    arena.kill("c1")

    send(arena, 1, "c0", "c1", 0)
    arena.run(100)

    assert given_up(arena, "c0") == [Undeliverable("c1", 0, b"c0 0", Why.EXPIRED)]
    assert happened(arena, Undeliverable)[0][0] == 31.0
    assert arena.cells["c0"].unsettled("c1") == 0


def test_those_after_one_that_was_given_up_do_not_wait_for_it() -> None:
    """Of two, the first is lost whenever it is sent; in its place a blank lets the second pass."""
    sender, receiver = cell("a", replace(LinksConfig(), lifetime=1.0), contacts=["b"]), cell("b", contacts=["a"])
    world = ByHand(sender, receiver)
    world.calm_down(0.1)
    world.do("a", sender.send("b", b"first", world.now, tag=1))
    world.packets.clear()
    world.do("a", sender.send("b", b"second", world.now, tag=2))
    for _ in range(300):
        world.packets = [packet for packet in world.packets if not is_first(packet[1])]
        while world.packets:
            world.deliver(0)
        world.wait(0.01)

    assert [(event.tag, event.why) for _, event in world.events if isinstance(event, Undeliverable)] == [
        (1, Why.EXPIRED)
    ]
    assert [event.payload for _, event in world.events if isinstance(event, Arrived)] == [b"second"]


def is_first(send: Send) -> bool:
    return send.kind == "links.data" and send.body[2][7] == b"first"


def test_all_to_one_that_is_gone_for_good_can_be_abandoned() -> None:
    arena = mesh(line(2), 21)
    arena.kill("c1")
    for number in range(300):
        send(arena, 1, "c0", "c1", number)
    arena.run(2)

    arena.tell("c0", lambda outbox, now: outbox.abandon("c1", now))
    arena.tell("c0", lambda outbox, now: outbox.abandon("c9", now))

    assert Counter(event.why for event in given_up(arena, "c0")) == {Why.ABANDONED: 300}
    assert arena.cells["c0"].unsettled("c1") == 0


# -- bounds ------------------------------------------------------------------------------------------------------------


def test_only_so_many_wait_for_a_destination() -> None:
    outbox = cell(config=LinksConfig(stream_window=4, queue=3), contacts=["b"])

    effects = [effect for number in range(10) for effect in outbox.send("b", b"x", 0.0, tag=number)]

    assert [(event.tag, event.why) for event in of(effects, Undeliverable)] == [
        (7, Why.FULL),
        (8, Why.FULL),
        (9, Why.FULL),
    ]
    assert outbox.unsettled("b") == 7


def test_only_so_many_destinations_are_written_to_and_numbers_are_never_used_again() -> None:
    """One that has nothing unsettled makes room for another, and does not begin at 1 when it comes back."""
    a, b, c = cell("a", LinksConfig(streams=1), contacts=["b", "c"]), cell("b"), cell("c")
    world = ByHand(a, b, c)
    for number, to in enumerate(["b", "c", "b", "c", "b"]):
        world.do("a", a.send(to, b"%d" % number, world.now, tag=number))
        world.calm_down(0.1)

    assert [(name, event.payload) for name, event in world.events if isinstance(event, Arrived)] == [
        ("b", b"0"),
        ("c", b"1"),
        ("b", b"2"),
        ("c", b"3"),
        ("b", b"4"),
    ]

    a.send("b", b"x", world.now)
    assert of(a.send("c", b"x", world.now), Undeliverable)[0].why is Why.FULL


def test_a_relay_refuses_what_it_has_no_room_for_and_it_arrives_all_the_same() -> None:
    """c2 is down, so c1 can keep three letters for it and no more."""
    arena = mesh(line(3), 22, config=LinksConfig(queue=3, least_window=1, first_window=1), route=along_the_line)
    arena.run(1)
    for number in range(4):
        send(arena, 1, "c0", "c2", number)
    arena.run(1.0005)
    for number in range(4, 40):
        send(arena, 1.0005, "c0", "c2", number)

    arena.run(60)

    handled = arrived(arena, "c2")["c0"]
    assert handled == sorted(set(handled))
    assert len(handled) + len(given_up(arena, "c0")) == 40


def test_contacts_are_bounded_and_a_stranger_beyond_is_refused() -> None:
    outbox = cell(config=LinksConfig(contacts=2), contacts=["b", "c", "d"])

    assert of(outbox.receive(Pid("e", 1), "links.ping", [1], 0.0), Refused)
    assert outbox.link("a", 0.0) == []
    assert outbox.unlink("nobody", 0.0) == []


def test_a_payload_that_is_too_long_and_a_name_that_is_none_are_refused_to_the_caller() -> None:
    outbox = cell()

    with pytest.raises(ValueError, match="payload must be at most 60000 bytes; got 60001"):
        outbox.send("b", b"x" * 60_001, 0.0)
    with pytest.raises(ValueError, match="an empty name"):
        outbox.send("", b"x", 0.0)
    with pytest.raises(ValueError, match="an empty name"):
        outbox.link("", 0.0)
    with pytest.raises(ValueError, match="outside"):
        outbox.send("b", b"x", 0.0, life=-1)


def test_it_knows_how_good_its_links_are() -> None:
    arena = mesh(line(2), 23, Network(23, loss=0.3))
    for number in range(300):
        send(arena, 1 + number, "c0", "c1", number)
    arena.run(310)

    assert arena.cells["c0"].etx("c1") == pytest.approx(2.04, rel=0.4)
    assert arena.cells["c0"].etx("c9") == math.inf


def test_a_quiet_link_costs_nothing() -> None:
    arena = mesh(TRIANGLE, 24)
    arena.run(1)
    before = arena.packets.total()

    arena.run(1000)

    assert arena.packets.total() == before
    assert arena.cells["c0"].due == math.inf
    assert repr(arena.cells["c0"]) == "Outbox(c0#1, contacts=2, unsettled=0, Inbox(origins=0, held_bytes=0))"


def test_goodput_of_a_link_that_loses_30_percent_is_nearly_half_of_a_good_one_s() -> None:
    """Useful messages for each that was sent: what a channel that carries so many has to offer."""

    def share(loss: float) -> float:
        arena = mesh(line(2), 25, Network(25, loss=loss))
        for number in range(1000):
            send(arena, 1 + number / 10, "c0", "c1", number)
        arena.run(130)
        return 1000 / arena.packets["links.data"]

    assert share(0.3) >= 0.45 * share(0.0)


def test_a_long_way_with_a_large_product_of_delay_and_rate_is_filled() -> None:
    """100 ms there and back, 1,000 messages a second: a hundred are under way, and none is repeated."""
    arena = mesh(line(2), 26, Network(26, delay=uniform(0.049, 0.051)))
    for number in range(3000):
        send(arena, 1 + number / 1000, "c0", "c1", number)

    arena.run(10)

    assert arrived(arena, "c1") == {"c0": list(range(3000))}
    assert arena.packets["links.data"] == 3000
    assert happened(arena, Arrived)[-1][0] < 4.0 + 1.0
