"""The hormones of one cell: what it secretes, what it senses around it and in the whole group, what that switches.

For a backend developer: to let the members of a group know how it goes to all of them, and react, with no metrics
server, no collector and nobody who tells them to.  A pool senses that it is under stress; cells near a failure log
more and keep more spare copies for a while; and all of it fades by itself when there is no more reason.

::

    hormones = Hormones(pid, rng, now, receptors=[Receptor("stress", above=0.9, below=0.6, systemic=True)])
    hormones.meet(everybody, now)
    hormones.neighbours(closest, now)
    effects = hormones.sustain("stress", pressure(utilisation, queue, capacity), now)   # at each measurement
    effects = hormones.secrete("inflammation", 1.0, now)                                # when something happened
    ...
    hormones.sense("stress", now)       # here: what this cell secretes, and what seeped in from its neighbours
    hormones.systemic("stress", now)    # the average of the group
    hormones.sample("stress", now)      # what some of the others, asked at random, secrete themselves

It reports ``Triggered`` and ``Released`` for its receptors.  Levels decay (:mod:`~.secretion`), so a signal whose
source is gone fades: to under 5 % in 4.4 half-lives.  The average bears loss and death (:mod:`~.push_sum`), but not
lies; who must act rightly among liars asks siblings and takes a quorum (:mod:`~.quorum`), as :mod:`~.scaling` does.

A group in which nothing is secreted sends nothing, and none of its cells is ever due: the averages of systemic hormones
are made as long as any cell has something to say, and for one epoch more, of which each tells whom it gives to.  Where
what is secreted does not change, cells make each fourth round only (:mod:`~.rest`), but for those that feel what
spreads or have a receptor.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from actors.messages import Pid

from ..core import Effect, Refused, Send, read
from .config import HormonesConfig
from .gland import Gland
from .heard import Heard
from .packets import LOCAL, NAMES_LIMIT, OWN, SUMS, Levels, read_levels, read_sums
from .push_sum import PushSum
from .questions import Questions
from .receptor import Reception, Receptor
from .rest import Rest
from .secretion import Hormone, seeping

if TYPE_CHECKING:
    import random

STRESS = Hormone("stress")
"""What every cell has unless told otherwise."""

HEARD_LIMIT = 256
"""Siblings whose last word is kept."""

FEW, MORE = 9, 3
"""A cell that has heard from fewer siblings than a quorum asks three more a round; so does one whose level moves."""


class Hormones:
    """One cell's hormones; a core (:mod:`~actors.tissue.core`).

    Its owner calls, beside :meth:`tick` and :meth:`receive`: :meth:`meet` and :meth:`neighbours` whenever those change,
    :meth:`died` at an exit signal, :meth:`sustain` at each measurement and :meth:`secrete` when something happened.

    ``hormones``: those there are, at most 64, alike in all cells; one that only a receptor names has the defaults.
    Raises ``ValueError`` for more, or for two of one name.
    """

    def __init__(
        self,
        pid: Pid,
        rng: random.Random,
        now: float,
        config: HormonesConfig | None = None,
        *,
        hormones: Iterable[Hormone] = (STRESS,),
        receptors: Iterable[Receptor] = (),
    ) -> None:
        self.pid = pid
        self.config = config or HormonesConfig()
        self._rng = rng
        self._receptions = {receptor: Reception(receptor, rng) for receptor in receptors}
        self._glands = {hormone.name: Gland(hormone, now) for hormone in _declared(hormones, self._receptions)}
        self._told = {name: gland for name, gland in self._glands.items() if gland.hormone.systemic}
        self._sums = PushSum(dict.fromkeys(self._told, 0.0), self.config.epoch_rounds)
        self._listened = now + self.config.epoch_rounds // 4 * self.config.period
        self._near: tuple[str, ...] = ()
        self._near_heard = Heard(self.config.max_near, self.config.expiry * self.config.period)
        self._questions = Questions(rng, self.config.repeats)
        longest = max(gland.hormone.half_life for gland in self._glands.values())
        self._heard = Heard(HEARD_LIMIT, self.config.stale * longest)
        self._number = 0
        # Rounds at random moments, or cells that start together would speak together for ever.
        self._next = now + rng.random() * self.config.period
        self._round = now
        self._calm = self.config.epoch_rounds
        self._rest = Rest(self.config, self._told)
        self._is_awake = False

    def __repr__(self) -> str:
        levels = ", ".join(f"{name}={gland.tissue!r}" for name, gland in self._glands.items())
        return f"Hormones({self.pid}, {levels}, epoch={self._sums.epoch})"

    # -- what it is told -----------------------------------------------------------------------------------------------

    def meet(self, siblings: Iterable[str], now: float) -> list[Effect]:
        """Who else is of the group: the averages are theirs, and they are asked.

        All that live, or some at random, but not only close ones: on rings and lines an average takes quadratically
        long.  To be called again whenever they change.
        """
        others = (name for name in siblings if name != self.pid.name)
        if self._questions.meet(tuple(islice(others, self.config.max_siblings))):
            self._stir(now)
        return self._respond(now)

    def neighbours(self, near: Iterable[str], now: float) -> list[Effect]:
        """Who is close, to which hormones spread; closeness should be mutual.  Again whenever they change."""
        others = (name for name in near if name != self.pid.name)
        self._near = tuple(islice(others, self.config.max_near))
        self._near_heard.keep(self._near)
        return self._respond(now)

    def died(self, pid: Pid, now: float) -> list[Effect]:
        """That life is over: it is not told, asked or believed any more; nothing, if a later one has been heard."""
        if max(heard.life(pid.name) for heard in (self._heard, self._near_heard)) > pid.incarnation:
            return []
        self._heard.forget(pid.name)
        self._near_heard.forget(pid.name)
        self._near = tuple(name for name in self._near if name != pid.name)
        if self._questions.forget(pid.name):
            self._stir(now)
        return self._respond(now)

    def secrete(self, hormone: str, amount: float, now: float) -> list[Effect]:
        """Raise the level here at once; it decays from then on.  Raises ``KeyError``, or ``ValueError`` for an amount
        that is below 0 or not finite.
        """
        gland = self._glands[hormone]
        gland.secrete(_checked("amount", amount), now, self._lasting(gland))
        return self._respond(now)

    def sustain(self, hormone: str, level: float, now: float, *, spreads: bool = True) -> list[Effect]:
        """Secrete such that the level tends to ``level``, until told another; to be said again at each measurement.

        If it is not said again for 3 half-lives (``stale``) the sensor is taken to be dead, and the level decays.
        Unless it ``spreads`` it is felt here, and told to siblings, but not to neighbours, which takes most packets.
        Raises ``KeyError``, or ``ValueError`` for a level that is below 0 or not finite.
        """
        gland = self._glands[hormone]
        gland.sustain(_checked("level", level), now, self._lasting(gland), spreads)
        return self._respond(now)

    # -- what it senses ------------------------------------------------------------------------------------------------

    def sense(self, hormone: str, now: float) -> float:
        """The level here, from 0 to the hormone's ceiling.  Raises ``KeyError``."""
        return self._glands[hormone].sensed(now)

    def own(self, hormone: str, now: float) -> float | None:
        """What this cell itself secretes, without what seeped in; ``None`` if it has long not said.  ``KeyError``."""
        gland = self._glands[hormone]
        return gland.level(now) if now <= gland.fresh_until else None

    def systemic(self, hormone: str, now: float) -> float | None:
        """The average of what the cells of the group secrete, or ``None`` while that is not known.

        Follows a change within some ten rounds.  Raises ``KeyError`` if the hormone is not systemic.
        """
        average = self._sums.average(hormone)
        gland = self._glands[hormone]
        if not self._questions.siblings:
            return gland.level(now)
        if not self._is_averaging:
            # Nobody had anything to say, unless this cell is too young to have heard of it.
            return gland.level(now) if now >= self._listened else None
        return None if average is None else min(gland.hormone.ceiling, average)

    def sample(self, hormone: str, now: float, count: int = 9) -> list[float]:
        """What at most ``count`` siblings lately said they secrete themselves, the last asked first.

        A round asks one, each in turn and in an order of this cell's own choice: so how often or how loudly somebody
        speaks has no influence on whose word is taken.  Raises ``KeyError``.
        """
        oldest = now - self.config.stale * self._glands[hormone].hormone.half_life
        words = islice(self._heard.newest(hormone, now), count)
        return [level for level, at in words if at >= oldest]

    def is_on(self, receptor: Receptor) -> bool:
        """Whether that receptor is triggered.  Raises ``KeyError`` for one that this cell has not."""
        return self._receptions[receptor].is_on

    # -- the core ------------------------------------------------------------------------------------------------------

    @property
    def due(self) -> float:
        """The next round; ``inf`` while there is nothing to do."""
        return self._next if self._is_awake else math.inf

    def tick(self, now: float) -> list[Effect]:
        """A round, if it is time."""
        if now < self._next:
            return []
        # What was missed, asleep or in a loop that stalled, is not made up for.
        period = self.config.period
        self._next += period * (1 + max(0, math.floor((now - self._next) / period)))
        self._number += 1
        passed = self._rest.round(now - self._round, self._told, now)
        self._round = now
        effects: list[Effect] = []
        self._spread(now, effects)
        self._calm = min(self._calm + passed, self.config.epoch_rounds)
        if self._is_averaging:
            self._average(now, passed, effects)
        effects += self._respond(now)
        if self._may_rest(now):
            self._next += period * (self.config.rest - 1)
        return effects

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A packet has arrived."""
        if kind == LOCAL:
            return read(sender, kind, body, lambda body: self._hear_near(sender, body, now))
        if kind == SUMS:
            return read(sender, kind, body, lambda body: self._take_sums(sender, body, now))
        if kind == OWN:
            return read(sender, kind, body, lambda body: self._hear_sibling(sender, body, now))
        return [Refused(sender, kind, "no packet of hormones")]

    # -- what is done in a round ---------------------------------------------------------------------------------------

    def _spread(self, now: float, effects: list[Effect]) -> None:
        """Let in what seeps in from the neighbours, and tell them how strong it is here."""
        levels: Levels = {}
        for name, gland in self._glands.items() if self._near else ():
            hormone = gland.hormone
            if not hormone.kappa:
                continue
            level = gland.tissue.read(now)
            others = [
                heard * math.exp2((at - now) / hormone.half_life) for heard, at in self._near_heard.newest(name, now)
            ]
            gland.tissue.add(seeping(level, others, len(self._near), hormone.kappa), now)
            level = gland.tissue.read(now)
            if level > self.config.quiet * hormone.ceiling:
                levels[name] = level
        if levels:
            effects += [Send(to, LOCAL, [self._number, levels]) for to in self._near]

    def _average(self, now: float, passed: int, effects: list[Effect]) -> None:
        """Give half of what this cell has of the averages to a sibling, which it asks by this, and ask others again."""
        questions = self._questions
        to = questions.next()
        self._sums.round({name: gland.level(now) for name, gland in self._told.items()}, to, passed)
        asked = questions.again()
        if to is not None:
            asked.append((to, self._number))
        if self._rest.is_moving or self._heard.fresh(FEW, now) < min(FEW, len(questions.siblings)):
            asked += [(name, self._number) for _ in range(MORE) if (name := questions.next())]
        for name, number in dict(asked).items():
            if number == self._number:
                questions.ask(name, number)
            effects.append(Send(name, SUMS, [number, self._calm, self._rest.still, self._sums.sums(name)]))

    def _respond(self, now: float) -> list[Effect]:
        """Let the receptors sense, and stay awake while there is anything to be sensed."""
        events: list[Effect] = []
        for receptor, reception in self._receptions.items():
            sense = self.systemic if receptor.systemic else self.sense
            event = reception.sense(sense(receptor.hormone, now), now)
            if event is not None:
                events.append(event)
        active = [name for name, gland in self._glands.items() if gland.is_active(now, self.config.quiet)]
        if any(name in self._told for name in active):
            self._calm = 0
        if self._rest.moves(self._told, now):
            self._hurry(now)
        self._is_awake = bool(active) or self._is_averaging or any(one.is_on for one in self._receptions.values())
        return events

    def _stir(self, now: float) -> None:
        """Others belong to the group: the average is another."""
        self._rest.stir()
        self._hurry(now)

    def _hurry(self, now: float) -> None:
        """Something changes: the next round is not put off."""
        if self._next > now:
            self._next = now + (self._next - now) % self.config.period

    def _may_rest(self, now: float) -> bool:
        """Whether nothing changes anywhere, nothing spreads here, and nothing waits to be triggered."""
        if not self._rest.is_still or self._receptions:
            return False
        quiet = self.config.quiet
        return not self._near or not any(gland.is_spreading(now, quiet) for gland in self._glands.values())

    @property
    def _is_averaging(self) -> bool:
        """Whether any cell that this one heard of had something to say within the last epoch."""
        return bool(self._told and self._questions.siblings) and self._calm < self.config.epoch_rounds

    def _lasting(self, gland: Gland) -> float:
        return self.config.stale * gland.hormone.half_life

    # -- what is heard -------------------------------------------------------------------------------------------------

    def _hear_near(self, sender: Pid, body: Any, now: float) -> list[Effect]:
        number, levels = read_levels(body)
        if sender.name not in self._near:
            return []
        self._near_heard.take(sender, number, self._clipped(levels), now)
        self._is_awake = self._is_awake or bool(levels)
        return []

    def _take_sums(self, sender: Pid, body: Any, now: float) -> list[Effect]:
        number, calm, still, epochs = read_sums(body)
        self._sums.receive(sender, epochs)
        self._calm = min(self._calm, calm)
        if self._rest.heard(still):
            self._hurry(now)
        self._is_awake = self._is_awake or self._is_averaging
        levels = {name: gland.word(now) for name, gland in self._told.items() if now <= gland.fresh_until}
        return [Send(sender.name, OWN, [number, levels])]

    def _hear_sibling(self, sender: Pid, body: Any, now: float) -> list[Effect]:
        number, levels = read_levels(body)
        # Late, doubled or not asked for is not heard: nobody is louder for speaking more often.
        if self._questions.answered(sender.name, number):
            self._heard.take(sender, number, self._clipped(levels), now)
        return []

    def _clipped(self, levels: Levels) -> Levels:
        """What is known of it, and no more than there can be."""
        glands = self._glands
        return {name: min(level, glands[name].hormone.ceiling) for name, level in levels.items() if name in glands}


def _declared(hormones: Iterable[Hormone], receptors: Iterable[Receptor]) -> Sequence[Hormone]:
    declared: dict[str, Hormone] = {}
    for hormone in hormones:
        if hormone.name in declared:
            raise ValueError(f"two hormones are called {hormone.name!r}")
        declared[hormone.name] = hormone
    for receptor in receptors:
        hormone = declared.setdefault(receptor.hormone, Hormone(receptor.hormone))
        if receptor.systemic and not hormone.systemic:
            raise ValueError(f"a receptor senses the average of {hormone.name!r}, which is not systemic")
    if not 1 <= len(declared) <= NAMES_LIMIT:
        raise ValueError(f"a cell has 1 to {NAMES_LIMIT} hormones; got {len(declared)}")
    return list(declared.values())


def _checked(name: str, value: float) -> float:
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} must be from 0 and finite; got {value!r}")
    return value
