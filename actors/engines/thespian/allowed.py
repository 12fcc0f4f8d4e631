"""What Thespian's messages may be made of: an allow-list for unpickling, by exact module and name.

Left out on purpose is everything that carries source code (``ValidateSource`` and its like): nothing is loaded from a
message.  What is not listed is refused by name, before it is imported.  Other hosts may send much less than this
system's own processes: that a host joins or leaves, and nothing that creates, asks for or ends an actor.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

_LISTS = {
    "datetime": "timedelta datetime",
    "logging": "LogRecord",
    "socket": "AF_INET SOCK_STREAM AddressFamily SocketKind",
    "thespian.actors": """
        ActorAddress ActorExitRequest ActorSystemConventionUpdate ActorSystemMessage ChildActorExited DeadEnvelope
        PoisonMessage WakeupMessage WatchMessage
    """,
    "thespian.system.logdirector": "LogAggregator LoggerExitRequest",
    "thespian.system.messages.admin": """
        CapabilityUpdate HandleDeadLetters NewCapabilities PendingActor PendingActorResponse QueryAck QueryExists
        SystemShutdown SystemShutdownCompleted
    """,
    "thespian.system.messages.convention": """
        ConventionDeRegister ConventionInvite ConventionRegister NotifyOnSystemRegistration
    """,
    "thespian.system.messages.multiproc": "ChildMayHaveDied EndpointConnected LoggerConnected",
    "thespian.system.messages.status": "Thespian_ActorStatus Thespian_StatusReq Thespian_SystemStatus",
    "thespian.system.transport": "ForwardMessage Thespian__UpdateWork",
    "thespian.system.transport.IPBase": "RoutedTCPv4ActorAddress TCPv4ActorAddress TXOnlyAdminTCPv4ActorAddress",
    "thespian.system.transport.TCPTransport": "RoutedTCPv4ActorAddress TXOnlyAdminTCPv4ActorAddress",
    "thespian.system.utilis": "StatsManager",
}

_FROM_AFAR = {
    "socket": "AF_INET SOCK_STREAM AddressFamily SocketKind",
    "thespian.actors": "ActorAddress",
    "thespian.system.messages.convention": "ConventionDeRegister ConventionRegister",
    "thespian.system.transport.IPBase": "TCPv4ActorAddress",
}


def _pairs(lists: dict[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset((module, name) for module, names in lists.items() for name in names.split())


ALLOWED, ALLOWED_FROM_AFAR = _pairs(_LISTS), _pairs(_FROM_AFAR)


class _Reader(pickle.Unpickler):
    def __init__(self, data: bytes, allowed: frozenset[tuple[str, str]]) -> None:
        super().__init__(io.BytesIO(data))
        self._allowed = allowed

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._allowed:
            raise pickle.UnpicklingError(f"{module}.{name} is not on the list of what a message may hold")
        return super().find_class(module, name)


def loads(data: bytes, *, is_far: bool = False) -> Any:
    """Unpickle a message of Thespian's, ``is_far``: of another host.

    Raises ``pickle.UnpicklingError`` for one that holds anything else.
    """
    return _Reader(data, ALLOWED_FROM_AFAR if is_far else ALLOWED).load()
