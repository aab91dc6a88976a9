"""Compare what a program needs with what a weights file has."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Mapping

import numpy as np

from archc.ir.program import Module, Program, ties
from archc.ir.program import weights as weights_of
from archc.opdef import Param
from archc.sizes import DType
from archc.source import Diagnostic, Record, SpecError, nearest
from archc.weights.checkpoint import Checkpoint, Stored
from archc.weights.initial import CHUNK
from archc.weights.models import seed_key

SHOWN = 8
NEAR = 40
SEARCHED = 5_000
COMPARED = 20


class Misshapen(Record):
    """A tensor whose shape is not the one that the program needs."""

    key: str
    found: tuple[int, ...]
    needed: tuple[int, ...]


class Mistyped(Record):
    """A tensor whose elements are not of the type that the program needs."""

    key: str
    found: str
    needed: str


class Report(Record):
    """How a file fits a program.

    `mistyped` are tensors whose elements cannot stand for those that are needed; `converted` are
    matched ones that can once they are converted: floats of another width, narrower integers.
    `assumed` are counters of training steps that old files lack, which start at zero. `near` gives,
    for a missing key, the nearest of the unexpected ones.
    """

    matched: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    misshapen: tuple[Misshapen, ...]
    mistyped: tuple[Mistyped, ...]
    converted: tuple[Mistyped, ...]
    assumed: tuple[str, ...]
    near: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def complete(self) -> bool:
        """Whether every weight of the program is there, and nothing else."""
        return not (self.missing or self.unexpected or self.misshapen or self.mistyped)

    @property
    def left(self) -> tuple[str, ...]:
        """The keys that keep their initial values where a file is taken in part, in order."""
        return (*self.missing, *(each.key for each in self.misshapen))


def keys_of(program: Program) -> dict[str, Param]:
    """Give what a checkpoint of a program holds, by key; several models prefix their names."""
    return {
        seed_key(program, model, key): param
        for model in program.models
        for key, param in stored_weights(model.module)
    }


def stored_weights(module: Module) -> list[tuple[str, Param]]:
    """Give the parameters and buffers of a module that its state_dict holds, each key once."""
    found: dict[str, Param] = {}
    for key, param in weights_of(module):
        if param.persistent:
            found.setdefault(key, param)
    return list(found.items())


def match(program: Program, file: Checkpoint) -> Report:
    """Compare the keys, shapes and element types of a file with those of a program."""
    needed = keys_of(program)
    tensors = file.tensors
    groups = _groups(program)
    _refuse_unequal(groups, file)
    known = needed | {key: needed[owner] for key, owner in ties_of(program).items()}
    both = [key for key in known if key in tensors]
    misshapen = [
        Misshapen(k, tensors[k].shape, known[k].shape) for k in both if tensors[k].shape != known[k].shape
    ]
    wrong = {each.key for each in misshapen}
    others = [
        Mistyped(key, tensors[key].element_name, known[key].dtype.name)
        for key in both
        if key not in wrong and tensors[key].dtype is not known[key].dtype
    ]
    mistyped = [each for each in others if not _stands_for(tensors[each.key].dtype, known[each.key].dtype)]
    wrong |= {each.key for each in mistyped}
    tied = {key for group in groups if any(key in tensors for key in group) for key in group}
    absent = [key for key in needed if key not in tensors and key not in tied]
    assumed = [key for key in absent if key.rpartition(".")[2] == "num_batches_tracked"]
    missing = [key for key in absent if key not in assumed]
    unexpected = [key for key in tensors if key not in known]
    matched = [key for key in both if key not in wrong]
    return Report(
        tuple(matched),
        tuple(missing),
        tuple(unexpected),
        tuple(misshapen),
        tuple(mistyped),
        tuple(each for each in others if each.key not in wrong),
        tuple(assumed),
        _near(missing[:NEAR], unexpected, tensors, needed),
    )


def ties_of(program: Program) -> dict[str, str]:
    """Give the keys of a program's checkpoint that stand for another's tensor, with that other.

    A build's folder has them too: its file of a model that calls another holds that one's weights.
    """
    pairs = (
        (seed_key(program, model, key), seed_key(program, model, owner))
        for model in program.models
        for key, owner in ties(model.module).items()
    )
    found = {key: owner for key, owner in pairs if key != owner}
    return found | {key: found.get(owner, owner) for key, owner in _called(program)}


def _called(program: Program) -> Iterable[tuple[str, str]]:
    """Give the keys below the caller's name of what belongs to a model that is called, with its own key."""
    if len(program.models) > 1:
        for model in program.models:
            for key, _ in stored_weights(model.module):
                own = seed_key(program, model, key)
                if own != f"{model.name}.{key}":
                    yield f"{model.name}.{key}", own


