"""Every error that this package raises.

::

    ActorError
    ├── ActorDied            the actor died with the question in hand, or was dead already (see .reason)
    ├── AskTimeout           no answer within the deadline; the actor may still be working on it
    │   └── DeadlineExceeded ... of the message in hand, which caps what is asked for its sake
    ├── AskSelf              an actor asked itself and would have waited for ever
    ├── Unhandled            the actor has no handler for this message
    ├── MailboxFull          the mailbox is at its limit and its policy does not take the message
    ├── Overloaded           there is too much to do: the message waited too long, or too many are under way
    ├── CircuitOpen          a circuit breaker does not let the call through (see .retry_after)
    ├── StashFull            as many messages are stashed as the mailbox may hold
    ├── NameTaken            the name belongs to another actor
    ├── StartFailed          the actor did not start (see .reason)
    │   └── StartTimeout     ... because started() took too long
    ├── ProcessDied          the process that ran it is gone (see .status)
    ├── StopTimeout          stop() gave up waiting; the actor is still there
    ├── NotRunning           the system, or the life that called, is over
    ├── IllegalTransition    a life was asked to do what its state does not allow (a defect in the engine)
    ├── HandlerError         a class declares handlers that contradict each other (raised when it is defined)
    ├── CodecError           a message, a frame or a type that the codec refuses (see .what and .why)
    │   └── ClassMissing     ... a class whose life is to begin elsewhere, and which is not found there
    └── RemoteError          what was raised in another process, where its class is not known here (see .kind)

``Ignore`` is not an error: an actor raises it in ``started()`` to say that it is not needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .exits import Reason
    from .origins import Trace


class ActorError(Exception):
    """Base of all errors of this package."""


class ActorDied(ActorError):
    """The actor died before it answered, or was dead when it was asked; ``reason`` says of what.

    ``life``: which life it was, where that is not the present one of ``ref``.
    """

    def __init__(self, ref: object, reason: Reason, life: object = None) -> None:
        self.ref = ref
        self.reason = reason
        super().__init__(f"{life or ref} is dead: {reason}")


class AskTimeout(ActorError, TimeoutError):
    """No answer within ``timeout`` seconds.  A late answer goes nowhere."""

    def __init__(self, ref: object, message: object, timeout: float) -> None:
        self.ref = ref
        self.message = message
        self.timeout = timeout
        super().__init__(f"{ref} did not answer {type(message).__name__} within {timeout:g} s")


class DeadlineExceeded(AskTimeout):
    """The deadline of the message in hand was over before there was an answer to what was asked for its sake.

    One that leaves the handler ends the message, not the life: whoever asked has been told, or is told by it.
    ``timeout`` is 0, since it is not this question's own.
    """

    def __init__(self, ref: object, message: object, timeout: float) -> None:
        super().__init__(ref, message, timeout)
        self.args = (f"{ref} did not answer {type(message).__name__} before the deadline of the message in hand",)


class AskSelf(ActorError):
    """An actor waited for itself in its own handler: asked itself, or awaited a management call of its own ref."""

    def __init__(self, ref: object, message: object, what: str | None = None) -> None:
        self.ref = ref
        self.message = message
        does = f"waits for {what} of its own" if what else f"asked itself {type(message).__name__}"
        super().__init__(f"{ref} {does} inside its own handler; call the method instead")


class Unhandled(ActorError):
    """The actor has no handler for the type of this message."""

    def __init__(self, ref: object, message: object) -> None:
        self.ref = ref
        self.message = message
        super().__init__(f"{ref} has no handler for {type(message).__name__}")


class MailboxFull(ActorError):
    """The mailbox holds ``limit`` messages and its overflow policy ``policy`` refused this one."""

    def __init__(self, ref: object, limit: int, policy: str) -> None:
        self.ref = ref
        self.limit = limit
        self.policy = policy
        super().__init__(f"the mailbox of {ref} is full ({limit} messages, policy {policy!r})")


class Overloaded(ActorError):
    """``ref`` has more to do than it can in time and did not begin with this; ``why`` says by which measure.

    Nothing has been done, so it may be asked again; but not at once, and not by everybody: see ``RetryBudget``.
    """

    def __init__(self, ref: object, why: str) -> None:
        self.ref = ref
        self.why = why
        super().__init__(f"{ref} is overloaded: {why}")


class CircuitOpen(ActorError):
    """The circuit breaker ``name`` is open after too many failures; ``retry_after``: seconds until it lets one try."""

    def __init__(self, name: str, retry_after: float) -> None:
        self.name = name
        self.retry_after = retry_after
        super().__init__(f"circuit {name or 'breaker'} is open for another {retry_after:.3g} s")


class StashFull(ActorError):
    """The stash is bounded by the mailbox's limit."""

    def __init__(self, ref: object, limit: int) -> None:
        self.ref = ref
        self.limit = limit
        super().__init__(f"the stash of {ref} is full ({limit} messages)")


class NameTaken(ActorError):
    """``name`` is registered by ``ref`` already."""

    def __init__(self, name: str, ref: object) -> None:
        self.name = name
        self.ref = ref
        super().__init__(f"the name {name!r} is taken by {ref}")


