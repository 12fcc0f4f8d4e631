"""The actors around the tissue's cores: who is close to an actor, and what it has to do with them (:mod:`contact`).

A system is a host (:mod:`site`), a life a cell of it (:mod:`body`) and in each of its groups a :mod:`presence` with the
cores that it takes part with.  A life in a process of its own is a cell of its host all the same: a *ward* there
(:mod:`wards`), and in that process an *annex* (:mod:`annex`) stands for what the host knows.
"""
