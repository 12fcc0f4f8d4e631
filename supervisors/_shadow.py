"""Run first: fails with a sentence if another module called ``actors`` hides ours, which then cannot be asked itself.

``actors.shadow`` holds the check; it is loaded from its file, since its package is just what may be hidden.
"""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_HOME = Path(__file__).parent.parent
_spec = spec_from_file_location("planaria_shadow", _HOME / "actors" / "shadow.py")
if _spec is not None and _spec.loader is not None and Path(_spec.origin or "").exists():
    _shadow = module_from_spec(_spec)
    _spec.loader.exec_module(_shadow)
    _shadow.refuse_shadow("actors", _HOME)