class StartFailed(ActorError):
    """The actor did not start: its constructor or ``started()`` failed; the cause is chained where there is one."""

    def __init__(self, ref: object, reason: Reason) -> None:
        self.ref = ref
        self.reason = reason
        super().__init__(f"{ref} did not start: {reason}")


class StartTimeout(StartFailed):
    """``started()`` did not return within ``timeout`` seconds; the life was killed."""

    def __init__(self, ref: object, reason: Reason, timeout: float) -> None:
        super().__init__(ref, reason)
        self.timeout = timeout
        self.args = (f"{ref} did not start within {timeout:g} s",)


class ProcessDied(ActorError):
    """The process, or thread, that ran an actor is gone; ``status`` says how: ``"signal 9"``, ``"exit 3"``."""

    def __init__(self, status: str) -> None:
        self.status = status
        super().__init__(status)

    @property
    def cause(self) -> str:
        """The status in a word: ``memory`` or ``cpu`` (a bound was exceeded), ``blocked`` (it was killed because it
        gave no sign of life, or its thread was held), ``signal`` or ``exit``.
        """
        if "out of memory" in self.status:
            return "memory"
        if "CPU time limit" in self.status:
            return "cpu"
        if "silent for" in self.status or "blocked for" in self.status:
            return "blocked"
        return "signal" if self.status.startswith("signal") else "exit"


class StopTimeout(ActorError, TimeoutError):
    """The actor did not stop within ``timeout`` seconds and is still there; ``ref.kill()`` ends it."""

    def __init__(self, ref: object, timeout: float) -> None:
        self.ref = ref
        self.timeout = timeout
        super().__init__(f"{ref} did not stop within {timeout:g} s; kill() ends it")


class NotRunning(ActorError):
    """``what`` is over, or has not begun: a system that was left, an actor without a life, a life that was replaced."""

    def __init__(self, what: object) -> None:
        self.what = what
        super().__init__(f"{what} is not running")


class IllegalTransition(ActorError):
    """``event`` is not possible in ``state``: a defect of the engine, never of its user."""

    def __init__(self, event: str, state: str) -> None:
        self.event = event
        self.state = state
        super().__init__(f"{event!r} is not possible in state {state!r}")


class HandlerError(ActorError, TypeError):
    """An actor class declares a handler that cannot work; raised when the class is defined or first spawned."""

    def __init__(self, where: str, what: str) -> None:
        self.where = where
        self.what = what
        super().__init__(f"{where}: {what}")


class CodecError(ActorError, ValueError):
    """The codec does not turn ``what`` into bytes, or bytes into it, for the reason ``why``."""

    def __init__(self, what: str, why: str) -> None:
        self.what = what
        self.why = why
        super().__init__(f"{what}: {why}")


class ClassMissing(CodecError):
    """A life cannot begin elsewhere: its class is not found there by its ``module`` and ``qualname``.

    ``error``: what its import said, or the search in the module if ``is_imported``; ``host``: the other host on which
    that was, ``None``: a process of this one.
    """

    def __init__(self, module: str, qualname: str, error: str, *, is_imported: bool, host: str | None = None) -> None:
        self.module = module
        self.qualname = qualname
        self.error = error
        self.is_imported = is_imported
        self.host = host
        is_nameless = module == "__main__" or "<locals>" in qualname
        if host is None or is_nameless:
            where = "in another process" if host is None else f"on host {host}"
            why = f"cannot be found by its name {where} ({error})"
            is_hidden = is_nameless and "cannot be loaded" not in error  # else that says what to do
            why += ": define it at the top of a module" if is_hidden else ""
            why += f" that host {host} can import" if host is not None else ""
        elif is_imported:
            why = f"host {host} has another {module} without it ({error})"
        else:
            why = f"host {host} cannot import {module} ({error})"
        super().__init__(f"class {module}.{qualname}", why)

    def on(self, host: str) -> ClassMissing:
        """The same, where it is known on which host that was."""
        return ClassMissing(self.module, self.qualname, self.error, is_imported=self.is_imported, host=host)


class RemoteError(ActorError):
    """What was raised in another process or host, of a class that is not known here or does not travel.

    ``kind``: the class, as ``module:name``; ``text``: what it said; ``traceback``: where it was raised, or empty, which
    is printed with it; ``origins``: the same, and of what it came from, for reports.  It is the cause of an exception
    that was rebuilt, for the sake of its traceback.
    """

    def __init__(self, kind: str, text: str, traceback: str = "", origins: tuple[Trace, ...] = ()) -> None:
        self.kind = kind
        self.text = text
        self.traceback = traceback
        self.origins = origins
        name = kind.removeprefix("builtins:").replace(":", ".")
        super().__init__(f"{name}: {text}" if text else name)
        if traceback:
            self.add_note(traceback.rstrip())


class Ignore(Exception):
    """Raise it in ``started()``: the actor is not needed now.  Neither a success nor a failure (OTP's ``ignore``)."""
