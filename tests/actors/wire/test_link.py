"""A link: what is sent arrives in order; what is wrong ends it once, in words, or harms nobody else."""

from __future__ import annotations

import asyncio
import math
import socket
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import CodecError
from actors.wire import frames, outbox
from actors.wire.frames import PACKET_LIMIT, Kind
from actors.wire.link import Link
from tests.actors.wire.kinds import Order, Point, Ref, ends
from tests.actors.wire.pipes import End, Pair, in_loop

LARGE = 3 * PACKET_LIMIT + 17


@in_loop
async def test_frames_arrive_in_order_in_one_write() -> None:
    pair = await Pair().greeted()
    pair.a.pipe.writes.clear()
    sent = [[16, number, "x" * number] for number in range(50)]
    for frame in sent:
        assert pair.a.link.send(frame)
    await pair.settle()

    assert pair.b.frames == sent
    assert len(pair.a.pipe.writes) == 1


@in_loop
async def test_what_is_sent_before_the_greeting_waits_for_it() -> None:
    pair = Pair()
    pair.a.link.send([16, "early"])
    pair.b.link.send([17, "early too"])
    assert pair.a.link.is_full
    await pair.settle()

    assert (pair.b.frames, pair.a.frames) == ([[16, "early"]], [[17, "early too"]])


@in_loop
async def test_a_frame_may_grow_until_the_turn_ends() -> None:
    pair = await Pair().greeted()
    items = [1]
    pair.a.link.send([16, items])
    items.append(2)
    await pair.settle()

    assert pair.b.frames == [[16, [1, 2]]]


@in_loop
async def test_types_are_announced_before_they_are_used() -> None:
    pair = await Pair().greeted()
    pair.a.link.send([16, Order(1)])
    pair.a.link.send([16, [Point(1), Ref("a")]])
    pair.b.link.send([16, Point(2)])
    await pair.settle()

    assert pair.b.frames[0] == [16, Order(1)]
    assert pair.b.frames[1][1][0] == Point(1)
    assert pair.a.frames == [[16, Point(2)]]


class TestRefusals:
    @in_loop
    async def test_a_frame_that_cannot_be_packed_harms_no_other(self) -> None:
        pair = await Pair().greeted()
        refused: list[CodecError] = []
        for number in range(20):
            pair.a.link.send([16, number])
            if number % 7 == 3:
                pair.a.link.send([16, object()], refused.append)
        await pair.settle()

        assert [frame[1] for frame in pair.b.frames] == list(range(20))
        assert [error.what for error in refused] == ["builtins:object"] * 3

    @in_loop
    async def test_the_loop_hears_of_it_where_nobody_else_does(self) -> None:
        pair = await Pair().greeted()
        heard: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: heard.append(context["message"]))
        pair.a.link.send([16, object()])
        await pair.settle()

        assert "a frame cannot be sent: builtins:object" in heard[0]

    @in_loop
    async def test_a_frame_that_is_too_large_for_either_side_is_refused(self) -> None:
        one, two = ends(max_bytes=LARGE * 2)[0], ends(max_bytes=LARGE)[0]
        pair = Pair()
        pair.a.link.abort("not these")
        a, b = End(one, is_caller=True), End(two, is_caller=False)
        a.pipe.other, b.pipe.other = b.pipe, a.pipe
        b.connect()
        a.connect()
        pair.a, pair.b = a, b
        await pair.settle()
        refused: list[CodecError] = []
        a.link.send([16, b"x" * LARGE], refused.append)
        a.link.send([16, b"x" * 2 * LARGE], refused.append)
        a.link.send([16, "last"])
        await pair.settle()

        assert b.frames == [[16, "last"]]
        assert "the other side takes" in str(refused[0])
        assert "the wire's max_bytes" in str(refused[1])

    @in_loop
    async def test_a_refusal_may_send_another_frame(self) -> None:
        pair = await Pair().greeted()
        pair.a.link.send([16, 1])
        pair.a.link.send([16, object()], lambda error: pair.a.link.send([17, error.what]))
        await pair.settle()

        assert pair.b.frames == [[16, 1], [17, "builtins:object"]]

    @in_loop
    async def test_what_the_other_side_cannot_read_harms_no_other_frame(self) -> None:
        unreadable: list[Any] = []
        pair = await Pair(other={"on_unreadable": lambda head, error: unreadable.append((head, error.what))}).greeted()
        pair.a.link.send([16, "a", 1])
        await pair.settle()
        pair.b.link.wire._resolve = lambda handle: 1 / 0
        pair.a.link.send([16, "b", 2, [Ref("x")], 3])
        pair.a.link.send([16, "c", 3])
        await pair.settle()

        assert pair.b.frames == [[16, "a", 1], [16, "c", 3]]
        assert unreadable == [([16, "b", 2], "an object")]

    @in_loop
    async def test_without_somebody_to_tell_it_ends_the_link(self) -> None:
        pair = await Pair().greeted()
        pair.b.link.wire._resolve = lambda handle: 1 / 0
        pair.a.link.send([16, Ref("x")])
        await pair.settle()

        assert len(pair.b.lost) == 1
        assert "ZeroDivisionError" in pair.b.lost[0]

    @in_loop
    async def test_a_handler_that_fails_does_not_end_the_link(self) -> None:
        got: list[Any] = []

        def handle(frame: Any) -> None:
            got.append(frame)
            if frame[1] == 1:
                raise RuntimeError("no")

        heard: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: heard.append(context["message"]))
        pair = await Pair(other={"on_frame": handle}).greeted()
        for number in range(3):
            pair.a.link.send([16, number])
        await pair.settle()

        assert [frame[1] for frame in got] == [0, 1, 2]
        assert heard == ["a frame's handler failed: no"]
        assert not pair.b.lost


