"""What spreads between siblings: who is close, what they know of each other, and what they do without a centre.

One idea a module, each a *core*: pure, given ``now`` and ``rng``, packets in, packets and events out (:mod:`core`).
Thin actors around them run them on one loop, in a ``world``, or between processes and hosts.
"""
