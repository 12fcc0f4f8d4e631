"""The average of a whole group, known to each of its cells within some twenty rounds, with nobody collecting it.

Push-sum (Kempe, Dobra and Gehrke, FOCS 2003): each cell has a sum s, at first its value, and a weight w, at first 1.
Each round it keeps half of both and sends the other half to one other cell, who adds it to its own.  s/w at every cell
tends to the average: the expected spread shrinks by 1/2 - 1/(2n) a round, so 1 % takes 18 rounds in 128 cells.

Three things make it fit for a network:

- *Running sums* (Hadjicostis, Vaidya and Dominguez-Garcia, 2011).  Plain push-sum is silently wrong where packets are
  lost.  Here a packet says what its sender has given this receiver *in all*, and the receiver adds what is new in it.
  So what was lost comes with the next packet; late and doubled ones change nothing, and the average is unbiased.
- *Epochs*.  Who dies takes its share along, and what it had put in stays.  So all begin anew every half epoch: there
  are always two generations, the elder of which is reported, mixed for at least that long, while the younger mixes.
  An epoch should last twice the rounds to 1 %.  Whoever counts its rounds first turns to the next epoch, and all that
  hear of it follow (Jelasity, Montresor and Babaoglu, TOCS 2005).
- *Tracking*.  A value that changes is made up for at its cell, so that averages follow within rounds, not epochs; where
  the weight is small, which would magnify it, a share a round.

Not for liars: who invents sums moves the average as it likes.  What must bear lies asks a quorum.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actors.messages import Pid

from .packets import EPOCHS, Sums

EDGES_LIMIT = 1024
"""Cells from which sums are taken in an epoch; honest ones are about as many as an epoch has rounds."""


class _Mass:
    """What a cell has of one hormone: sum, weight, and how much of its own value it has put in so far."""

    __slots__ = ("put_in", "s", "w")

    def __init__(self, value: float) -> None:
        self.s = self.put_in = value
        self.w = 1.0


class _Generation:
    """One epoch of the averages at one cell; ``rounds`` it has taken part in."""

    __slots__ = ("_given", "_seen", "epoch", "masses", "rounds")

    def __init__(self, epoch: int, values: Mapping[str, float]) -> None:
        self.epoch = epoch % EPOCHS
        self.rounds = 0
        self.masses = {name: _Mass(value) for name, value in values.items()}
        self._given: dict[str, dict[str, list[float]]] = {}
        self._seen: dict[str, tuple[int, Sums]] = {}

    def track(self, values: Mapping[str, float], passed: int) -> None:
        self.rounds += passed
        for name, value in values.items():
            mass = self.masses[name]
            change = (value - mass.put_in) * min(1.0, 2.0 * mass.w)
            mass.s += change
            mass.put_in += change

    def give(self, to: str) -> None:
        given = self._given.setdefault(to, {name: [0.0, 0.0] for name in self.masses})
        for name, mass in self.masses.items():
            mass.s /= 2.0
            mass.w /= 2.0
            given[name][0] += mass.s
            given[name][1] += mass.w

    def given(self, to: str) -> list[Any]:
        return [self.epoch, {name: list(pair) for name, pair in self._given.get(to, {}).items()}]

    def take(self, sender: Pid, sums: Sums) -> None:
        life, before = self._seen.get(sender.name, (sender.incarnation, {}))
        if sender.incarnation < life:
            raise ValueError(f"a stale incarnation: {sender}, of which {life} is known")
        if sender.incarnation > life:
            before = {}  # a new life has given nothing yet; what the last one gave stays until the epoch ends
        elif sender.name not in self._seen and len(self._seen) >= EDGES_LIMIT:
            raise ValueError(f"sums from more than {EDGES_LIMIT} cells in one epoch")
        kept = dict(before)
        for name, mass in self.masses.items():
            s, w = sums.get(name, (0.0, 0.0))
            had_s, had_w = before.get(name, (0.0, 0.0))
            if w > had_w:  # all that is given has weight, so otherwise it is late or doubled
                mass.s += s - had_s
                mass.w += w - had_w
                kept[name] = s, w
        self._seen[sender.name] = sender.incarnation, kept


class PushSum:
    """The averages that one cell takes part in: ``values`` are its own, by name.

    ``rounds``: the length of an epoch, 40; longer forgets the dead later, shorter is less exact.  Twice the rounds to
    1 % is enough: 40 where all cells talk to all, 80 to 140 where they talk to a few and packets are lost.
    """

    __slots__ = ("_elder", "_rounds", "_since_turn", "_values", "_younger")

    def __init__(self, values: Mapping[str, float], rounds: int = 40) -> None:
        self._rounds = rounds
        self._values = dict(values)
        self._since_turn = 0
        self._elder = _Generation(0, self._values)
        self._younger = _Generation(1, self._values)

    @property
    def epoch(self) -> int:
        """Of the generation that is reported."""
        return self._elder.epoch

    def round(self, values: Mapping[str, float], to: str | None, passed: int = 1) -> None:
        """Take this cell's present values into account, and give half of everything to ``to``, if there is anybody.

        :meth:`sums` says what to send it.  ``passed``: how many rounds those had since who makes all of them.
        """
        self._values = dict(values)
        self._since_turn += 1
        if self._since_turn >= self._rounds // 2:
            self._turn(1)
        for generation in (self._elder, self._younger):
            generation.track(self._values, passed)
            if to is not None:
                generation.give(to)

    def sums(self, to: str) -> list[Any]:
        """What was given to that cell, in all, in both epochs; to be sent as often as one likes."""
        return [self._elder.given(to), self._younger.given(to)]

    def receive(self, sender: Pid, epochs: list[tuple[int, Sums]]) -> None:
        """What ``sender`` has given, as it says.  Raises ``ValueError`` for a life that is known to be over."""
        ahead = (epochs[0][0] - self._elder.epoch) % EPOCHS
        if 0 < ahead < EPOCHS // 2:
            self._turn(ahead)
        for epoch, sums in epochs:
            for generation in (self._elder, self._younger):
                if generation.epoch == epoch:
                    generation.take(sender, sums)

    def average(self, name: str) -> float | None:
        """The average of all values of that name; ``None`` while too few rounds have been to know it: a quarter of an
        epoch.  Raises ``KeyError`` for a name that this cell has no value of.
        """
        mass = self._elder.masses[name]
        return max(0.0, mass.s / mass.w) if self._elder.rounds >= self._rounds // 4 else None

    def mass(self, name: str) -> tuple[float, float]:
        """(s, w) as they are now, of the generation that is reported; for looking at how it goes."""
        mass = self._elder.masses[name]
        return mass.s, mass.w

    def _turn(self, by: int) -> None:
        self._since_turn = 0
        if by == 1:
            self._elder = self._younger
        else:
            self._elder = _Generation(self._elder.epoch + by, self._values)
        self._younger = _Generation(self._elder.epoch + 1, self._values)