class TestLargeFrames:
    @in_loop
    async def test_one_arrives_whole(self) -> None:
        pair = await Pair().greeted()
        data = bytes(range(256)) * (LARGE // 256)
        pair.a.link.send([16, data])
        await pair.settle()

        assert pair.b.frames == [[16, data]]
        assert pair.a.link.waiting == (0, 0)

    @in_loop
    async def test_a_lane_keeps_its_order_and_the_others_pass(self) -> None:
        pair = await Pair().greeted()
        link = pair.a.link
        link.send([16, "a1", b"x" * LARGE], lane="a")
        link.send([16, "a2"], lane="a")
        link.send([16, "b1"], lane="b")
        link.send([16, "a3", b"x" * LARGE], lane="a")
        link.send([16, "a4"], lane="a")
        link.send([16, "c1", b"x" * LARGE], lane="c")
        await asyncio.sleep(0)
        link.send([16, "a5"], lane="a")
        link.send([16, "b2"], lane="b")
        await pair.settle()
        names = [frame[1] for frame in pair.b.frames]

        assert [name for name in names if name[0] == "a"] == ["a1", "a2", "a3", "a4", "a5"]
        assert names[:2] == ["b1", "b2"]
        assert "c1" in names

    @settings(max_examples=60)
    @given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([3, 1000, LARGE])), max_size=12), st.data())
    def test_any_mix_in_any_pieces(self, sent: list[tuple[str, int]], data: st.DataObject) -> None:
        async def run() -> None:
            pair = await Pair().greeted()
            for number, (lane, size) in enumerate(sent):
                pair.a.link.send([16, lane, number, b"x" * size], lane=lane)
                if data.draw(st.booleans()):
                    await asyncio.sleep(0)
                    pair.a.pipe.move(data.draw(st.sampled_from([1, 3, 5, 70_000])))
            await pair.settle(200)

            assert sorted(frame[2] for frame in pair.b.frames) == list(range(len(sent)))
            for lane in "abc":
                came = [frame[2] for frame in pair.b.frames if frame[1] == lane]
                assert came == sorted(came)
            assert all(len(frame[3]) == sent[frame[2]][1] for frame in pair.b.frames)

        asyncio.run(run())

    @in_loop
    async def test_very_many_of_one_lane_go_one_after_the_other(self) -> None:
        pair = await Pair().greeted()
        for number in range(60):
            pair.a.link.send([16, number, b"x" * (LARGE if number % 3 else 10)])
        await pair.settle(1000)

        assert [frame[1] for frame in pair.b.frames] == list(range(60))
        assert pair.a.link.waiting == (0, 0)

    @in_loop
    async def test_heartbeats_do_not_wait_behind_them(self) -> None:
        pongs: list[float] = []
        pair = await Pair(
            caller={"on_pong": lambda vitals, seconds: pongs.append(seconds)}, max_bytes=1 << 27
        ).greeted()
        pair.a.link.send([16, b"x" * 100_000_000])
        await asyncio.sleep(0)
        moved = 0
        pair.a.link.tick(0.0)
        pair.a.link.tick(0.25)
        while not pongs:
            moved += pair.a.pipe.move(1 << 16)
            pair.b.pipe.move()
            await asyncio.sleep(0)

        assert moved < 2_000_000
        assert not pair.b.frames
        pair.a.link.abort("enough")

    @in_loop
    async def test_more_bytes_than_the_other_side_may_hold_wait(self) -> None:
        pair = await Pair(max_bytes=LARGE + 100).greeted()
        for number in range(40):
            pair.a.link.send([16, number, b"x" * LARGE], lane=number)
        most = 0
        for _ in range(4000):
            pair.a.pipe.move(1 << 16)
            most = max(most, pair.b.link._joiner.held)
            await asyncio.sleep(0)
            if len(pair.b.frames) == 40:
                break

        assert sorted(frame[1] for frame in pair.b.frames) == list(range(40))
        assert most <= 4 * (LARGE + 100)


