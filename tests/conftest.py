"""Settings that all tests share."""

from __future__ import annotations

import gc
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests.leftovers import nothing_is_left_behind

__all__ = ["nothing_is_left_behind"]  # a fixture of every run

# A shared machine may stall for longer than any deadline; and a red run of CI must be the same red run at home.
settings.register_profile("planaria", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("planaria-ci", settings.get_profile("planaria"), derandomize=True, database=None)
settings.load_profile("planaria-ci" if os.environ.get("CI") else "planaria")

# Files whose tests share something dear (a demo's run, mypy's, an environment) and so belong to one worker.
TOGETHER = ("tests/cli/test_demo.py", "tests/test_typing.py", "tests/test_wheel.py")


class Scheduling(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Every test goes to the worker that is free, and the files in ``TOGETHER`` whole, first of all.

    The mark ``xdist_group`` is meant for this, but xdist 3.8 loses it under pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in TOGETHER else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """Called by xdist when it runs the suite in several processes."""
    return Scheduling(config, log)


def pytest_collection_finish() -> None:
    """Have the garbage collector pass over what is here before the first test: a thousand modules and their tests."""
    gc.collect()
    gc.freeze()
