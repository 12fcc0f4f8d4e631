"""Thespian's TCP transport, authenticated: each message a sealed frame, each listener on one address.

Thespian has no hook for any of this, so a few of its module's names are replaced, here and nowhere else; they hold in
the processes that import this module and in their forks: launcher, admin, logger, zygote.  A node never imports it.
What is mended on the way: two children that die at once are both noticed.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import pickle
import random
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from thespian.actors import ActorAddress, ActorSystem
from thespian.system import multiprocCommon
from thespian.system.messages.convention import ConventionDeRegister, ConventionRegister
from thespian.system.transport import IPBase, ReceiveEnvelope, SendStatus, TCPTransport
from thespian.system.utilis import thesplog

from . import linux
from .allowed import loads
from .frames import BACK, MESSAGE, RECEIPT, REFUSAL, FrameBuffer, FrameFromBefore, FrameRefused, Seal

LOOPBACK = "127.0.0.1"

# Strangers that connect and say nothing are shed, the oldest first.
MAX_INCOMING = 128
MAX_INCOMING_PERIOD = timedelta(seconds=10)

PORTS_TRIED = 20


class Secrets:
    """What a transport has to know when Thespian makes it: set before the system starts, inherited by every fork."""

    key = b""
    launcher = 0  # who adopts the admin, when the process in between has exited
    host = ""  # where other hosts reach the admin; all else of the system is on the loopback
    far_key = b""  # that of all hosts of a convention; none: no other host is talked to
    refused: Callable[[str, str], None] | None = None  # is told who was refused, by address, and why


def _parent_of_fork() -> None:
    Forks.parent = os.getpid()


class Forks:
    """Who forked last: in a child, its parent, even where that is dead already."""

    parent = 0


os.register_at_fork(before=_parent_of_fork)


def address_text(address: Any) -> str:
    """An actor's address as frames name it."""
    host, port = address.addressDetails.sockname[:2]
    return f"{host}:{port}"