class TestBackpressure:
    @in_loop
    async def test_large_frames_of_one_turn_are_packed_one_by_one(self) -> None:
        pair = await Pair().greeted()
        wire: Any = pair.a.link.wire
        packed: list[int] = []
        pack = wire.pack

        def count(value: Any) -> Any:
            packed.append(len(value))
            return pack(value)

        wire.pack = count
        payload = b"x" * 1_000_000
        for number in range(50):
            pair.a.link.send([16, number, payload], lane=number)
        await pair.settle(400)

        assert len(pair.b.frames) == 50
        assert sum(packed) < 100

    @in_loop
    async def test_frames_that_wait_for_a_large_one_fill_it(self) -> None:
        pair = await Pair().greeted()
        pair.a.link.send([16, 0, b"x" * 3_000_000])
        await asyncio.sleep(0)
        sent = 1
        while not pair.a.link.is_full:
            pair.a.link.send([16, sent, b"x" * 1000])
            sent += 1
            await asyncio.sleep(0)
        assert sent <= outbox.HELD_LIMIT + 1
        await pair.settle()

        assert [frame[1] for frame in pair.b.frames] == list(range(sent))

    @in_loop
    async def test_a_side_that_does_not_read_fills_the_link(self) -> None:
        pair = await Pair().greeted()
        sent = 0
        while not pair.a.link.is_full:
            pair.a.link.send([16, sent, b"x" * 10_000])
            sent += 1
            await asyncio.sleep(0)

        assert sent < 200
        assert pair.a.pipe.get_write_buffer_size() < 1_500_000
        woken: list[int] = []
        pair.a.link.on_writable(lambda: woken.append(1))
        await asyncio.sleep(0)
        assert not woken
        await pair.settle()
        assert woken == [1]
        assert [frame[1] for frame in pair.b.frames] == list(range(sent))

    @in_loop
    async def test_very_many_frames_in_one_turn_fill_it(self) -> None:
        pair = await Pair().greeted()
        for number in range(outbox.QUEUE_LIMIT):
            assert not pair.a.link.is_full
            pair.a.link.send([16, number])

        assert pair.a.link.is_full
        await pair.settle()
        assert not pair.a.link.is_full
        assert len(pair.b.frames) == outbox.QUEUE_LIMIT

    @in_loop
    async def test_what_waits_meanwhile_is_not_lost(self) -> None:
        pair = await Pair().greeted()
        for number in range(3000):
            pair.a.link.send([16, number, b"x" * 1000])
        await asyncio.sleep(0)
        held = pair.a.pipe.get_write_buffer_size()
        await pair.settle()

        assert held < 2_000_000
        assert [frame[1] for frame in pair.b.frames] == list(range(3000))

    @in_loop
    async def test_a_link_that_is_not_full_is_writable_at_once(self) -> None:
        pair = await Pair().greeted()
        woken: list[int] = []
        pair.a.link.on_writable(lambda: woken.append(1))

        assert woken == [1]


