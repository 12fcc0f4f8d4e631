"""``planaria demo wound``: a sheet of cells that closes a wound, with nobody in charge."""

__all__: list[str] = []
