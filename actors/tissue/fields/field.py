"""The part of a cell that speaks with its neighbours once a round: fields, and what is built on them.

For a backend developer: the way to the nearest X, for any X that some cells emit, kept by every cell on the way, with
no registry and no look-up; and along those ways broadcasts, totals of a region, leaders, corridors.

::

    fields = Fields(pid, rng, now)
    fields.neighbours({"cache-7": 0.8}, now)       # whom the contact layer says is close, and how far
    effects = fields.emit("gpu", now)              # on a cell that has one
    ...
    fields.field("gpu").distance                   # on any cell, some rounds later
    fields.toward("gpu", visited=message.trail)    # the neighbour to hand a message to

Each round a cell makes the best of what its neighbours said and tells all of them the same, in one packet each: so a
cell sends as many packets a round as it has neighbours, and none while it has nothing to say.  A packet repeats all
that holds, so that loss costs no more than time; one that says nothing new is recognised by its version, and costs a
microsecond.  Cells need not begin together, nor in any particular state: what is said once a round overwrites it.

A neighbour that is silent for ``expiry`` periods counts as gone; one that is known to be dead (:meth:`Fields.died`) at
once.  Its successor is heard, it itself is not any more.

Fields that neighbours speak of are taken up and passed on by every cell, so that emitting one needs no agreement.
Blocks (:meth:`Fields.install`) need the same name and kind at all cells that shall take part; others do not mind.  A
word that makes no sense is refused and counts as unsaid; the other words of its packet hold.

Sources: Beal and Viroli's aggregate programming (Computer 48, 2015) for the blocks; the variants' own modules.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from actors.messages import Pid
from actors.tissue.core import STUMBLES, Effect, Refused, Send
from actors.tissue.plain import read_name, read_number

from .block import ROUND, Block, Gradient, Reading, read_parts
from .blocks import Blocks
from .config import FieldConfig
from .gradients import Crowded, Gradients
from .links import Links

if TYPE_CHECKING:
    import random

NAMES_LIMIT = 256
"""More names than this in one packet are refused."""

Words = dict[str, Any]


class Fields:
    """All fields of one cell; a core (:mod:`~actors.tissue.core`).  Reports ``Found``, ``Faded``, ``Crowded``,
    ``PartFailed``.

    Its owner calls :meth:`tick` and :meth:`receive` as for any core; :meth:`neighbours` (or :meth:`link` and
    :meth:`unlink`, one at a time) whenever the view changes, at both ends of a link; and :meth:`died` for an exit
    signal.  It carries out what they return, as what :meth:`emit`, :meth:`retract`, :meth:`install` and
    :meth:`uninstall` return.  While there is no field and no block, here or at a neighbour, it is never due.
    """

    __slots__ = (
        "_blocks",
        "_body",
        "_by_name",
        "_config",
        "_due",
        "_empty_rounds",
        "_gradients",
        "_installed",
        "_is_stirred",
        "_links",
        "_pid",
        "_rng",
        "_said_rounds",
        "_sends",
        "_sent_to",
        "_speak_at",
        "_version",
    )

    def __init__(self, pid: Pid, rng: random.Random, now: float, config: FieldConfig | None = None) -> None:
        self._pid = pid
        self._rng = rng
        self._config = config or FieldConfig()
        self._links = Links(pid, self._config.silence, self._config.max_links)
        self._by_name = self._links.by_name
        self._gradients = Gradients(pid, self._config)
        self._installed = Blocks()
        self._blocks = self._installed.by_name
        self._due = math.inf
        self._is_stirred = False
        self._version = 0
        self._body: list[Any] = [0, {}, {}]
        self._sends: list[Send] = []
        self._sent_to = -1
        self._empty_rounds = 0
        self._said_rounds = 0
        self._speak_at = -math.inf

    def __repr__(self) -> str:
        return f"Fields({self._pid}, links={len(self._links)}, fields={self.names}, blocks={list(self._blocks)})"

    # -- what it knows -------------------------------------------------------------------------------------------------

    @property
    def pid(self) -> Pid:
        """Which cell this is."""
        return self._pid

    @property
    def config(self) -> FieldConfig:
        """Its constants."""
        return self._config

    @property
    def links(self) -> Links:
        """Its neighbours; to look at."""
        return self._links

    @property
    def names(self) -> list[str]:
        """The fields it knows of."""
        return list(self._gradients.by_name)

    def field(self, name: str) -> Reading:
        """A field as of the last round; one that is unknown has no source.  Elections are fields too."""
        gradient = self._gradient(name)
        return Reading() if gradient is None else gradient.reading

    def toward(self, name: str, visited: Collection[str] = ()) -> str | None:
        """The neighbour to hand a message to that has ``visited`` these cells (this one need not be named).

        No message goes in a circle: nobody is chosen who was visited, nor, where paths are known, a way that leads over
        such a cell.  ``None``: this cell is a source itself, or there is no way now; the latter may pass in a round.
        """
        gradient = self._gradient(name)
        return None if gradient is None else gradient.toward(visited)

    def _gradient(self, name: str) -> Gradient[Any] | None:
        gradient = self._gradients.by_name.get(name)
        if gradient is not None:
            return gradient
        block = self._blocks.get(name)
        return block if isinstance(block, Gradient) else None

    # -- what it is told to do -----------------------------------------------------------------------------------------

    def neighbours(self, distances: Mapping[str, float], now: float) -> list[Effect]:
        """Have these neighbours, at these distances, and no others.

        Raises ``ValueError``, and changes nothing, for a distance that is not above 0 and finite, for this cell itself,
        a name of over 255 bytes, and beyond the limit.
        """
        before = self._links.changes
        former = self._links.replace(distances)
        if self._links.changes != before:
            self._rouse(now)
        return self._lose(former, now) if former else []

    def link(self, name: str, now: float, distance: float = 1.0) -> list[Effect]:
        """Have one more neighbour, or another distance to one.  Raises as :meth:`neighbours` does."""
        self._links.link(name, distance)
        self._rouse(now)
        return []

    def unlink(self, name: str, now: float) -> list[Effect]:
        """Have a neighbour no more."""
        return self._lose([name], now) if self._links.unlink(name) else []

    def died(self, pid: Pid, now: float) -> list[Effect]:
        """A life is over, as an exit signal or the members say: what it said counts no more, from now on."""
        if not self._links.bury(pid):
            return []
        self._sent_to = -1  # its successor has heard nothing yet
        return self._lose([pid.name], now)

    def emit(self, name: str, now: float) -> list[Effect]:
        """Be a source of a field.  Raises ``ValueError`` beyond the limit of fields, and for a block's name."""
        if name in self._blocks:
            raise ValueError(f"{name!r} is a block at {self._pid.name}, not a field; take another name")
        gradient = self._gradients.by_name.get(name)
        if gradient is None:
            if self._gradients.room <= 0:
                raise ValueError(f"{self._pid} has {self._config.max_fields} fields already; {name} is one too many")
            gradient = self._gradients.by_name[read_name(name)] = self._gradients.new(now)
        gradient.emit(True)
        self._stir(now)
        return self._gradients.settle(self, now)

    def retract(self, name: str, now: float) -> list[Effect]:
        """Be a source of that field no more."""
        gradient = self._gradients.by_name.get(name)
        if gradient is None or not gradient.is_source:
            return []
        gradient.emit(False)
        self._stir(now)
        return self._gradients.settle(self, now)

    def install(self, name: str, block: Block[Any], now: float) -> list[Effect]:
        """Have a block take part in the rounds; what it raises there is reported as ``PartFailed``, and it goes on.

        Raises ``ValueError`` for a name that is taken, and for what is no block.
        """
        if name in self._blocks or name in self._gradients.by_name:
            what = "block" if name in self._blocks else "field"
            raise ValueError(f"there is a {what} {name!r} at {self._pid.name} already; take another name")
        self._installed.install(name, block)
        self._stir(now)
        return []

    def uninstall(self, name: str, now: float) -> list[Effect]:
        """Have that block no more."""
        if not self._installed.uninstall(name):
            return []
        self._stir(now)
        return self._gradients.forget(name)

    # -- time ----------------------------------------------------------------------------------------------------------

    @property
    def due(self) -> float:
        """When to call :meth:`tick` next; ``inf`` while there is nothing to say."""
        return self._due

    def tick(self, now: float) -> list[Effect]:
        """A round: make the best of what was heard, and tell the neighbours."""
        if now < self._due:
            return []
        if now - self._due > self._config.period:
            self._links.excuse(now - self._due)
        effects: list[Effect] = []
        links = self._links
        if now > links.nobody_before:
            late = links.expire(now)
            if late:
                effects += self._lose(late, now)
        if self._is_stirred or self._blocks or self._gradients.is_restless:
            self._is_stirred = False
            effects += self._gradients.settle(self, now)
            words: Words = {}
            if self._blocks:
                words, failed = self._installed.turn(self, now, self._body[2], self._gradients)
                effects += failed
            self._say(words)
        if self._blocks or self._gradients.by_name:
            self._empty_rounds = 0
        elif self._is_mute():
            self._due = math.inf
            return effects
        config = self._config
        jitter = 1.0 + config.jitter * (2.0 * self._rng.random() - 1.0)
        if self._said_rounds < config.repeats or now >= self._speak_at:
            self._said_rounds += 1
            effects += self._sends
            self._speak_at = now + (config.rest or config.period) * jitter
        is_resting = self._said_rounds >= config.repeats and not self._blocks and not self._gradients.is_restless
        self._due = max(self._speak_at, now + config.period * jitter) if is_resting else now + config.period * jitter
        return effects

    def _say(self, blocks: Words) -> None:
        """Have the packets ready that tell the state of this round; the last ones, where nothing has changed."""
        words = self._gradients.words
        _, words_before, blocks_before = self._body
        if words != words_before or blocks != blocks_before:
            self._version += 1
        elif self._sent_to == self._links.changes:
            return
        self._sent_to = self._links.changes
        self._said_rounds = 0
        body = self._body = [self._version, words, blocks]
        self._sends = [Send(link.name, ROUND, body) for link in self._links]

    def _is_mute(self) -> bool:
        """Whether that there is nothing to say has been said for as long as neighbours remember."""
        self._empty_rounds += 1
        return self._empty_rounds > self._config.expiry + 1

    def _rouse(self, now: float) -> None:
        """Something may be new, if there is anything at all: no more rest."""
        self._is_stirred = True
        if self._due < math.inf:
            self._stir(now)

    def _stir(self, now: float) -> None:
        """Something is new: take part in the rounds, beginning at random within a period."""
        self._is_stirred = True
        if self._due == math.inf or self._due > now + 2 * self._config.period:
            self._due = now + self._rng.random() * self._config.period

    def _lose(self, names: Iterable[str], now: float) -> list[Effect]:
        """What neighbours said counts no more; the fields are led around them at once."""
        self._rouse(now)
        effects: list[Effect] = []
        for name in names:
            self._gradients.lose(name)
            for block in tuple(self._blocks):
                effects += self._installed.unhear(block, name)
        return effects + self._gradients.settle(self, now)

    # -- packets -------------------------------------------------------------------------------------------------------

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A neighbour tells its round."""
        link = self._by_name.get(sender.name)
        # Nearly all packets say what the last one said, and end here.
        if link is not None and link.life == sender.incarnation:
            told = link.told
            if told is not None and (told is body or told == body):
                link.heard = now
                return []
        try:
            return self._hear(sender, kind, body, now)
        except STUMBLES as error:
            return [Refused(sender, kind, f"{type(error).__name__}: {error}")]

    def _hear(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        if kind != ROUND:
            raise ValueError("no such kind")
        link = self._links.admit(sender)
        version, words, blocks = read_parts(body, 3)
        if type(words) is not dict or type(blocks) is not dict:
            raise TypeError("words are by name")
        if len(words) + len(blocks) > NAMES_LIMIT:
            raise ValueError(f"{len(words) + len(blocks)} names in one packet")
        for name in words:
            if name not in self._gradients.by_name:
                read_name(name)
        is_same_life = link.life == sender.incarnation
        if read_number(version) < link.version and is_same_life:
            return []  # overtaken by a later one
        effects: list[Effect] = []
        if not is_same_life:
            if link.told is not None:
                effects += self._lose([sender.name], now)
            link.silence()
            link.life = sender.incarnation
        _, words_before, blocks_before = _NOTHING if link.told is None else link.told
        words_known = self._take_in(sender, words, words_before, self._gradients, effects, now)
        blocks_known = blocks
        if blocks or blocks_before:
            blocks_known = self._take_in(sender, blocks, blocks_before, self._installed, effects, now)
        if effects and version == link.version:
            effects = [effect for effect in effects if not isinstance(effect, Refused | Crowded)]  # said before
        # What was not understood is not kept either.
        is_whole = words_known is words and blocks_known is blocks
        link.told = body if is_whole else [version, words_known, blocks_known]
        link.version, link.heard = version, now
        return effects

    def _take_in(
        self,
        sender: Pid,
        words: Words,
        before: Words,
        parts: Gradients | Blocks,
        effects: list[Effect],
        now: float,
    ) -> Words:
        """Have ``parts`` hear what is new in the words of a neighbour; returns those that were understood."""
        strange = []
        for name, word in words.items():
            block: Block[Any] | None = parts.by_name.get(name)
            if block is not None and name in before and before[name] == word:
                continue
            if block is None and parts is self._gradients:
                block = self._meet(sender, name, effects, now)
            if block is None:
                strange.append(name)
                continue
            is_heard, said = parts.hear(name, sender, word, now)
            if said:
                effects += said
            if not is_heard:
                strange.append(name)
                effects += parts.unhear(name, sender.name)
        if self._gradients.is_dirty or parts is self._installed:
            self._stir(now)
        if before.keys() != words.keys():
            self._stir(now)
            for name in [name for name in before if name not in words]:
                effects += parts.unhear(name, sender.name)
        return words if not strange else {name: word for name, word in words.items() if name not in strange}

    def _meet(self, sender: Pid, name: str, effects: list[Effect], now: float) -> Block[Any] | None:
        """Take up a field that a neighbour speaks of, if it may be."""
        if name in self._blocks:
            return None
        if self._gradients.room <= 0:
            effects.append(Crowded(name, self._config.max_fields))
            return None
        gradient = self._gradients.by_name[name] = self._gradients.new(now)
        return gradient


_NOTHING: tuple[int, Words, Words] = (-1, {}, {})