def alternatives(program: Program) -> dict[str, tuple[str, ...]]:
    """Give for each key of a tensor with several the keys under which a file may have it, best first."""
    return {key: group for group in _groups(program) for key in group}


def _groups(program: Program) -> list[tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for key, owner in ties_of(program).items():
        found.setdefault(owner, [owner]).append(key)
    return [tuple(group) for group in found.values()]


def _refuse_unequal(groups: list[tuple[str, ...]], file: Checkpoint) -> None:
    """Refuse a file (E0903) that has different values for one tensor."""
    for group in groups:
        first, *others = [key for key in group if key in file.tensors] or [""]
        for other in others:
            if _equal(file.tensors[first], file.tensors[other]):
                continue
            message = f"the weights in `{file.path}` do not fit the model: `{first}` and `{other}` differ"
            how = _difference(file.tensors[first], file.tensors[other])
            notes = ("they are one tensor in the model (`tie`)", *how)
            step = f"- {{drop: '{re.escape(other)}'}}"
            help_ = (
                "leave `tie` out to keep them apart",
                f"or take `{first}` for both, with `--map` and a file that says `{step}`",
            )
            raise SpecError([Diagnostic("E0903", message, notes=notes, help=help_)])


def _difference(first: Stored, second: Stored) -> tuple[str, ...]:
    """Say of what shapes or elements two tensors are, where it is not just that their values differ."""
    if first.shape != second.shape:
        return (f"one is {list(first.shape)}, the other {list(second.shape)}",)
    if first.element_name != second.element_name:
        return (f"one is {first.element_name}, the other {second.element_name}",)
    return ()


def _equal(first: Stored, second: Stored) -> bool:
    if first.dtype is None or (first.shape, first.dtype) != (second.shape, second.dtype):
        return False
    one, other = first.read().reshape(-1), second.read().reshape(-1)
    pieces = (slice(start, start + CHUNK) for start in range(0, one.size, CHUNK))
    return all(one[piece].tobytes() == other[piece].tobytes() for piece in pieces)


def _stands_for(found: DType | None, needed: DType) -> bool:
    """Say whether elements can be converted without becoming something else."""
    if found is None:
        return False
    if found.is_float or needed.is_float:
        return found.is_float and needed.is_float
    if found.is_integer and needed.is_integer:
        low, high = np.iinfo(found.name), np.iinfo(needed.name)
        return high.min <= low.min and low.max <= high.max
    return False


def _near(
    missing: Iterable[str],
    unexpected: list[str],
    tensors: Mapping[str, Stored],
    needed: Mapping[str, Param],
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Give near names; those of the same shape first. Only names that share words are compared by letters."""
    words = {key: _words(key) for key in unexpected[:SEARCHED]}
    result = []
    for key in missing:
        alike = {other: words[other] for other in words if tensors[other].shape == needed[key].shape}
        found = nearest(key, _sharing(key, alike)) or nearest(key, _sharing(key, words))
        if found:
            result.append((key, found))
    return tuple(result)


def _sharing(key: str, words: Mapping[str, set[str]]) -> list[str]:
    """Give the names that share the most words with a key."""
    own = _words(key)
    return heapq.nlargest(COMPARED, words, lambda other: len(own & words[other]))


def _words(key: str) -> set[str]:
    return set(key.replace("_", ".").split("."))
