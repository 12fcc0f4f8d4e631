"""The words of an autopsy: how a life ended, and how one death led to another."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """How a life ended."""

    DIED = "died"
    """By itself, or killed by others than its supervisor."""

    NOT_STARTED = "not_started"
    """Before it served."""

    STOPPED = "stopped"
    """Its supervisor ended it."""

    ORPHANED = "orphaned"
    """Its supervisor's life was over before, killed or crashed."""

    REPLACED = "replaced"
    """By plan: its successor served before it went."""

    KEPT = "kept"
    """A successor that did not come to serve; the life it was to replace serves on."""

    HOST_DOWN = "host_down"
    """No life of the tree but a host that some of them were on: there is no link to it any more."""

    ENDED = "ended"
    """The root of the tree: nobody decides about it."""


class How(StrEnum):
    """How the death at another place led to this one."""

    GROUP = "group"
    """The strategy takes this one along when that one is restarted."""

    SUPERVISOR = "supervisor"
    """That one is its supervisor, and ended."""

    GAVE_UP = "gave_up"
    """That one is a child that needed more restarts than are allowed."""

    SIGNIFICANT = "significant"
    """That one is a significant child, and ended for good."""

    START = "start"
    """That one is a child that did not start with its supervisor."""

    ASKED = "asked"
    """This one waited for an answer of that one, and let the error go."""

    HOST = "host"
    """That one is the host that this one was on."""

    LINKED = "linked"
    """The two were linked."""

    SIGNALLED = "signalled"
    """That one sent this one an exit signal; it need not have died itself."""
