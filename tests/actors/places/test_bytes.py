"""What is on its way is bounded, in messages and bytes; what waits for room waits in the mailbox, under its policy."""

from __future__ import annotations

from typing import Any

import pytest

from actors import Mailbox, MailboxFull
from actors.places.deputy import Deputy
from actors.places.ledger import WINDOW
from actors.places.road import FLIGHT_BYTES
from tests.actors.places.players import Player
from tests.actors.places.stage import ELSEWHERE, Note, Stage, elsewhere, order, play

MEGABYTE = 1 << 20


def in_flight(ref: Any) -> int:
    deputy: Deputy = ref._cell.actor
    return len(deputy.road.flight)


async def busy(s: Stage, seconds: float, mailbox: Mailbox | None = None) -> Any:
    """A life that holds a handler for so long."""
    ref = await s.start(Player, "", True, mailbox=mailbox)
    ref.tell(order("sleep", seconds))
    await s.until(lambda: "asleep" in s.log)
    s.take()
    return ref


@elsewhere
async def test_so_many_messages_go_ahead_and_the_others_wait_at_home(s: Stage) -> None:
    ref = await busy(s, 0.3)
    for number in range(3000):
        ref.tell(Note(str(number)))
    await s.until(lambda: in_flight(ref) >= WINDOW)
    await s.sleep(0.02)

    assert (in_flight(ref), ref.statistics().mailbox) == (WINDOW, 3000)
    await s.logged("awake", *map(str, range(3000)))


@elsewhere
async def test_of_large_messages_fewer_go_ahead(s: Stage) -> None:
    ref = await busy(s, 1.0)
    ref.tell(Note("0" * MEGABYTE))  # from which it is learnt what they come to
    await s.until(lambda: in_flight(ref) == 2 and not ref._cell.actor.road.is_dirty)
    for number in range(1, 60):
        ref.tell(Note(str(number % 10) * MEGABYTE))
    await s.sleep(0.4)

    assert in_flight(ref) == FLIGHT_BYTES // MEGABYTE - 1
    await s.until(lambda: len(s.log) == 61)
    assert [text[0] for text in s.log[1:]] == [str(number % 10) for number in range(60)]


@pytest.mark.parametrize("where", ELSEWHERE)
def test_the_policy_of_the_mailbox_holds_for_what_does_not_go_ahead(where: Any) -> None:
    async def test(s: Stage) -> None:
        ref = await busy(s, 1.0, Mailbox(limit=20))
        ref.tell(Note("x" * MEGABYTE))
        await s.until(lambda: in_flight(ref) == 2 and not ref._cell.actor.road.is_dirty)
        taken = 1
        for _ in range(60):
            try:
                ref.tell(Note("x" * MEGABYTE))
                taken += 1
            except MailboxFull:
                await s.sleep(0.002)
        assert 20 < taken <= 20 + FLIGHT_BYTES // MEGABYTE
        await s.until(lambda: len(s.log) == 1 + taken)

    play(where, test)