class SecureTransport(TCPTransport.TCPTransport):
    """Seals what is sent, and looks at nothing that is not sealed for this address."""

    def __init__(self, kind: Any, *args: Any) -> None:
        if isinstance(kind, TCPTransport.TCPEndpoint):
            _stay_with_parent(is_admin=kind.args[1] is not None, is_logger=kind.args[0] == -1)
        self.seal = Seal(Secrets.key, time.time_ns)
        self.far_seal = Seal(Secrets.far_key, time.time_ns) if Secrets.far_key else None
        super().__init__(kind, *args)
        self.own = address_text(self.myAddress)

    def external_transport_clone(self) -> SecureTransport:
        """Another endpoint for the same outsider, as Thespian wants one for each creation."""
        routed = isinstance(self.myAddress.addressDetails, TCPTransport.RoutedTCPv4ActorAddress)
        return SecureTransport(TCPTransport.ExternalTransportCopy(), self._adminAddr, self.txOnly, routed)

    def serializer(self, intent: Any) -> bytes:
        """The frame of a message."""
        payload = pickle.dumps((self.myAddress, intent.message), protocol=4)
        return self._seal_to(intent).seal(MESSAGE, address_text(intent.targetAddr), payload)

    def _seal_to(self, intent: Any) -> Seal:
        return self.far_seal if self.far_seal is not None and self._is_far(intent) else self.seal

    def _is_far(self, intent: Any) -> bool:
        """Hosts have one address each, so whoever has another one is of another host."""
        host = intent.targetAddr.addressDetails.sockname[0]
        return self.far_seal is not None and host not in (Secrets.host, _loopback())

    def _next_XMIT_1(self, intent: Any) -> Any:  # noqa: N802
        """Begin to send, or begin again: what another host is told is stamped anew.

        It may have been started meanwhile, and takes no frame from before; to be told twice does no harm there.
        """
        if self._is_far(intent):
            intent.serMsg = self.serializer(intent)
        return super()._next_XMIT_1(intent)

    def _acceptNewIncoming(self) -> None:  # noqa: N802 - Thespian's name, as all of these
        super()._acceptNewIncoming()
        while len(self._incomingSockets) > MAX_INCOMING:
            self._incomingSockets.pop(next(iter(self._incomingSockets))).close()

    def _addedDataToIncoming(  # noqa: N802
        self,
        inc: Any,
        skipFinish: bool = False,  # noqa: N803
        has_exclusive_flag: bool = False,
    ) -> Any:
        if not inc.receivedAllData():
            return inc
        data = inc._rData.frame()
        is_far = self.far_seal is not None and self.far_seal.is_own(data)
        seal = self.far_seal if self.far_seal is not None and is_far else self.seal
        try:
            frame = seal.open(data, self.own)
        except FrameRefused as error:
            _refused(inc.socket, "frame", error)
            inc.close()  # and not a word to a stranger
            return None
        try:
            if frame.kind != MESSAGE:
                raise FrameRefused("a receipt for nothing")
            sender, message = loads(frame.payload, is_far=is_far)
            if not isinstance(getattr(sender, "addressDetails", None), IPBase.IPActorAddress):
                raise FrameRefused("its sender is no address")
            if is_far:
                sender, message = _of_another_host(sender, message)
        except Exception as error:
            _refused(inc.socket, "message", error)
            self._answer(inc, seal.seal(REFUSAL, BACK, frame.mac))
            inc.close()
            return None
        self._answer(inc, seal.seal(RECEIPT, BACK, frame.mac))
        inc.fromAddress = sender
        if not frame.is_again:
            self._processReceivedEnvelope(ReceiveEnvelope(sender, message), has_exclusive_flag=has_exclusive_flag)
        if not skipFinish:
            self._finishIncoming(inc, sender)
        return None

    def _answer(self, inc: Any, receipt: bytes) -> None:
        try:
            inc.socket.send(receipt)
        except OSError as error:
            thesplog("no receipt to %s: %s", _peer(inc.socket), error, level=20)

    def _check_XMIT_4_done(self, intent: Any, rcv: bytes) -> Any:  # noqa: N802
        try:
            intent.ackbuf.addMore(rcv)
            if not intent.ackbuf.isDone():
                return True
            data = intent.ackbuf.frame()
            if self.seal.is_crossing(data):
                return self._take_crossing(intent)
            frame = self._seal_to(intent).open(data, BACK)
        except FrameRefused as error:
            thesplog("refused a receipt from %s: %s", intent.targetAddr, error, level=30)
            return self._again(intent)
        if not frame.answers(intent.serMsg):
            return self._again(intent)
        intent.result = SendStatus.Sent if frame.kind == RECEIPT else SendStatus.BadPacket
        intent.stage = self._XMITStepFinishCleanup
        return self._nextTransmitStep(intent)

    def _take_crossing(self, intent: Any) -> Any:
        """The other side sent a message of its own on this connection at the same time."""
        crossing = TCPTransport.TCPIncomingPersistent(intent.targetAddr, intent.socket, intent.ackbuf)
        intent.ackbuf = FrameBuffer()
        self._addedDataToIncoming(crossing, True)
        return True if intent.socket.fileno() >= 0 else self._again(intent)

    def _again(self, intent: Any) -> Any:
        intent.backoffPause(True)
        intent.stage = self._XMITStepRetry
        return self._nextTransmitStep(intent)


def _peer(connection: socket.socket) -> str:
    try:
        return str(connection.getpeername()[0])
    except OSError:
        return "somebody gone"


def _refused(connection: socket.socket, what: str, why: Exception) -> None:
    host = _peer(connection)
    thesplog("refused a %s from %s: %s", what, host, why, level=30)
    if Secrets.refused is not None and not isinstance(why, FrameFromBefore):
        Secrets.refused(host, str(why))


