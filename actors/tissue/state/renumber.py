"""What a cell has told, when it turns out that its life was given too low a number, and it goes on as a higher one.

The stream of the life that it was taken for stays that of an earlier life of the place: whoever knows it goes on with
it, and inherits from it.  Where the number itself was another life's before, or others have dropped what it told, all
that is alive in it is told anew instead: what others hold under that number is not what was told here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actors.messages import Pid

    from .store import Store


def renumber(store: Store, pid: Pid, *, anew: bool) -> None:
    """Have all further changes be those of ``pid``, a higher life of the place; ``anew``: and those so far."""
    former = store.own
    told = [(held.value, held.entry) for version, held in former.entries() if former.has(version)] if anew else []
    store.pid = pid
    store.own = store.archive.open(pid)
    for value in store.values.values():
        value.owner = pid
    if anew:
        store.end(former.pid, former.version)
        store.archive.over.pop(former.pid)
    for wire, entry in told:
        store.values[wire].tell_again(entry)
