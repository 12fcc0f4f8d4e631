"""The dynamic supervisor as an actor: children that come and go, each on its own."""

from __future__ import annotations

import dataclasses

from actors import handle
from actors.keeper import place_at

from .children import Children
from .errors import MaxChildren, SpecError
from .intensity import Intensity
from .messages import StartChild
from .shell import Shell
from .spec import ChildSpec, DynamicSupervisor, Spec


class DynamicSupervisorActor(Shell, carries_out=DynamicSupervisor):
    """Carries out the decisions about the children of a ``DynamicSupervisor`` spec."""

    spec: DynamicSupervisor

    def make_children(self, path: str, intensity: Intensity) -> Children:
        self._serial = 0
        return Children(path, (), strategy="one_for_one", intensity=intensity, dynamic=True, rng=self.system.rng)

    @handle(priority=True)
    def start_child(self, message: StartChild) -> None:
        """Ids need not be unique here: a second ``job`` becomes ``job~2``."""
        limit = self.spec.max_children
        reply = self.defer()
        if limit is not None and len(self.children) >= limit:
            if reply is not None:
                reply.fail(MaxChildren(limit))
            return
        try:
            spec = self._unique(message.spec)
        except SpecError as error:
            if reply is not None:
                reply.fail(error)
            return
        self.carry_out(self.children.add(spec, self.system.now(), reply))

    def _unique(self, spec: Spec) -> Spec:
        if spec.significant:
            raise SpecError("significant", True, "a dynamic supervisor has no automatic shutdown")
        id = spec.id
        while self.children.get(id) is not None or place_at(self.ref, id) is not None:
            self._serial += 1
            id = f"{spec.id}~{self._serial + 1}"
        if id == spec.id:
            return spec
        return dataclasses.replace(spec, id=id) if isinstance(spec, ChildSpec) else dataclasses.replace(spec, name=id)
