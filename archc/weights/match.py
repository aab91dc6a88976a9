"""Compare what a program needs with what a weights file has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from archc.ir.program import CallNode, Model, Module, Program, ties
from archc.ir.program import weights as weights_of
from archc.opdef import Param
from archc.sizes import DType
from archc.source import Diagnostic, Record, SpecError, nearest
from archc.weights.checkpoint import Checkpoint, Stored

SHOWN = 8
COMPARED = 256


class Misshapen(Record):
    """A tensor whose shape is not the one that the program needs."""

    key: str
    found: tuple[int, ...]
    needed: tuple[int, ...]


class Mistyped(Record):
    """A tensor whose elements cannot stand for those that the program needs."""

    key: str
    found: str
    needed: str


class Report(Record):
    """How a file fits a program.

    `converted` are matched tensors whose floats are of another width; `assumed` are counters of
    training steps that old files lack, which start at zero. `near` gives, for a missing key, the
    nearest of the unexpected ones.
    """

    matched: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    misshapen: tuple[Misshapen, ...]
    mistyped: tuple[Mistyped, ...]
    converted: tuple[str, ...]
    assumed: tuple[str, ...]
    near: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def complete(self) -> bool:
        """Whether every weight of the program is there, and nothing else."""
        return not (self.missing or self.unexpected or self.misshapen or self.mistyped)


def keys_of(program: Program) -> dict[str, Param]:
    """Give what a checkpoint of a program holds, by key; several models prefix their names."""
    return {
        seed_key(program, model, key): param
        for model in program.models
        for key, param in stored_weights(model.module)
    }


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
    both = [key for key in needed if key in tensors]
    misshapen = [
        Misshapen(k, tensors[k].shape, needed[k].shape) for k in both if tensors[k].shape != needed[k].shape
    ]
    wrong = {each.key for each in misshapen}
    mistyped = [
        Mistyped(key, tensors[key].dtype_name, needed[key].dtype.name)
        for key in both
        if key not in wrong and not _stands_for(tensors[key].dtype, needed[key].dtype)
    ]
    wrong |= {each.key for each in mistyped}
    tied = {key for group in groups if any(key in tensors for key in group) for key in group}
    absent = [key for key in needed if key not in tensors and key not in tied]
    assumed = [key for key in absent if key.rpartition(".")[2] == "num_batches_tracked"]
    missing = [key for key in absent if key not in assumed]
    unexpected = [key for key in tensors if key not in needed]
    matched = [key for key in both if key not in wrong]
    return Report(
        tuple(matched),
        tuple(missing),
        tuple(unexpected),
        tuple(misshapen),
        tuple(mistyped),
        tuple(key for key in matched if tensors[key].dtype is not needed[key].dtype),
        tuple(assumed),
        _near(missing[:SHOWN], unexpected, tensors, needed),
    )


def ties_of(program: Program) -> dict[str, str]:
    """Give the keys of a program's checkpoint that stand for another's tensor, with that other."""
    pairs = (
        (seed_key(program, model, key), seed_key(program, model, owner))
        for model in program.models
        for key, owner in ties(model.module).items()
    )
    return {key: owner for key, owner in pairs if key != owner}


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
            same = file.tensors[first] == file.tensors[other]
            if same and (file.tensors[first].dtype is None or _equal(file, first, other)):
                continue
            message = f"the weights in `{file.path}` do not fit the model: `{first}` and `{other}` differ"
            notes = ("they are one tensor in the model (`tie`)",)
            help_ = ("leave `tie` out to keep them apart",)
            raise SpecError([Diagnostic("E0903", message, notes=notes, help=help_)])


def _equal(file: Checkpoint, first: str, second: str) -> bool:
    return file.read(first).tobytes() == file.read(second).tobytes()


def _stands_for(found: DType | None, needed: DType) -> bool:
    if found is None:
        return False
    return found is needed or (found.is_float and needed.is_float) or (found.is_integer and needed.is_integer)


def _near(
    missing: Iterable[str],
    unexpected: list[str],
    tensors: Mapping[str, Stored],
    needed: Mapping[str, Param],
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Give near names; those of the same shape first, and of a bounded number."""
    result = []
    for key in missing:
        alike = [other for other in unexpected if tensors[other].shape == needed[key].shape]
        found = nearest(key, alike[:COMPARED]) or nearest(key, unexpected[:COMPARED])
        if found:
            result.append((key, found))
    return tuple(result)


def refuse_partial(report: Report, file: Checkpoint) -> None:
    """Raise SpecError (E0903) unless a file has exactly what the program needs."""
    if report.complete:
        return
    counts = (
        (report.missing, "missing"),
        (report.unexpected, "unexpected"),
        (report.misshapen, "of another shape"),
        (report.mistyped, "of another element type"),
    )
    said = ", ".join(f"{len(keys)} {what}" for keys, what in counts if keys)
    near = dict(report.near)
    notes = [
        *(_some("missing", [f"`{key}`{_meant(near.get(key))}" for key in report.missing])),
        *(_some("unexpected", [f"`{key}`" for key in report.unexpected])),
        *(
            _some(
                "shape",
                [f"`{m.key}` is {list(m.found)}, {list(m.needed)} is needed" for m in report.misshapen],
            )
        ),
        *(_some("elements", [f"`{m.key}` is {m.found}, {m.needed} is needed" for m in report.mistyped])),
    ]
    message = f"the weights in `{file.path}` do not fit the model: {said}"
    raise SpecError([Diagnostic("E0903", message, notes=tuple(notes), help=_prefix_help(report))])


def _meant(names: tuple[str, ...] | None) -> str:
    return f" (the file has {' and '.join(f'`{name}`' for name in names)})" if names else ""


def _some(what: str, items: list[str]) -> list[str]:
    shown = [f"{what}: {item}" for item in items[:SHOWN]]
    return [*shown, f"{what}: {len(items) - SHOWN} more"] if len(items) > SHOWN else shown


def _prefix_help(report: Report) -> tuple[str, ...]:
    """Say so when the keys differ by one prefix alone."""
    if not report.missing or not report.unexpected:
        return ()
    first, last = report.missing[0], report.unexpected
    for key in last:
        if key.endswith(f".{first}"):
            prefix = key.removesuffix(first)
            if {f"{prefix}{missing}" for missing in report.missing} <= set(last):
                return (f"take the prefix `{prefix}` off the file's keys",)
    return ()
