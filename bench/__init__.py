"""Benchmarks: what planaria costs and how fast it heals, next to the least that could do the same work."""