class TestGreeting:
    @in_loop
    async def test_each_side_gets_the_others(self) -> None:
        pair = await Pair({"greeting": {"who": "a"}}, {"greeting": ["b", 1]}).greeted()

        assert (pair.a.ready, pair.b.ready) == ([["b", 1]], [{"who": "a"}])

    @in_loop
    async def test_one_that_is_refused_is_told_why(self) -> None:
        pair = Pair({"greeting": "wrong"}, {"greet": lambda token: None if token == "right" else "the token is wrong"})
        pair.a.link.send([16, 1])
        await pair.settle()

        assert pair.b.lost == ["the token is wrong"]
        assert pair.a.lost == ["the other side refused: the token is wrong"]
        assert not pair.b.frames
        assert not pair.b.ready

    @in_loop
    async def test_a_judge_that_fails_refuses(self) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        pair = Pair(other={"greet": lambda token: str(1 / 0)})
        await pair.settle()

        assert pair.b.lost == ["the greeting cannot be judged"]

    @in_loop
    async def test_versions_that_do_not_meet_are_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pair = Pair()
        body = frames.greet(Kind.HELLO, frames.Greeting((7, 9), 1000))
        pair.a.pipe.held[:] = len(body).to_bytes(4) + body
        await pair.settle()

        sentence = "one side speaks versions 7 to 9 of planaria's links, the other 1 to 1: update the older one"
        assert pair.b.lost == [sentence]
        assert pair.a.lost == [f"the other side refused: {sentence}"]

    @in_loop
    async def test_who_does_not_greet_is_told_nothing_and_given_up(self) -> None:
        pair = Pair()
        pair.a.pipe.held.clear()
        for number in range(100):
            pair.b.link.tick(number * 0.25)

        assert pair.b.lost == ["no greeting within 5 s"]
        assert not pair.b.pipe.writes

    @pytest.mark.parametrize(
        "data",
        [
            b"GET / HTTP/1.1\r\n\r\n",
            b"\x00\x00\x00\x01\x90",
            b"\x80\x00\x00\x08aaaaaaaa",
            b"\xff\xff\xff\xff",
            b"\x00\x00\x00\x00",
            b"\x00\x00\x00\x05\xdd\xff\xff\xff\xff",
            b"\x00\x00\x40\x01",
        ],
    )
    @in_loop
    async def test_a_stranger_is_told_nothing(self, data: bytes) -> None:
        pair = Pair()
        pair.a.pipe.held[:] = data
        await pair.settle()

        assert len(pair.b.lost) == 1
        assert "what is no frame" in pair.b.lost[0]
        assert not pair.b.pipe.writes

    @in_loop
    async def test_a_greeting_that_is_not_plain_is_refused_at_once(self) -> None:
        with pytest.raises(CodecError, match="the greeting"):
            Pair({"greeting": Order(1)})