def _of_another_host(sender: Any, message: Any) -> tuple[ActorAddress, ConventionRegister | ConventionDeRegister]:
    """A message of another host's admin, made anew of what it holds: of the rest Thespian would believe everything.

    Raises ``FrameRefused``, ``ValueError`` or ``AttributeError`` for what is none.
    """
    if not isinstance(message, ConventionRegister | ConventionDeRegister):
        raise FrameRefused(f"a {type(message).__name__} of another host")
    address = _literal(sender)
    if _literal(message.adminAddress) != address:
        raise FrameRefused("it speaks for another host")
    if isinstance(message, ConventionDeRegister):
        return address, ConventionDeRegister(address)
    if not isinstance(message.capabilities, dict):
        raise FrameRefused("its capabilities are none")
    return address, ConventionRegister(address, message.capabilities, message.firstTime is True)


def _literal(address: Any) -> ActorAddress:
    host, port = address.addressDetails.sockname
    if not isinstance(host, str) or not isinstance(port, int) or not 0 < port < 65536:
        raise FrameRefused("its sender's address is none")
    return ActorAddress(TCPTransport.TCPv4ActorAddress(str(ipaddress.IPv4Address(host)), port, external=True))


def _loopback() -> str:
    """What all processes of the system are bound to, but for an admin with an address of its own."""
    return os.environ.get("THESPIAN_BASE_IPADDR", LOOPBACK)


def _stay_with_parent(is_admin: bool, is_logger: bool) -> None:
    """The first thing that a new process of the system does: die when its parent does.

    The admin makes itself a daemon: it is handed on to the launcher, once the process in between has exited.
    """
    parent = Forks.parent
    if is_admin:
        parent = Secrets.launcher
        linux.wait_for_adoption(parent, between=Forks.parent)
        linux.name_process("planaria-admin")
    if is_logger:
        linux.name_process("planaria-logger")
    linux.die_with(parent)


class Base(multiprocCommon.multiprocessCommon):
    """Thespian's system base on the secure transport."""

    transportType = SecureTransport  # noqa: N815

    def __init__(self, system: Any) -> None:
        system.capabilities["Thespian ActorSystem Name"] = "planaria"
        system.capabilities["Thespian ActorSystem Version"] = 1
        system.capabilities["Thespian Watch Supported"] = True
        super().__init__(system, None)


def start(key: bytes, port: int, *, capabilities: dict[str, Any] | None = None) -> ActorSystem:
    """Start an actor system of Thespian's whose admin listens on ``port``, any if 0, and return the handle to it.

    Raises ``OSError`` at once if the port is taken: by a stale logger, for instance, that inherited it.
    """
    Secrets.key = key
    host = Secrets.host or _loopback()
    for number in [port] if port else random.SystemRandom().sample(_quiet_ports(), PORTS_TRIED):
        try:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, number))
        except OSError:
            if port:
                raise
            continue
        known = {"Admin Port": number, "Convention Address.IPv4": "", "Process Startup Method": "fork"}
        known.update(capabilities or {})
        return ActorSystem(Base(SimpleNamespace(capabilities=known)), known, transientUnique=True)
    raise OSError(errno.EADDRINUSE, f"{PORTS_TRIED} ports are taken, one after another")


def _quiet_ports() -> range:
    """Ports that the kernel gives to nobody by itself: one of its own choice may be some connection's a moment later.

    Thespian would take that for another admin, and wait for it for 11 s.
    """
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    return range(max(1024, lowest - 15000), lowest) if lowest > 2048 else range(1024, 65536)


def _bind_to_own_address(self: Any) -> tuple[tuple[str, int]]:
    return ((self.sockname[0], self.sockname[1]),)


def _admin_address(capabilities: dict[str, Any]) -> ActorAddress:
    return ActorAddress(TCPTransport.TCPv4ActorAddress(Secrets.host or None, capabilities["Admin Port"], external=True))


def _nothing(self: Any, address: Any) -> None:
    """Thespian's own drops every dead child while it handles one of them, so the others are never reported."""


def _mend() -> None:
    TCPTransport.ReceiveBuffer = FrameBuffer
    TCPTransport.MAX_INCOMING_SOCKET_PERIOD = MAX_INCOMING_PERIOD
    IPBase.IPActorAddress.bindArgs = property(_bind_to_own_address)
    multiprocCommon.MultiProcReplicator._childExited = _nothing
    TCPTransport.TCPTransport.getAdminAddr = staticmethod(_admin_address)


_mend()
