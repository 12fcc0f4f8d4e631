"""Repair without a centre: pools whose number of workers is wanted rather than made (:mod:`pools`), and trees that are
adopted when whoever ran them dies (:mod:`standby`).
"""
