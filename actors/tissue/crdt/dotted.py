"""What all values that are held in common are made of: entries under dots, and a causal context.

A change puts entries in, each under a dot of its own (whose change, and which of his), or takes entries out.  A state
is the set of its live entries and the context: all dots that it has heard of.  An entry whose dot is in the context but
which is not there is dead, and nothing more need be remembered of it: this is how values without tombstones work.
States join by looking at each dot::

    live in both                                  stays
    live in one, the other has not heard of it    stays
    live in one, the other has heard of it        is dead: the other saw it go

Besides, entries with the same key may *beat* each other, as a later write beats an earlier one; who is beaten is dead
too.  What beats another entry is only ever taken away by what beats it in turn, so the order of joins does not matter.

A delta is a state as well: the new entries, and as context their dots and those of what was taken out.

Sources: Bieniusa, Zawirski, Preguica, Shapiro, Baquero, Balegas and Duarte, An Optimized Conflict-free Replicated Set,
2012; Almeida, Shoker and Baquero, Delta State Replicated Data Types, JPDC 2018; what of a delta is news, by join
decomposition: Enes, Almeida, Baquero and Leitao, Efficient Synchronization of State-based CRDTs, ICDE 2019.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Self, TypeVar

from actors.errors import ActorError
from actors.messages import Pid

from ..plain import pack, read_bytes, read_list, read_name, read_number, unpack
from .clocks import Clock
from .context import Context, Dot

A = TypeVar("A", bound=tuple[Any, ...])
D = TypeVar("D", bound="Dotted[Any]")

MAX_ENTRIES = 65_536
"""Entries in one value, unless told otherwise."""

MAX_ENTRY_BYTES = 65_000
"""Bytes of one entry, unless told otherwise: it travels whole, so it has to fit a packet."""


class TooMuch(ActorError):
    """A change would take a value beyond its bounds; nothing was changed."""

    def __init__(self, what: str, limit: int) -> None:
        self.what = what
        self.limit = limit
        super().__init__(f"{what}; the limit is {limit}")


@dataclass(frozen=True, slots=True)
class Home:
    """Where a value lives: what it shares with the other values of a cell.

    ``time`` tells the time to a change that was not told it; without it each change has to be.  ``claim`` is asked
    before each change made here whether so many bytes more may be held, and raises if not, or if nothing may be changed
    any more; ``spread`` is told of the change: (value, delta, dots of what was beaten).
    """

    context: Context
    clock: Clock
    max_entries: int = MAX_ENTRIES
    max_entry_bytes: int = MAX_ENTRY_BYTES
    time: Callable[[], float] | None = field(default=None, repr=False)
    claim: Callable[[int], None] | None = field(default=None, repr=False)
    spread: Callable[[Any, Any, list[Dot]], None] | None = field(default=None, repr=False)


class Dotted(Generic[A]):
    """Base of the values; see the module's text.

    ``owner``: the life that changes it here, and whose name is on the changes.  ``home``: given by a cell that holds
    several; a value by itself has its own.  An entry is a tuple, its key first.

    Mutators raise ``TypeError`` or ``ValueError`` for what is not plain, and ``TooMuch`` (an ``ActorError``) beyond
    ``max_entries`` or ``max_entry_bytes``.
    """

    kind: ClassVar[str]
    """What it is called on the wire."""

    is_common: ClassVar[bool] = False
    """Whether it is the same for all, so that no successor does without what an earlier life had put in."""

    def __init__(self, owner: Pid, *, home: Home | None = None) -> None:
        self.owner = owner
        self.home = home or Home(Context(), Clock(owner))
        self._entries: dict[Dot, A] = {}
        self._by_key: dict[Any, dict[Dot, A]] = {}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Dotted) or self.name_on_wire != other.name_on_wire:
            return False
        return self._entries == other._entries and self.context == other.context

    __hash__ = None  # type: ignore[assignment] # it changes

    def __bool__(self) -> bool:
        """Whether there is anything in it: a delta without says that nothing has changed."""
        return bool(self._entries) or bool(self.context)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.owner}, entries={len(self._entries)})"

    @property
    def context(self) -> Context:
        """The dots it has heard of."""
        return self.home.context

    @property
    def entries(self) -> Mapping[Dot, A]:
        """The live entries by their dots."""
        return self._entries

    @property
    def value(self) -> Any:
        """What it all comes to, as a copy."""
        raise NotImplementedError

    @property
    def name_on_wire(self) -> str:
        """``kind``, and what else must be the same for two of them to join."""
        return self.kind

    # -- what a type says of its entries -------------------------------------------------------------------------------

    def wire(self, entry: A) -> list[Any]:
        """An entry as plain values; its owner is known to whoever reads it."""
        return list(entry)

    def read(self, owner: Pid, raw: Any) -> A:
        """What :meth:`wire` made.  Raises ``TypeError`` or ``ValueError`` for anything else."""
        raise NotImplementedError

    def vet(self, entry: A, now: float) -> None:
        """Raise ``ValueError`` if an entry from elsewhere cannot be believed now."""

    def beaten(self, dot: Dot, entry: A, rivals: Mapping[Dot, A]) -> list[Dot]:
        """Who of the entries with the same key, the new one among them, is beaten now: all but an owner's last."""
        if len(rivals) == 1:
            return []
        mine = [other for other in rivals if other[0] == dot[0]]
        last = max(mine)
        return [other for other in mine if other != last]

    def replaces(self, dot: Dot, other: Dot) -> bool:
        """Whether an entry is all that a place means to say of a key, where the other is an earlier life's of it.

        That life's would else stay beside it for good, if its successor had spoken before it heard of it.
        """
        return False

    def folded(self, pid: Pid) -> Iterable[A]:
        """Of a value that is common to all, what a life has put in, wherever it is by now."""
        return ()

    # -- entries come and go -------------------------------------------------------------------------------------------

    def admit(self, dot: Dot, entry: A) -> list[Dot]:
        """Put an entry in; returns the dots of those that are beaten now, which is for the caller to discard."""
        self._entries[dot] = entry
        rivals = self._by_key.setdefault(entry[0], {})
        rivals[dot] = entry
        return self.beaten(dot, entry, rivals)

    def discard(self, dot: Dot) -> None:
        """Take an entry out, if it is there."""
        entry = self._entries.pop(dot, None)
        if entry is not None:
            rivals = self._by_key[entry[0]]
            del rivals[dot]
            if not rivals:
                del self._by_key[entry[0]]

    def empty(self) -> None:
        """Hold nothing any more, as if it were new; for values of which nobody is told."""
        for dot in tuple(self._entries):
            self.discard(dot)

    def dots_of(self, key: Any) -> Iterable[Dot]:
        """The dots of all entries of that key."""
        return self._by_key.get(key, ())

    # -- joins ---------------------------------------------------------------------------------------------------------

    def merge(self, other: Self) -> Self:
        """Join a delta or a whole state, and return what of it was news: empty, and so false, if nothing was.

        To pass on only that is what keeps deltas small.  Raises ``TypeError`` for another type, or if the value is one
        of a cell's: those learn from packets only.
        """
        if self.name_on_wire != other.name_on_wire:
            raise TypeError(f"a {self.name_on_wire} does not join a {other.name_on_wire}")
        if self.home.spread is not None:
            raise TypeError("a shared value learns from packets only")
        unheard = other.context.minus(self.context)
        dead = self._unseen_in(other)
        for dot in dead:
            self.discard(dot)
        fresh = {dot: entry for dot, entry in other._entries.items() if dot in unheard}
        for dot, entry in fresh.items():
            for loser in self.admit(dot, entry):
                self.discard(loser)
        self.context.update(unheard)
        news = self._blank()
        for dot, entry in fresh.items():
            if dot in self._entries:
                news.admit(dot, entry)
            else:  # beaten: whoever has not what beat it may keep it until then
                unheard.drop(dot[0], dot[1] - 1, dot[1])
        news.context.update(unheard)
        for owner, number in dead:
            news.context.add(owner, number - 1, number)
        return news

    def _unseen_in(self, other: Dotted[A]) -> list[Dot]:
        """Live here, but gone there.  By the shorter way: a delta has heard of little, a whole state of all."""
        heard, there = other.context, other._entries
        if heard.count <= len(self._entries):
            return [dot for dot in heard if dot in self._entries and dot not in there]
        return [dot for dot in self._entries if dot in heard and dot not in there]

    # -- changes -------------------------------------------------------------------------------------------------------

    def _change(self, entries: Iterable[A], removed: Iterable[Dot] = ()) -> Self:
        """Make a change: put new entries in under new dots, take others out.  Returns the delta."""
        delta, gone, new = self._blank(), list(removed), list(entries)
        more = sum(entry[0] not in self._by_key for entry in new)
        if more and len(self._entries) + more > self.home.max_entries:
            raise TooMuch(f"{len(self._entries) + more} entries", self.home.max_entries)
        sizes = [len(pack(self.wire(entry))) for entry in new]
        if max(sizes, default=0) > self.home.max_entry_bytes:
            raise TooMuch(f"an entry of {max(sizes)} bytes", self.home.max_entry_bytes)
        if self.home.claim is not None:
            self.home.claim(sum(sizes))
        losers: list[Dot] = []
        for dot in gone:
            self.discard(dot)
            delta.context.add(dot[0], dot[1] - 1, dot[1])
        for entry in new:
            number = self.context.next(self.owner)
            dot = self.owner, number
            self.context.add(self.owner, number - 1, number)
            delta.context.add(self.owner, number - 1, number)
            delta.admit(dot, entry)
            losers += self.admit(dot, entry)
        for dot in losers:
            self.discard(dot)
        if delta and self.home.spread is not None:
            self.home.spread(self, delta, losers)
        return delta

    def take_out(self, dots: Iterable[Dot]) -> Self:
        """Take these entries out, as if each were removed; returns the delta."""
        return self._change((), dots)

    def tell_again(self, entry: A) -> Self:
        """Put an entry in that was told before, as a change of the present owner.  Returns the delta."""
        return self._change([entry])

    def _blank(self) -> Self:
        """An empty state of the same type, at home nowhere."""
        return type(self)(self.owner)

    # -- as plain values -----------------------------------------------------------------------------------------------

    def encode(self) -> list[Any]:
        """As plain values: the context, and the entries by owner, each a number and bytes."""
        owners: dict[Pid, list[Any]] = {}
        for (owner, number), entry in sorted(self._entries.items(), key=lambda item: item[0]):
            owners.setdefault(owner, []).extend((number, pack(self.wire(entry))))
        return [self.context.encode(), [[owner.name, owner.incarnation, flat] for owner, flat in owners.items()]]

    def decode(self, raw: Any) -> Self:
        """A state of this type from what :meth:`encode` made.  Raises ``TypeError`` or ``ValueError``."""
        state = self._blank()
        spans, owners = read_list(raw, 2, 2)
        state.context.update(Context.decode(spans))
        for name, life, flat in read_list(owners):
            owner = Pid(read_name(name), read_number(life, 1))
            read_list(flat, 0, 2 * self.home.max_entries)
            for number, packed in zip(flat[::2], flat[1::2], strict=True):
                dot = owner, read_number(number, 1)
                if dot not in state.context or len(read_bytes(packed)) > self.home.max_entry_bytes:
                    raise ValueError(f"no entry that {dot[0]} can have made")
                for loser in state.admit(dot, state.read(owner, unpack(packed))):
                    state.discard(loser)
        if len(state._entries) > self.home.max_entries:
            raise ValueError(f"more than {self.home.max_entries} entries")
        return state


def all_but_best(rivals: Mapping[Dot, A], best: Callable[[Dot], Any]) -> list[Dot]:
    """Who is beaten where one entry of a key is left: that with the greatest ``best``."""
    if len(rivals) == 1:
        return []
    winner = max(rivals, key=best)
    return [dot for dot in rivals if dot != winner]
