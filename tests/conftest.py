"""Settings that all tests share."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A shared machine may stall for longer than any deadline; and a red run of CI must be the same red run at home.
settings.register_profile("planaria", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("planaria-ci", settings.get_profile("planaria"), derandomize=True, database=None)
settings.load_profile("planaria-ci" if os.environ.get("CI") else "planaria")
