"""The verbs of ``self.contact`` for what spreads from cell to cell: hormones, gradients, trails."""

from __future__ import annotations

from typing import Any

from actors.tissue.fields.block import Block, Reading
from actors.tissue.hormones.receptor import Receptor

from .checks import named, number
from .face import Face
from .toward import Toward, Trail


class Signals(Face):
    """See the module's text."""

    # -- what is felt --------------------------------------------------------------------------------------------------

    def feel(self) -> None:
        """Take part in what the group feels; of itself where the class has receptors."""
        self._presence().slot("hormones")

    def secrete(self, hormone: str, amount: float = 1.0) -> None:
        """Something has happened: raise the level here; it spreads to those who are close, and decays.

        Raises ``ValueError`` for an unknown hormone or an amount that is not 0 or more, and finite.
        """
        name, much = self._known(hormone), number("secrete(amount)", amount)
        self._presence().act("hormones", lambda core, now: core.secrete(name, much, now))

    def sustain(self, hormone: str, level: float) -> None:
        """A measurement: have the level here tend to ``level`` until the next one; to be said again at each.

        Raises as :meth:`secrete`.
        """
        name, high = self._known(hormone), number("sustain(level)", level)
        self._presence().act("hormones", lambda core, now: core.sustain(name, high, now))

    def sense(self, hormone: str) -> float:
        """The level here: what this cell secretes, and what has seeped in from its neighbours."""
        return self._presence().hormones.sense(self._known(hormone), self._body.site.now())

    def systemic(self, hormone: str) -> float | None:
        """The average over the group, or ``None`` while that is not known.  Raises ``ValueError`` for a hormone that is
        declared without an average.
        """
        name = self._known(hormone)
        if not all(each.systemic for each in self._body.hormones if each.name == name):
            raise ValueError(f"the hormone {name!r} has no average; declare it as Hormone({name!r}, systemic=True)")
        return self._presence().hormones.systemic(name, self._body.site.now())

    def is_on(self, receptor: Receptor) -> bool:
        """Whether a receptor of this life is triggered.  Raises ``ValueError`` for one that its class has not."""
        if receptor not in list(self._body.receptors):
            mine = ", ".join(map(repr, self._body.receptors)) or "none"
            raise ValueError(f"is_on(receptor): {self._body.cell.name} has not {receptor!r:.120}; it has {mine}")
        return self._presence().hormones.is_on(receptor)

    def _known(self, hormone: str) -> str:
        known = {each.name for each in self._body.hormones} | {each.hormone for each in self._body.receptors}
        if hormone not in list(known):  # whatever that may be
            cls = type(self._body.cell.actor).__name__
            raise ValueError(
                f"{cls} has no hormone {hormone!r:.60}, only {', '.join(sorted(known))}; "
                f"declare it in the class: hormones = (Hormone({hormone!r:.60}),)"
            )
        return hormone

    # -- gradients -----------------------------------------------------------------------------------------------------

    def emit(self, field: str) -> None:
        """Be a source of a field, until :meth:`retract` or the end of this life.

        Raises ``ValueError`` for what is no name, the name of a block, and the 65th field.
        """
        name = named("emit(field)", field)
        self._through().act("field", lambda core, now: core.emit(name, now))

    def retract(self, field: str) -> None:
        """Be a source of it no more; nothing, if it is none."""
        name = named("retract(field)", field)
        self._through().act("field", lambda core, now: core.retract(name, now))

    def field(self, name: str) -> Reading:
        """A field as it is here: how far the nearest source is, over whom, and which."""
        return self._through().fields.field(named("field(name)", name))

    def toward(self, field: str) -> Toward:
        """The nearest source of a field, to tell or ask."""
        return Toward(self._through(), named("toward(field)", field))

    def install(self, name: str, block: Block[Any]) -> None:
        """Have a block take part: a broadcast, a sum, an election, a channel; alike in all cells that take part.

        What it raises in its turn is reported as ``PartFailed``, in the log as well; the others go on.  Raises
        ``ValueError`` for a name that is taken, and for what is no block, naming what it lacks.
        """
        text = named("install(name)", name)
        self._through().act("field", lambda core, now: core.install(text, block, now))

    def uninstall(self, name: str) -> None:
        """Have that block no more; nothing, if there is none."""
        text = named("uninstall(name)", name)
        self._through().act("field", lambda core, now: core.uninstall(text, now))

    # -- trails --------------------------------------------------------------------------------------------------------

    def offer(self, what: str, cost: float = 0.0) -> None:
        """Be at the end of the trails to ``what``; ``cost``: what it takes here, in seconds.  Raises ``ValueError``."""
        name, seconds = named("offer(what)", what), number("offer(cost)", cost)
        self._through().act("trails", lambda core, now: core.offer(name, now, seconds))

    def withdraw(self, what: str) -> None:
        """Offer it no more; nothing, if it is not offered."""
        name = named("withdraw(what)", what)
        self._through().act("trails", lambda core, now: core.withdraw(name, now))

    def trail(self, what: str) -> Trail:
        """Whoever offers ``what``, over as many hops as it takes, to tell or ask."""
        name = named("trail(what)", what)
        presence = self._through()
        presence.slot("trails")
        return Trail(presence, name)
