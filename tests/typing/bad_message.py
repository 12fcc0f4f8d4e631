"""A ref may say which messages its actor takes."""

from __future__ import annotations

from dataclasses import dataclass

from actors import Ref


@dataclass(frozen=True, slots=True)
class Greet:
    """Asks for nothing in particular."""

    name: str


def greet_all(ref: Ref[Greet]) -> None:
    ref.tell(Greet("Ada"))
    ref.tell("Ada")  # error: Argument 1 to "tell" of "Ref" has incompatible type "str"; expected "Greet"
