"""A program's models by name, and what their keys begin with where there are several."""

from __future__ import annotations

from archc.ir.program import CallNode, Model, Module, Program


def find_model(program: Program, name: str | None) -> Model:
    """Give a model by name, or the only one. ValueError where that does not name one."""
    models = {model.name: model for model in program.models}
    if name is None and len(models) == 1:
        return program.models[0]
    if name not in models:
        wrong = "there are several models" if name is None else f"there is no model `{name}`"
        raise ValueError(f"{wrong}, the models are {', '.join(models)}")
    return models[name]


def seed_key(program: Program, model: Model, key: str) -> str:
    """Give a tensor's name in a checkpoint of the program, which is what its stream is seeded by.

    With several models that is its key below the name of the model that it belongs to: of the one that
    is called, where a model calls another.
    """
    return _owned_key(model.name, model.module, key) if len(program.models) > 1 else key


def _owned_key(model: str, module: Module, key: str) -> str:
    for node in module.nodes:
        if isinstance(node, CallNode) and node.model and key.startswith(f"{node.name}.") and not node.shares:
            return _owned_key(node.model, node.module, key[len(node.name) + 1 :])
    return f"{model}.{key}"
