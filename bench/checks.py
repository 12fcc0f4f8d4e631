"""A benchmark that does the wrong work has no figures."""

from __future__ import annotations


class WrongResult(Exception):
    """The work came out wrong, so its figures mean nothing."""


def expect(what: str, got: object, wanted: object) -> None:
    """Raise ``WrongResult`` unless the two are equal."""
    if got != wanted:
        raise WrongResult(f"{what}: got {got!r}, wanted {wanted!r}")
