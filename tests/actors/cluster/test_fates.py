"""What became of messages that were on their way to a life on another host."""

from __future__ import annotations

from pathlib import Path

from actors.cluster.fates import Fates
from actors.places.ledger import SLOTS, DistantLedger, Fate


def told(path: Path, *, arrived: int, noted: dict[int, Fate]) -> Fates:
    ledger = DistantLedger.create(path)
    ledger.arrived(1, arrived)
    for number, fate in noted.items():
        ledger.write(number, fate)
    fates = Fates()
    fates.tell(ledger.copy())
    ledger.close()
    return fates


def test_where_nobody_can_tell_all_were_in_hand() -> None:
    fates = Fates()
    fates.write(1, Fate.WAITING)

    assert [fates.read(number) for number in (1, 2, SLOTS)] == [Fate.IN_HAND] * 3


def test_what_has_come_is_as_it_was_noted(tmp_path: Path) -> None:
    fates = told(tmp_path / "l", arrived=4, noted={1: Fate.DONE, 2: Fate.IN_HAND, 3: Fate.STASHED})

    assert [fates.read(number) for number in range(1, 5)] == [Fate.DONE, Fate.IN_HAND, Fate.STASHED, Fate.ARRIVED]


def test_what_has_not_come_waits(tmp_path: Path) -> None:
    fates = told(tmp_path / "l", arrived=2, noted={1: Fate.DONE, 2: Fate.DONE})

    assert [fates.read(number) for number in (3, SLOTS + 1)] == [Fate.WAITING] * 2


def test_that_something_was_being_read_is_told_too(tmp_path: Path) -> None:
    ledger = DistantLedger.create(tmp_path / "l")
    before, after = Fates(), Fates()
    before.tell(ledger.copy())
    ledger.note_reading(True)
    after.tell(ledger.copy())
    ledger.close()

    assert (Fates().is_reading, before.is_reading, after.is_reading) == (False, False, True)


def test_a_note_of_the_wrong_size_tells_nothing() -> None:
    fates = Fates()
    fates.tell(b"\0" * 10)

    assert fates.read(1) is Fate.IN_HAND
