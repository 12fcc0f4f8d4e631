"""The command line: ``planaria``."""

from .commands import main

__all__ = ["main"]
