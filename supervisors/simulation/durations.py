"""Times as people write and read them; inside, all times are seconds."""

from __future__ import annotations

import re

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

SHAPE = "a number with ms, s, m, h or d, such as 500ms, 10s, 5m or 1h30m"

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")


def parse_duration(text: str) -> float:
    """``"500ms"``, ``"10s"``, ``"5m"``, ``"2h"``, ``"1h30m"`` in seconds.  Raises ``ValueError`` for anything else."""
    if _WHOLE.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a duration: {SHAPE}")
    return sum(float(number) * UNITS[unit] for number, unit in _PART.findall(text))


def clock(seconds: float) -> str:
    """A moment since the start, as ``HH:MM:SS.mmm``."""
    thousandths = round(seconds * 1000)
    minutes, thousandths = divmod(thousandths, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{thousandths // 1000:02}.{thousandths % 1000:03}"


def spell(seconds: float) -> str:
    """A length of time in two units at most: ``183 ms``, ``9.5 s``, ``10 min 3 s``, ``2 h 5 min``."""
    if seconds < 0.0005:
        return "0 s"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.3g} s"
    whole = round(seconds)
    if whole < 3600:
        return _two(whole, 60, "min", "s")
    return _two(round(whole / 60), 60, "h", "min")


def _two(value: int, size: int, large: str, small: str) -> str:
    many, few = divmod(value, size)
    return f"{many} {large}" + (f" {few} {small}" if few else "")
