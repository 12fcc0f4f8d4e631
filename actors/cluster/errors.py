"""What goes wrong between hosts: each error names the culprit and the way out."""

from __future__ import annotations

from actors.errors import ActorError


class ClusterError(ActorError):
    """This host cannot be a member as it is told to; the text says what to change."""


class KeyProblem(ClusterError):
    """Keys or certificates are missing, wrong, expired or readable for others."""


class NoHostFits(ActorError):
    """No host can take a life that asked for ``wanted``; ``why``: which there are, and why not each."""

    def __init__(self, wanted: str, why: str) -> None:
        self.wanted, self.why = wanted, why
        super().__init__(f"no host for {wanted}: {why}")
