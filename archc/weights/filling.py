"""Where the values of a program's weights come from: a seed, or a checkpoint."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from archc.ir.program import Model, Program
from archc.opdef import Param
from archc.sizes import BOOL, DType
from archc.source import Diagnostic, SpecError
from archc.weights.checkpoint import Checkpoint
from archc.weights.elements import Array, decoded, encoded
from archc.weights.fitting import refuse_unfit
from archc.weights.initial import CHUNK, initial_chunks
from archc.weights.key_map import apply_map
from archc.weights.key_map_reader import read_key_map
from archc.weights.match import Report, alternatives, match
from archc.weights.models import seed_key
from archc.weights.opening import open_checkpoint

Place = str | os.PathLike[str]
MapSource = Place | Sequence[Mapping[str, object]]


class Filling:
    """The values of a program's weights, key by key.

    `report` says how the checkpoint fits, None without one; `diagnostics` are the map's warnings.
    """

    def __init__(
        self,
        program: Program,
        seed: int,
        checkpoint: Checkpoint | None = None,
        report: Report | None = None,
        diagnostics: tuple[Diagnostic, ...] = (),
    ) -> None:
        self.report = report
        self.diagnostics = diagnostics
        self._program = program
        self._seed = seed
        self._checkpoint = checkpoint
        self._keys = alternatives(program)
        self._taken = set(() if report is None else report.matched)

    def chunks(self, model: Model, key: str, param: Param) -> Iterable[Array]:
        """Give a weight as flat pieces, elements as the program has them."""
        name = seed_key(self._program, model, key)
        found = next((each for each in self._keys.get(name, (name,)) if each in self._taken), None)
        if self._checkpoint is None or found is None:
            return initial_chunks(self._seed, name, param)
        return _converted(self._checkpoint, found, param.dtype)


def open_mapped(weights: Place, key_map: MapSource | None) -> tuple[Checkpoint, tuple[Diagnostic, ...]]:
    """Open weights and apply a map of their keys; give them with the map's warnings."""
    checkpoint = open_checkpoint(weights)
    return (checkpoint, ()) if key_map is None else apply_map(read_key_map(key_map), checkpoint)


def fill(
    program: Program,
    seed: int,
    weights: Place | None = None,
    key_map: MapSource | None = None,
    *,
    partial: bool = False,
    convert: bool = False,
) -> Filling:
    """Decide where values come from; SpecError where the weights do not fit, or are damaged.

    With `partial`, what the weights do not have keeps its initial value from the seed.
    """
    if weights is None:
        if key_map is not None or partial or convert:
            raise ValueError("a map, `partial` and `convert_dtype` go with weights")
        return Filling(program, seed)
    checkpoint, warnings = open_mapped(weights, key_map)
    report = match(program, checkpoint)
    refuse_unfit(report, checkpoint, partial=partial, convert=convert)
    return Filling(program, seed, checkpoint, report, warnings)


def _converted(checkpoint: Checkpoint, name: str, needed: DType) -> Iterable[Array]:
    stored = checkpoint.tensors[name]
    found = stored.dtype
    assert found is not None
    flat = stored.read().reshape(-1)
    for start in range(0, flat.size, CHUNK):
        piece = flat[start : start + CHUNK]
        if found is needed:
            # Any other byte than 0 is true, and stands as 1 in what is written.
            yield piece.view(np.uint8) != 0 if found is BOOL else piece
            continue
        values = decoded(piece, found)
        result = encoded(values, needed)
        if needed.is_float and not np.isfinite(decoded(result, needed)[np.isfinite(values)]).all():
            message = f"`{name}` in `{checkpoint.path}` has values that {needed.name} does not reach"
            help_ = ("keep the wider elements, or clamp the values before they are saved",)
            raise SpecError([Diagnostic("E0928", message, help=help_)])
        yield result
