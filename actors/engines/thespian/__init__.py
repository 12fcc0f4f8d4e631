"""The engine that launches processes, by Thespian: a nursery of isolates, each forked off a warm zygote.

Only what wants a process imports it: ``from actors.engines.thespian.nursery import Nursery``.
"""
