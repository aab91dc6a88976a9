"""Models with the preparation of their data in front of them, as the backends need them."""

from __future__ import annotations

from collections.abc import Mapping

from archc.backends.folding import folded
from archc.ir.program import CallNode, Model, Program
from archc.passes.inline_model import with_model_inlined
from archc.passes.pipeline import run_passes
from archc.source import Record

PREPARATION = "prepare"


class Deployed(Record):
    """What is built instead of a program.

    `program` has its models, those that data is prepared for taking it as it comes: graphs, weights and
    manifest are of it, and its keys are those of the plain program. `classes` is what `model.py` is
    written from: the plain models, and beside them those that prepare, then call them; `wrappers` has
    the names of the latter by the plain model's name there.
    """

    program: Program
    classes: Program
    wrappers: Mapping[str, str]

    def source(self) -> str:
        """Give the text of `model.py`."""
        from archc.backends.pytorch import emit

        single = len(self.program.models) == 1
        stems = {model.name: "model" for model in self.classes.models} if single else {}
        return emit(folded(self.classes), stems)

    def wrapper(self, model: str) -> tuple[str, str] | None:
        """Give the name of the class that stands for a model, and of the plain one in it, if there is one."""
        at = [each.name for each in self.program.models].index(model)
        plain = self.classes.models[at].name
        return (self.wrappers[plain], plain) if plain in self.wrappers else None


def deploy(program: Program, classes: Program, wrappers: Mapping[str, str]) -> Deployed:
    """Put the preparations into a program, from the classes that prepare, then call."""
    found = {model.name: model for model in classes.models}
    models = []
    for model, plain in zip(program.models, classes.models, strict=False):
        wrapper = found.get(wrappers.get(plain.name, ""))
        models.append(model if wrapper is None else _inlined(model, wrapper))
    return Deployed(run_passes(program.replace(models=tuple(models))), classes, wrappers)


def _inlined(model: Model, wrapper: Model) -> Model:
    module = wrapper.module
    call = next(node for node in module.nodes if isinstance(node, CallNode) and node.model)
    inlined = with_model_inlined(module, call, PREPARATION).replace(name=model.module.name)
    return wrapper.replace(name=model.name, module=inlined)