class TestSilence:
    @in_loop
    async def test_a_side_that_answers_is_never_given_up(self) -> None:
        pongs: list[Any] = []
        pair = await Pair(
            {"on_pong": lambda vitals, seconds: pongs.append(vitals)}, {"vitals": lambda: {"rss": 5}}
        ).greeted()
        for number in range(100):
            pair.a.link.tick(number * 0.25)
            await pair.settle(4)

        assert not pair.a.lost
        assert len(pongs) > 20
        assert pongs[0] == {"rss": 5}

    @in_loop
    async def test_one_that_talks_all_the_time_is_asked_how_it_is_each_second(self) -> None:
        pongs: list[Any] = []
        pair = await Pair({"on_pong": lambda vitals, seconds: pongs.append(vitals)}, {"vitals": lambda: 7}).greeted()
        for number in range(41):
            pair.b.link.send([99])
            await pair.settle(4)
            pair.a.link.tick(number * 0.25)
            await pair.settle(4)

        assert pongs == [7] * 11
        assert pair.a.link.silence == 0

    @in_loop
    async def test_one_that_does_not_is(self) -> None:
        pair = await Pair({"patience": 1.0}).greeted()
        for number in range(10):
            pair.a.link.tick(number * 0.25)

        assert pair.a.lost == ["silent for 1.0 s"]

    @in_loop
    async def test_one_of_which_nothing_is_expected_yet_is_neither_asked_nor_given_up(self) -> None:
        pair = Pair({"patience": math.inf, "greeting_time": math.inf})
        pair.a.pipe.writes.clear()
        for number in range(1000):
            pair.a.link.tick(number * 0.25)
        await pair.greeted()
        for number in range(1000, 2000):
            pair.a.link.tick(number * 0.25)

        assert (pair.a.lost, pair.a.pipe.writes) == ([], [])

    @pytest.mark.parametrize(("patience", "ticks"), [(1.0, 5), (0.1, 3)])
    @in_loop
    async def test_from_when_signs_of_life_are_expected_silence_counts(self, patience: float, ticks: int) -> None:
        pair = await Pair({"patience": math.inf}).greeted()
        pair.a.link.expect(patience)
        count = 0
        while not pair.a.lost:
            pair.a.link.tick(count * 0.25)
            count += 1

        assert count == ticks

    @in_loop
    async def test_this_sides_own_sleep_is_not_the_others_silence(self) -> None:
        pair = await Pair({"patience": 1.0}).greeted()
        for now in 0.0, 0.25, 100.0:
            pair.a.link.tick(now)

        assert not pair.a.lost

    @in_loop
    async def test_vitals_that_cannot_be_told_do_not_stop_the_answer(self) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        pongs: list[Any] = []
        for vitals in (lambda: 1 / 0), object:
            pair = await Pair({"on_pong": lambda vitals, seconds: pongs.append(vitals)}, {"vitals": vitals}).greeted()
            for number in range(3):
                pair.a.link.tick(number * 0.25)
            await pair.settle()
            assert not pair.b.lost

        assert set(pongs) == {None}


class TestEnd:
    @in_loop
    async def test_a_link_that_is_closed_sends_what_is_queued_and_says_goodbye(self) -> None:
        pair = await Pair().greeted()
        pair.a.link.send([16, 1])
        pair.a.link.send([16, 2, b"x" * LARGE])
        pair.a.link.close("the isolate is done")
        assert not pair.a.link.send([16, 3])
        await pair.settle()

        assert [frame[1] for frame in pair.b.frames] == [1, 2]
        assert pair.a.lost == ["the isolate is done"]
        assert pair.b.lost == ["the other side closed the link: the isolate is done"]
        assert pair.a.link.is_over
        assert not pair.b.link.send([16, 4])

    @in_loop
    async def test_one_that_is_aborted_ends_at_once(self) -> None:
        pair = await Pair().greeted()
        pair.a.link.send([16, 1])
        pair.a.link.abort("enough")
        pair.a.link.abort("again")
        pair.a.link.close()
        assert pair.a.lost == ["enough"]
        await pair.settle()

        assert pair.b.lost == ["the connection was closed"]
        assert not pair.b.frames

    @in_loop
    async def test_a_side_that_does_not_read_cannot_keep_a_closed_link(self) -> None:
        pair = await Pair({"patience": 1.0}).greeted()
        pair.a.link.send([16, b"x" * 2_000_000])
        pair.a.link.close("done")
        await asyncio.sleep(0)
        for number in range(10):
            pair.a.link.tick(number * 0.25)

        assert len(pair.a.lost) == 1

    @in_loop
    async def test_a_connection_that_breaks_says_where(self) -> None:
        pair = await Pair().greeted()
        pair.a.link.send([16, "x" * 100])
        await asyncio.sleep(0)
        pair.a.pipe.move(50)
        pair.a.pipe.lose(ConnectionResetError("reset"))

        assert pair.b.lost == ["the connection was closed, in the middle of a frame: reset"]
        assert pair.a.lost == ["the connection was closed: reset"]

    @in_loop
    async def test_a_frame_handler_may_end_the_link(self) -> None:
        pair = await Pair().greeted()
        pair.b.link._on_frame = lambda frame: pair.b.link.abort("I have seen enough")
        for number in range(3):
            pair.a.link.send([16, number])
        await pair.settle()

        assert pair.b.lost == ["I have seen enough"]


