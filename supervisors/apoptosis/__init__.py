"""Planned death: how a life is judged by evidence, repaired, and replaced by a successor that is ready before it goes.

``policy`` is what a tree says, ``health`` and ``disruption`` decide, ``warden`` carries out what they decide.
"""
