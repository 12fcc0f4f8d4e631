"""Trails: which way to go is learned from how the last ones fared, and forgotten when nobody goes there.

Over several hops, by pheromone and ants (:mod:`trails`); among equal replicas of one service, by two choices on
load-normalised trails (:mod:`replicas`).
"""
