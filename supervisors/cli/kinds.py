"""Kinds of options that several commands have."""

from __future__ import annotations

import math
import os

import click


class Folder(click.Path):
    """A folder; no text is none, and not the one that the command is given in."""

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """See :class:`click.ParamType`."""
        if value == "":
            self.fail("no folder is named; '.' is this one.", param, ctx)
        return super().convert(value, param, ctx)


class Seconds(click.FloatRange):
    """Seconds from ``least`` on: a number, which ``nan`` is not."""

    name = "seconds"

    def __init__(self, least: float, most: float | None = None) -> None:
        super().__init__(least, most)

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """See :class:`click.ParamType`."""
        number = float(super().convert(value, param, ctx))  # type: ignore[arg-type]
        if math.isnan(number):
            self.fail(f"{value!r} is no number of seconds.", param, ctx)
        return number
