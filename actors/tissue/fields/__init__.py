"""Fields: values that spread from sources and fade with distance, and what is built on them without a centre.

Every cell tells its neighbours once a round what it holds, and makes the best of what it heard
(:mod:`~actors.tissue.fields.field`).  Gradients lead to the nearest source; along them values are broadcast, totals
collected, leaders elected, corridors kept.
"""
