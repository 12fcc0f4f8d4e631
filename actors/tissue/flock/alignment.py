"""Alignment: what can be moved spreads evenly over cells that know only their neighbours, and none of it is lost.

For a backend developer: shards, partitions, token budgets, rate shares, queued work come to the same level everywhere
with no balancer; a newcomer fills up, a leaver is emptied, and the total is exact at any time, through loss of packets
and death of cells (:mod:`~actors.tissue.flock.transfer`).

::

    flock = Alignment(pid, rng, now)
    flock.neighbours(["worker-3", "worker-8"], now)
    effects = flock.put(500, now)      # work that arrived here; `take` for work that is done
    ...
    Gave(to=worker-3, amount=83)       # an event: hand over 83 pieces, they are not ours any more

Once a round a cell says how much it has, and half a round later gives each neighbour that has less its part::

    flow = W (x - x_y),  W = 1 / (1 + max(degree, degree_y))

which is diffusion (Cybenko) with Metropolis weights: they need no knowledge of the graph and keep the sum.  The error
shrinks by the second eigenvalue of the graph's weights each round: 21 rounds to 1 % on a random graph of 64 with 5
neighbours each, 351 on a ring of 32.  So run it on a random overlay.  Where the graph is poor, ``momentum`` carries a
part of the last flow on (the second order scheme)::

    flow = beta W (x - x_y) + (beta - 1) last,  beta = 2 / (1 + sqrt(1 - lambda^2))

That beta is the best for cells in step.  Cells are not, and from 1.6 on their flows may swing for ever (seen on grids);
so 1.5 is the limit (:func:`~actors.tissue.flock.config.momentum`), and it makes a ring five times as fast.

A flock that has nothing says nothing; who gets work wakes those around.

Whole numbers are rounded down, and at rest neighbours differ by no more than the greatest degree.  Cells are trusted:
one that says it has less than it has is given more, up to its neighbours' parts.

Sources: Cybenko, J. Parallel Distrib. Comput. 7, 1989; Muthukrishnan, Ghosh and Schultz, Theory Comput. Syst. 31, 1998,
for the second order; Xiao and Boyd, Systems & Control Letters 53, 2004, for the weights.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actors.messages import Pid
from actors.tissue.core import Effect, Send, TissueEvent, read
from actors.tissue.plain import NUMBER_LIMIT, read_name, read_number

from .config import AlignmentConfig
from .peers import Peers
from .transfer import Amount, Peer

if TYPE_CHECKING:
    import random

TELL = "flock.tell"
"""[degree, load]"""
GIVE = "flock.give"
"""[the receiver's life, number, amount]"""
TAKE = "flock.take"
DONE = "flock.done"
"""Both: [the receiver's life, number]"""
REFUSE = "flock.refuse"
"""[the receiver's life, number, the highest number that is closed]"""


@dataclass(frozen=True, slots=True)
class Gave(TissueEvent):
    """So much belongs to ``to`` now: hand it over."""

    to: Pid
    amount: Amount


@dataclass(frozen=True, slots=True)
class Got(TissueEvent):
    """So much of ``sender`` belongs to this cell now."""

    sender: Pid
    amount: Amount


@dataclass(frozen=True, slots=True)
class Recovered(TissueEvent):
    """A cell died while so much was on the way to or from it: it belongs to this cell."""

    pid: Pid
    amount: Amount


class Alignment:
    """One cell of a flock that aligns; a core (:mod:`~actors.tissue.core`).

    Reports ``Gave``, ``Got`` and ``Recovered``.  All cells need the same ``is_whole``.

    Its owner calls :meth:`tick` and :meth:`receive` as for any core; :meth:`neighbours` (or :meth:`link` and
    :meth:`unlink`, one at a time) whenever the view changes, at both ends of a link; :meth:`died` for an exit signal;
    and :meth:`put` and :meth:`take` as work comes and is done.
    """

    def __init__(self, pid: Pid, rng: random.Random, now: float, config: AlignmentConfig | None = None) -> None:
        self.pid = pid
        self.config = config or AlignmentConfig()
        self._rng = rng
        self._load: Amount = 0
        self._peers = Peers(pid, self.config.max_links)
        self._tell_due = math.inf
        self._give_due = math.inf

    def __repr__(self) -> str:
        return f"Alignment({self.pid}, load={self._load}, peers={len(self._peers)})"

    # -- what it has ---------------------------------------------------------------------------------------------------

    @property
    def load(self) -> Amount:
        """What may be used here now."""
        return self._load

    @property
    def aside(self) -> Amount:
        """What is set aside for neighbours that have not taken it yet; still this cell's."""
        return sum(peer.given for peer in self._peers if peer.given is not None)

    @property
    def held(self) -> Amount:
        """What neighbours have given and perhaps not let go of yet."""
        return sum(peer.held for peer in self._peers if peer.held is not None)

    # -- what it is told to do -----------------------------------------------------------------------------------------

    def neighbours(self, names: Collection[str], now: float) -> list[Effect]:
        """Have these neighbours and no others.

        What is under way to or from a former one is brought to its end.  Raises ``ValueError``, and changes nothing,
        for this cell itself, a name of over 255 bytes, and beyond the limit.
        """
        self._peers.replace({read_name(name) for name in names})
        self._wake(now)
        return []

    def link(self, name: str, now: float) -> list[Effect]:
        """Have one more neighbour.  Raises as :meth:`neighbours` does."""
        self._peers.link(read_name(name))
        self._wake(now)
        return []

    def unlink(self, name: str, now: float) -> list[Effect]:
        """Have a neighbour no more; what is under way is brought to its end."""
        self._peers.unlink(name)
        return []

    def died(self, pid: Pid, now: float) -> list[Effect]:
        """A life is over, for good: what was under way to or from it belongs to this cell."""
        peer = self._peers.get(pid.name)
        effects = [] if peer is None else self._bury(peer, pid.incarnation)
        self._wake(now)
        return effects

    def put(self, amount: Amount, now: float) -> list[Effect]:
        """So much more is here.  Raises ``ValueError`` for what is no amount."""
        self._load += self._read_amount(amount)
        self._wake(now)
        return []

    def take(self, amount: Amount, now: float) -> list[Effect]:
        """So much is used up here.  Raises ``ValueError`` for what is no amount, and for more than :attr:`load`."""
        if self._read_amount(amount) > self._load:
            raise ValueError(f"{self.pid} has {self._load}, not {amount}")
        self._load -= amount
        return []

    # -- time ----------------------------------------------------------------------------------------------------------

    @property
    def due(self) -> float:
        """When to call :meth:`tick` next; ``inf`` without neighbours, and while neither they nor this cell have any."""
        return min(self._tell_due, self._give_due)

    def tick(self, now: float) -> list[Effect]:
        """Half a round: say how much is here; or repeat what had no answer, and give."""
        late = now - self.due
        if late > self.config.period:
            self._peers.excuse(late)
        if now >= self._tell_due:
            jitter = self.config.jitter * (2.0 * self._rng.random() - 1.0)
            self._tell_due = now + self.config.period * (1.0 + jitter)
            self._give_due = now + self.config.period / 2
            word = [self._peers.degree, self._load + self.held]
            return [Send(peer.name, TELL, word) for peer in self._peers.linked]
        if now < self._give_due:
            return []
        self._give_due = math.inf
        effects = list(self._repeat())
        effects += self._give(now)
        if self._is_idle(now):
            self._tell_due = math.inf
        return effects

    def _is_idle(self, now: float) -> bool:
        """Whether there is nothing to give or to be given."""
        if not all(peer.is_settled for peer in self._peers):
            return False
        return not self._peers.degree or not (self._load or any(peer.load for peer in self._live(now)))

    def _live(self, now: float) -> list[Peer]:
        """The neighbours that were heard lately."""
        heard_since = now - self.config.expiry * self.config.period
        return [peer for peer in self._peers.linked if peer.told >= heard_since]

    def _wake(self, now: float, *, is_called: bool = False) -> None:
        """Take part in the rounds again: at once where a neighbour calls, else at random within a period."""
        if self._tell_due < math.inf or (not is_called and self._is_idle(now)):
            return
        self._tell_due = now if is_called else now + self._rng.random() * self.config.period
        self._give_due = self._tell_due + self.config.period / 2

    def _repeat(self) -> Iterator[Effect]:
        for peer in self._peers:
            if peer.given is not None:
                yield Send(peer.name, GIVE, [peer.life, peer.giving, peer.given])
            if peer.held is not None:
                yield Send(peer.name, TAKE, [peer.life, peer.holding])

    def _give(self, now: float) -> Iterator[Effect]:
        """Set aside what flows to those who have less, never more than there is."""
        config = self.config
        flows = []
        for peer in self._live(now):
            weight = 1.0 / (1.0 + max(self._peers.degree, peer.degree))
            flow = config.momentum * weight * (self._load - peer.load) + (config.momentum - 1.0) * peer.net
            peer.net = 0
            if flow > 0 and peer.given is None:
                flows.append((peer, flow))
        wanted = sum(flow for _, flow in flows)
        scale = min(1.0, self._load / wanted) if wanted > 0 else 0.0
        for peer, flow in flows:
            amount: Amount = math.floor(flow * scale) if config.is_whole else min(flow * scale, self._load)
            if amount < (1 if config.is_whole else config.grain):
                continue
            self._load -= amount
            peer.give(amount)
            peer.load += amount
            yield Send(peer.name, GIVE, [peer.life, peer.giving, amount])

    # -- packets -------------------------------------------------------------------------------------------------------

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A packet of another cell."""
        return read(sender, kind, body, lambda body: self._hear(sender, kind, body, now))

    def _hear(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        peer = self._peers.get(sender.name)
        if peer is None:
            return self._answer_stranger(sender, kind, body)
        if sender.incarnation <= peer.buried or sender.incarnation < peer.life:
            raise ValueError(f"{sender} is over")
        effects: list[Effect] = []
        match kind:
            case "flock.tell":
                degree, load = body
                read_number(degree)
                self._read_level(load)
                if not peer.is_linked:
                    raise ValueError(f"{sender} is no neighbour")
                effects = self._meet(peer, sender)
                peer.told, peer.degree, peer.load = now, degree, load
                if load:
                    self._wake(now, is_called=True)
            case "flock.give":
                _, number, amount = self._read_step(body, 3)
                self._read_amount(amount)
                effects = self._meet(peer, sender)
                effects += self._on_give(peer, sender, number, amount)
                self._wake(now, is_called=True)
            case "flock.take":
                _, number = self._read_step(body, 2)
                if sender.incarnation != peer.life:
                    raise ValueError(f"{sender} was given nothing")
                amount = peer.let_go(number)
                effects = [] if amount is None else [Gave(sender, amount)]
                effects.append(Send(sender.name, DONE, [sender.incarnation, number]))
            case "flock.done":
                _, number = self._read_step(body, 2)
                if sender.incarnation == peer.life:
                    effects = self._settle(peer, sender, peer.settle(number))
            case "flock.refuse":
                _, number, closed = self._read_step(body, 3)
                if sender.incarnation == peer.life:
                    self._load += peer.take_back(number, read_number(closed)) or 0
            case _:
                raise ValueError("no such kind")
        return effects

    def _answer_stranger(self, sender: Pid, kind: str, body: Any) -> list[Effect]:
        """Nothing is under way to who is not remembered: what he gives is refused, what he takes is his."""
        if kind == GIVE:
            _, number, _ = self._read_step(body, 3)
            return [Send(sender.name, REFUSE, [sender.incarnation, number, 0])]
        if kind == TAKE:
            _, number = self._read_step(body, 2)
            return [Send(sender.name, DONE, [sender.incarnation, number])]
        raise ValueError(f"{sender} is no neighbour")

    def _on_give(self, peer: Peer, sender: Pid, number: int, amount: Amount) -> list[Effect]:
        is_welcome = peer.is_linked and self._load + self.held + amount <= self.config.capacity
        is_taken, usable = peer.hold(number, amount, is_welcome)
        effects = self._settle(peer, sender, usable)
        if is_taken:
            effects.append(Send(sender.name, TAKE, [sender.incarnation, number]))
        else:
            effects.append(Send(sender.name, REFUSE, [sender.incarnation, number, peer.closed]))
        return effects

    def _settle(self, peer: Peer, sender: Pid, amount: Amount | None) -> list[Effect]:
        if amount is None:
            return []
        self._load += amount
        return [Got(sender, amount)]

    def _meet(self, peer: Peer, sender: Pid) -> list[Effect]:
        """The sender is alive; a former life of it is over, then."""
        if peer.life == sender.incarnation:
            return []
        effects = self._bury(peer, peer.life) if peer.life else []
        peer.life = sender.incarnation
        return effects

    def _bury(self, peer: Peer, life: int) -> list[Effect]:
        if life < peer.life:
            return []
        last = Pid(peer.name, peer.life)
        left = peer.bury(life)
        self._load += left
        return [Recovered(last, left)] if left else []

    def _read_step(self, body: Any, length: int) -> Any:
        """A step of a transfer, addressed to this life.  Raises ``TypeError`` or ``ValueError``."""
        if len(body) != length:
            raise ValueError(f"a step of {len(body)} parts")
        if read_number(body[0], 1) != self.pid.incarnation:
            raise ValueError(f"for life {body[0]} of this place")
        read_number(body[1], 1)
        return body

    def _read_amount(self, raw: Any) -> Amount:
        """Something to give.  Raises ``TypeError`` or ``ValueError``."""
        if self._read_level(raw) <= 0:
            raise ValueError(f"no amount: {raw!r}")
        return self._read_level(raw)

    def _read_level(self, raw: Any) -> Amount:
        """How much there may be.  Raises ``TypeError`` or ``ValueError``."""
        if self.config.is_whole:
            return read_number(raw)
        if type(raw) is not float and type(raw) is not int:
            raise TypeError("not a number")
        if not 0 <= raw < NUMBER_LIMIT:
            raise ValueError(f"no amount: {raw!r}")
        return raw
