"""The actors around the tissue's cores: who is close to an actor, and what it has to do with them (:mod:`contact`).

A system is a host (:mod:`site`), a life a cell of it (:mod:`body`) and in each of its groups a :mod:`presence` with the
cores that it takes part with.
"""