MALFORMED = {
    "no msgpack": b"\xc1",
    "no list": b"\x01",
    "a frame that is none": b"\x91\x01",
    "a frame of nothing": b"\x91\x90",
    "a kind that is none": b"\x91\x91\xa1a",
    "an unknown kind of the link's": b"\x91\x92\x0b\x01",
    "a second greeting": frames.greet(Kind.HELLO, frames.Greeting((1, 1), 1000)),
    "types that are none": b"\x91\x92\x03\x01",
    "a ping of nothing": b"\x91\x91\x04",
    "nothing": b"",
}


class TestMalformed:
    @pytest.mark.parametrize("name", MALFORMED)
    @in_loop
    async def test_a_malformed_frame_ends_the_link_once(self, name: str) -> None:
        pair = await Pair().greeted()
        body = MALFORMED[name]
        pair.a.pipe.held += len(body).to_bytes(4) + body
        await pair.settle()

        assert len(pair.b.lost) == 1
        assert pair.b.lost[0].startswith("the other side sent what is no frame: ")

    @in_loop
    async def test_frames_before_it_are_handled(self) -> None:
        pair = await Pair().greeted()
        pair.a.link.send([16, 1])
        await asyncio.sleep(0)
        pair.a.pipe.held += b"\xff\xff\xff\xff"
        await pair.settle()

        assert pair.b.frames == [[16, 1]]
        assert "declares 2147483647 bytes; 262144 is the most" in pair.b.lost[0]

    @in_loop
    async def test_a_peer_that_opens_very_many_streams_is_cut_off(self) -> None:
        pair = await Pair().greeted()
        for number in range(20):
            pair.a.pipe.held += (0x80000000 | 6).to_bytes(4) + number.to_bytes(4) + b"\x00x"
        await pair.settle()

        assert "one stream too many" in pair.b.lost[0]

    @in_loop
    async def test_a_stream_that_does_not_end_is_cut_off(self) -> None:
        pair = await Pair(max_bytes=500_000).greeted()
        chunk = (0x80000000 | 100_005).to_bytes(4) + b"\x00\x00\x00\x01\x00" + b"x" * 100_000
        for _ in range(6):
            pair.a.pipe.held += chunk
        await pair.settle()

        assert "makes a body of more than 500000 bytes" in pair.b.lost[0]

    @settings(max_examples=40)
    @given(st.binary(max_size=100), st.integers(1, 50))
    def test_any_bytes_end_it_once_or_not_at_all(self, data: bytes, piece: int) -> None:
        async def run() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda loop, context: errors.append(context))
            pair = await Pair().greeted()
            pair.a.pipe.held += data
            while pair.a.pipe.move(piece):
                pass
            pair.a.pipe.lose(None)
            assert len(pair.b.lost) == 1

        errors: list[Any] = []
        asyncio.run(run())
        assert not errors


