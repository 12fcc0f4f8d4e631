"""``actors`` and ``supervisors`` are names that somebody's own module may bear: say so, instead of failing oddly."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def refuse_shadow(package: str, home: Path) -> None:
    """Raise ``ImportError`` naming both files if ``package`` is not the one that lies in ``home`` beside us.

    ``home`` is the folder our packages were installed in.  Nothing happens if ours is not installed.
    """
    ours = home / package / "__init__.py"
    spec = find_spec(package)
    found = spec.origin if spec is not None else None
    if ours.exists() and (found is None or Path(found).resolve() != ours.resolve()):
        where = found or next(iter(spec.submodule_search_locations or ()), "?") if spec is not None else "?"
        raise ImportError(
            f"planaria's package {package!r} ({ours}) is hidden by another of that name: {where}; rename that one"
        )
