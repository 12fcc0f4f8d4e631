"""Whether one more planned death is allowed now, and if not, why not.  Pure."""

from __future__ import annotations

from dataclasses import dataclass

from .policy import Disruption


@dataclass(frozen=True, slots=True)
class Group:
    """A supervisor's children as its budget sees them.

    ``children``: those that should run; ``running``: those that do; ``ill``: running ones at or over their threshold,
    ``is_ill`` says that the one to be replaced is among them; ``ongoing``: under replacement.
    """

    children: int
    running: int
    ill: int
    ongoing: int

    def well_after(self, is_ill: bool) -> int:
        """How many run and are well once the successor has taken over."""
        return self.running - self.ill + is_ill

    def is_below(self, floor: float, is_ill: bool) -> bool:
        """Whether so few would be well that planned death makes things worse."""
        return self.well_after(is_ill) < floor * self.children


def refusal(budget: Disruption, group: Group, is_ill: bool) -> str | None:
    """Why a child of ``group`` may not be replaced now by its own supervisor's ``budget``; ``None``: it may."""
    if budget.at_once == 0 or budget.everywhere == 0:
        return "the budget allows no planned death"
    if group.ongoing >= budget.at_once:
        return f"{group.ongoing} of at most {budget.at_once} at once in its group"
    if group.is_below(budget.floor, is_ill):
        well = group.well_after(is_ill)
        return f"{well} of {group.children} would be well, and the floor is {budget.floor:.0%}"
    return None


def refusal_above(budget: Disruption, path: str, below: int, missing: str | None) -> str | None:
    """Why nothing below the supervisor at ``path`` may be replaced now; ``missing``: somebody there who is down."""
    if below >= budget.everywhere:
        return f"{below} of at most {budget.everywhere} at once below {path}"
    if missing is not None and not budget.while_degraded:
        return f"{missing} is down"
    return None
