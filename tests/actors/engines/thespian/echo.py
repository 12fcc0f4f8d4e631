"""Actors of Thespian's for the tests of its secured transport."""

from __future__ import annotations

import os
from typing import Any

from thespian.actors import Actor, ChildActorExited


class Echo(Actor):
    """Answers; floods somebody on request."""

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802 - Thespian's name
        if message == "pid":
            self.send(sender, os.getpid())
        elif isinstance(message, tuple):
            for number in range(25):
                self.send(message[0], number)
        else:
            self.send(sender, message)


class Parent(Actor):
    """Has two children killed, one a moment after the other, and counts the notices."""

    def __init__(self) -> None:
        super().__init__()
        self.asker: Any = None
        self.pids: list[int] = []
        self.noticed = 0

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802 - Thespian's name
        if message == "two":
            self.asker, self.pids, self.noticed = sender, [], 0
            for _ in range(2):
                self.send(self.createActor(Echo), "pid")
        elif isinstance(message, ChildActorExited):
            self.noticed += 1
            if self.noticed == 2:
                self.send(self.asker, "both")
        elif isinstance(message, int):
            self.pids.append(message)
            if len(self.pids) == 2:
                for pid in self.pids:
                    os.kill(pid, 9)
