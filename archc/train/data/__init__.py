"""Data: where examples come from. What is here is known without numpy and torch."""

from __future__ import annotations

import importlib

from archc.train.data.source import DataProblem, Examples, Field, Place, Source

__all__ = [
    "GROUP",
    "KNOWN",
    "DataProblem",
    "Examples",
    "Field",
    "Place",
    "Source",
    "find",
    "names",
]

KNOWN = {
    "digits": "archc.train.data.digits:Digits",
    "iris": "archc.train.data.tabular:Iris",
    "wine": "archc.train.data.tabular:Wine",
    "breast_cancer": "archc.train.data.tabular:BreastCancer",
    "diabetes": "archc.train.data.tabular:Diabetes",
    "python_help": "archc.train.data.letters:PythonHelp",
    "copy": "archc.train.data.synthetic:Copy",
    "add": "archc.train.data.synthetic:Add",
    "sine": "archc.train.data.synthetic:Sine",
    "shapes": "archc.train.data.synthetic:Shapes",
    "npz": "archc.train.data.npz:Npz",
    "csv": "archc.train.data.tables:Csv",
    "parquet": "archc.train.data.parquet:Parquet",
    "text": "archc.train.data.letters:Text",
    "image_folder": "archc.train.data.images:ImageFolder",
    "torchvision": "archc.train.data.torchvision_sets:Torchvision",
    "hugging_face": "archc.train.data.hugging_face:HuggingFace",
}
GROUP = "archc.data"
"""The entry points by which a package offers further sources."""


def names() -> tuple[str, ...]:
    """Give the names of all sources, those of installed packages too."""
    from importlib import metadata

    return (
        *KNOWN,
        *(
            each.name
            for each in metadata.entry_points(group=GROUP)
            if each.name not in KNOWN
        ),
    )


def find(name: str) -> type[Source] | None:
    """Give a source's class by name; None where there is none."""
    if name in KNOWN:
        module, _, word = KNOWN[name].partition(":")
        found: type[Source] = getattr(importlib.import_module(module), word)
        return found
    from importlib import metadata

    offered = {each.name: each for each in metadata.entry_points(group=GROUP)}
    return offered[name].load() if name in offered else None
