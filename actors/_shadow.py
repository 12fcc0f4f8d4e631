"""Run first: fails with a sentence if another module called ``supervisors`` hides ours."""

from __future__ import annotations

from pathlib import Path

from .shadow import refuse_shadow

refuse_shadow("supervisors", Path(__file__).parent.parent)
