"""Values that many change at once without asking, and that come out the same everywhere.

For a backend developer: state that siblings hold in common, with no database, no lock and no leader.  Each value is a
join semilattice: whoever has heard of the same changes, in whatever order and however often, holds the same value.

===================================  ==========================================================================
:class:`~.lww.LWWMap`                keys and values; the last write wins, a removal too
:class:`~.orset.ORMap`               keys and values; a removal takes away only what the remover had seen
:class:`~.orset.ORSet`               the same without values
:class:`~.counters.PNCounter`        a sum to which all add; one slot an incarnation
:class:`~.registers.MaxRegister`     the greatest number that anybody offered; ``MinRegister``: the least
:class:`~.topk.TopK`                 the k items with the highest scores
===================================  ==========================================================================

A mutator changes the value at once and returns the *delta*: a small state of the same type, which joins like any other.
``merge`` joins a delta or a whole state and returns what of it was news.  ``encode`` and ``decode`` lead to plain
values and back.  All of them are :class:`~.dotted.Dotted`.
"""
