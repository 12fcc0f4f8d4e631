"""The flock: cells that adjust to those next to them, so that all of them come to be alike, or apart, with no centre.

Alignment spreads what can be moved evenly, separation keeps apart what must not coincide, cohesion pulls together what
should agree (Reynolds: Flocks, herds and schools, SIGGRAPH 1987).
"""
