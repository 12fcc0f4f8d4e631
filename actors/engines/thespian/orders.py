"""Isolates that were ordered and have not come in: each has a number, and a token that lets it in once.  Pure."""

from __future__ import annotations

import secrets

from .door import TOKEN_SIZE


class Orders:
    """As many as ``len``."""

    def __init__(self) -> None:
        self._last = 0
        self._tokens: dict[int, bytes] = {}
        self._numbers: dict[bytes, int] = {}
        self._born: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._tokens)

    def new(self) -> tuple[int, bytes]:
        """One more: its number and its token."""
        self._last += 1
        token = secrets.token_bytes(TOKEN_SIZE)
        self._tokens[self._last] = token
        self._numbers[token] = self._last
        return self._last, token

    def born(self, number: int, pid: int) -> None:
        """It was forked as ``pid``, so no other process may use its token."""
        if number in self._tokens:
            self._born[number] = pid

    def of_process(self, pid: int) -> int | None:
        """The order by which ``pid`` was forked."""
        return next((number for number, born in self._born.items() if born == pid), None)

    def judge(self, token: bytes, pid: int) -> str | None:
        """Why ``pid`` may not come in with this token; ``None``: it may."""
        number = self._numbers.get(token)
        if number is None:
            return "its token is unknown, or was used"
        if self._born.get(number, pid) != pid:
            return "its token is another process's"
        return None

    def used(self, token: bytes) -> None:
        """Who has it has come in."""
        self.drop(self._numbers[token])

    def drop(self, number: int) -> None:
        """Nobody will come by this order."""
        self._born.pop(number, None)
        token = self._tokens.pop(number, None)
        if token is not None:
            self._numbers.pop(token, None)

    def clear(self) -> None:
        """Nobody will come by any."""
        self._tokens.clear()
        self._numbers.clear()
        self._born.clear()
