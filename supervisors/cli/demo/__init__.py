"""``planaria demo``: a small service under load, crashed on purpose, act by act."""

__all__: list[str] = []
