"""The parts of a link that know no loop: silence, streams, the inbox."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import CodecError
from actors.wire.frames import CHUNK_BIT, PACKET_LIMIT, mismatch
from actors.wire.inbox import Inbox
from actors.wire.silence import Silence, Verdict
from actors.wire.streams import CHUNK_BYTES, SHARE, STREAMS, Cutter, Joiner


class TestSilence:
    def test_it_asks_while_nothing_is_heard_and_gives_up_in_the_end(self) -> None:
        silence = Silence(0.25, 1.0)

        verdicts = [silence.tick(number * 0.25) for number in range(6)]

        assert verdicts == [Verdict.WELL, *[Verdict.ASK] * 3, Verdict.LOST, Verdict.LOST]

    def test_what_is_heard_begins_it_anew(self) -> None:
        silence = Silence(0.25, 1.0)
        for number in range(100):
            silence.is_heard = number % 3 == 0
            assert silence.tick(number * 0.25) is not Verdict.LOST

    @given(st.lists(st.floats(0, 1000), max_size=30))
    def test_it_never_gives_up_before_enough_ticks(self, gaps: list[float]) -> None:
        silence, now = Silence(0.25, 2.0), 0.0
        verdicts = [silence.tick(now := now + gap) for gap in gaps]

        assert Verdict.LOST not in verdicts[:4]

    @pytest.mark.parametrize(("interval", "patience"), [(0, 1), (1, 1), (-1, 1), (2, 1)])
    def test_patience_is_more_than_an_interval(self, interval: float, patience: float) -> None:
        with pytest.raises(ValueError, match="patience must be more than interval"):
            Silence(interval, patience)


def crossed(cutter: Cutter, joiner: Joiner) -> list[tuple[bytearray, list[object]]]:
    whole: list[tuple[bytearray, list[object]]] = []
    while (cut := cutter.cut()) is not None:
        head, piece, ended = cut
        assert int.from_bytes(head[:4]) == CHUNK_BIT | (len(head) - 4 + len(piece))
        if (body := joiner.add(head[4:] + bytes(piece))) is not None:
            whole.append((body, list(ended)))
    return whole


class TestStreams:
    @given(st.lists(st.integers(1, 5 * CHUNK_BYTES), max_size=6))
    def test_bodies_come_whole_whatever_their_number(self, sizes: list[int]) -> None:
        cutter, joiner = Cutter(5 * CHUNK_BYTES), Joiner(5 * CHUNK_BYTES)
        for number, size in enumerate(sizes):
            cutter.add(bytes([number]) * size, number)

        whole = crossed(cutter, joiner)

        assert sorted((body[0], len(body)) for body, _ in whole) == list(enumerate(sizes))
        assert [body[0] for body, _ in whole] == [lane for _, ended in whole for lane in ended]
        assert (cutter.left, joiner.held) == (0, 0)

    def test_each_gets_its_turn(self) -> None:
        cutter, joiner = Cutter(10 * CHUNK_BYTES), Joiner(10 * CHUNK_BYTES)
        for lane, size in ("a", 10), ("b", 1), ("c", 2):
            cutter.add(bytes(size * CHUNK_BYTES), lane)

        assert [ended for _, ended in crossed(cutter, joiner)] == [["b"], ["c"], ["a"]]

    def test_no_more_are_under_way_than_the_other_side_takes(self) -> None:
        cutter = Cutter(CHUNK_BYTES * 2)
        for number in range(STREAMS * 2):
            cutter.add(bytes(CHUNK_BYTES * 2), number)
        cutter.cut()

        assert len(cutter.under_way) == SHARE

    @pytest.mark.parametrize("body", [b"", b"1234", b"12340", b"1234\x02x"])
    def test_what_is_no_chunk_is_refused(self, body: bytes) -> None:
        with pytest.raises(CodecError, match="a chunk"):
            Joiner(100).add(body)

    def test_an_unfinished_stream_takes_no_more_than_was_sent(self) -> None:
        joiner = Joiner(1 << 30)
        for number in range(STREAMS):
            joiner.add(number.to_bytes(4) + b"\x00x")

        assert joiner.held == STREAMS


class TestInbox:
    @given(st.lists(st.tuples(st.booleans(), st.binary(max_size=40_000)), max_size=12), st.data())
    def test_packets_come_whole_from_any_pieces(self, sent: list[tuple[bool, bytes]], data: st.DataObject) -> None:
        inbox, came = Inbox(40_000), []
        stream = b"".join((is_chunk << 31 | len(body)).to_bytes(4) + body for is_chunk, body in sent)
        while stream:
            room = inbox.room()
            size = min(len(room), len(stream), data.draw(st.integers(1, 50_000)))
            room[:size] = stream[:size]
            stream = stream[size:]
            came += [(is_chunk, bytes(body)) for is_chunk, body in inbox.take(size)]

        assert came == sent
        assert not inbox.is_torn

    def test_a_longer_one_is_refused_before_it_has_come(self) -> None:
        inbox = Inbox(100)
        inbox.room()[:4] = (101).to_bytes(4)

        with pytest.raises(CodecError, match="declares 101 bytes; 100 is the most"):
            list(inbox.take(4))

    def test_the_buffer_is_small_until_there_is_much_to_read(self) -> None:
        inbox = Inbox(PACKET_LIMIT)

        assert len(inbox.room()) == 1 << 14
        list(inbox.take(4))
        inbox = Inbox(PACKET_LIMIT)
        inbox.room()[:4] = PACKET_LIMIT.to_bytes(4)
        list(inbox.take(4))
        assert len(inbox.room()) == PACKET_LIMIT


@pytest.mark.parametrize(("theirs", "ours"), [((1, 1), (1, 1)), ((1, 3), (3, 5)), ((2, 9), (1, 2))])
def test_versions_that_meet(theirs: tuple[int, int], ours: tuple[int, int]) -> None:
    assert mismatch(theirs, ours) is None
    assert mismatch(ours, theirs) is None


def test_versions_that_do_not_meet() -> None:
    assert "update the older one" in (mismatch((1, 2), (3, 4)) or "")
