"""One generation of the machinery: Thespian's system and its zygote, started by a short-lived child of the launcher."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
from pathlib import Path
from typing import Any, NoReturn, Protocol

from . import linux


class Parent(Protocol):
    """What a generation takes over from the launcher, and what it must not keep open."""

    folder: Path
    environment: dict[str, str]
    config: dict[str, Any]

    def let_go(self) -> None:
        """Close the launcher's descriptors, in the child."""


def start_generation(launcher: Parent, secret: bytes) -> NoReturn:
    """In a child of the launcher: start Thespian's system, have it create the zygote, and end."""
    from . import zygote

    linux.default_signals()
    linux.die_with(os.getppid())
    config = launcher.config
    plan = zygote.Plan(
        folder=launcher.folder,
        modules=tuple(config["modules"]),
        entry=config["entry"],
        rehearsal=config["rehearsal"],
        secret=secret,
        launcher=os.getppid(),
        environment=launcher.environment,
        log=log_of(launcher.folder),
        loggers=_set_loggers_aside(),
    )
    launcher.let_go()
    code = 1
    try:
        from . import secure

        secure.Secrets.launcher = plan.launcher
        zygote.Inherited.plan = plan
        system = secure.start(secrets.token_bytes(32), config["port"])
        system.tell(system.createActor(zygote.Zygote), "begin")
        code = 0
    except BaseException as error:
        with contextlib.suppress(OSError):
            link = zygote.connect(plan)
            link.send("failed", plan.secret, f"Thespian's system did not start: {type(error).__name__}: {error}")
            link.flush_now(1.0)
    finally:
        os._exit(code)


def _set_loggers_aside() -> tuple[logging.RootLogger, logging.Manager]:
    """The loggers as this interpreter began with them, which are the zygote's again; until then there are others.

    Thespian's admin logs by ``logging.info()``, which gives a root that has no handler one.
    """
    loggers = logging.root, logging.Logger.manager
    logging.root = logging.Logger.root = logging.RootLogger(logging.WARNING)
    logging.Logger.manager = logging.Manager(logging.root)
    return loggers


def log_of(folder: Path) -> Path:
    """Where Thespian logs what goes wrong inside it: 50 KB, and as much of what was before."""
    return folder / "thespian.log"


def engine_environment(folder: Path, base: str = "127.0.0.1") -> dict[str, str]:
    """Thespian's settings, which it reads when it is imported; see the reference for what each one mends.

    ``base``: the address that its processes are bound to.
    """
    return {
        "THESPIAN_BASE_IPADDR": base,
        "THESPIAN_MAX_PENDING_TRANSMITS": "500",
        "THESPIAN_TRANSMIT_TIMEOUT_PERIOD": "0:10",
        "CONVENTION_REREGISTRATION_PERIOD": "0:01",
        "CONVENTION_RESTART_PERIOD": "0:01",
        "CONVENTION_REGISTRATION_MISS_MAX": "3",
        "THESPLOG_FILE": str(log_of(folder)),
    }