@settings(max_examples=20)
@given(st.data())
def test_bytes_come_in_any_pieces(data: st.DataObject) -> None:
    async def run() -> None:
        pair = Pair()
        sent = [[16, number, b"x" * data.draw(st.sampled_from([0, 10, 20_000]))] for number in range(8)]
        for frame in sent:
            pair.a.link.send(frame)
            await asyncio.sleep(0)
        idle = 0
        while idle < 5:
            size = data.draw(st.integers(1, 30_000))
            went = pair.a.pipe.move(size) + pair.b.pipe.move(size)
            await asyncio.sleep(0)
            idle = 0 if went else idle + 1
        assert pair.b.frames == sent

    asyncio.run(run())


@in_loop
async def test_a_frame_arrives_one_byte_at_a_time() -> None:
    pair = Pair()
    pair.a.link.send([16, Order("x" * 300)])
    for _ in range(2000):
        pair.a.pipe.move(1)
        pair.b.pipe.move(1)
        await asyncio.sleep(0)

    assert pair.b.frames == [[16, Order("x" * 300)]]


def test_a_link_works_over_a_socket_of_the_loop() -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        came: asyncio.Future[Any] = loop.create_future()
        ended: asyncio.Future[None] = loop.create_future()
        lost: list[str] = []

        def lose(reason: str) -> None:
            lost.append(reason)
            if len(lost) == 2:
                ended.set_result(None)

        one, two = ends(is_trusting=True)
        a = Link(one, on_frame=lambda frame: None, on_lost=lose, is_caller=True)
        b = Link(two, on_frame=came.set_result, on_lost=lose, is_caller=False)
        await loop.create_connection(lambda: a, sock=ours)
        await loop.create_connection(lambda: b, sock=theirs)
        a.send([16, Order(b"x" * 1_000_000)])
        frame = await asyncio.wait_for(came, 20)
        assert frame == [16, Order(b"x" * 1_000_000)]
        a.close("done")
        await asyncio.wait_for(ended, 20)
        assert sorted(lost) == ["done", "the other side closed the link: done"]

    asyncio.run(run())


class TestFlush:
    @in_loop
    async def test_what_is_queued_is_written_before_the_turn_ends(self) -> None:
        pair = await Pair().greeted()
        pair.a.pipe.writes.clear()
        pair.a.link.send([16, "now"])
        size = pair.a.link.flush()

        assert pair.a.pipe.writes == [size + 4]
        assert pair.a.link.flush() == 0
        await pair.settle()
        assert pair.b.frames == [[16, "now"]]
        assert len(pair.a.pipe.writes) == 1

    @in_loop
    async def test_it_tells_the_bytes_of_all_that_was_queued_large_and_small(self) -> None:
        pair = await Pair().greeted()
        for size in (10, 100_000, LARGE, 200_000):
            pair.a.link.send([16, b"x" * size], lane=size)
        told = pair.a.link.flush()

        assert 300_010 + LARGE < told < 300_110 + LARGE
        await pair.settle(200)
        assert sorted(len(frame[1]) for frame in pair.b.frames) == [10, 100_000, 200_000, LARGE]

    @in_loop
    async def test_what_is_corked_is_left_to_it_and_what_is_sent_later_goes_as_ever(self) -> None:
        pair = await Pair().greeted()
        pair.a.pipe.writes.clear()
        pair.a.link.cork()
        pair.a.link.send([16, "one"])
        pair.a.link.send([16, "two"])
        await pair.settle()
        assert pair.b.frames == []

        pair.a.link.flush()
        pair.a.link.send([16, "three"])
        await pair.settle()
        assert pair.b.frames == [[16, "one"], [16, "two"], [16, "three"]]
        assert len(pair.a.pipe.writes) == 2

    @in_loop
    async def test_it_tells_nothing_of_what_was_refused_or_has_to_wait(self) -> None:
        pair = Pair()
        refused: list[CodecError] = []
        pair.a.link.send([16, "early"])
        assert pair.a.link.flush() == 0
        await pair.greeted()
        pair.a.link.send([16, object()], refused.append)

        assert pair.a.link.flush() == 0
        assert len(refused) == 1
        assert pair.b.frames == [[16, "early"]]
