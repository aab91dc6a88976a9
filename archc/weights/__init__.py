"""Weights: first values from a seed, safetensors out, checkpoints in."""

from archc.weights.checkpoint import Checkpoint, Stored
from archc.weights.elements import decoded, encoded, numpy_type
from archc.weights.filling import Filling, MapSource, Place, fill, open_mapped
from archc.weights.fitting import refuse_unfit
from archc.weights.initial import initial, initial_chunks
from archc.weights.key_map import apply_map
from archc.weights.key_map_reader import read_key_map
from archc.weights.match import Report, keys_of, match, stored_weights
from archc.weights.opening import open_checkpoint
from archc.weights.store import Layout, Progress, Table, layout, write

__all__ = [
    "Checkpoint",
    "Filling",
    "Layout",
    "MapSource",
    "Place",
    "Progress",
    "Report",
    "Stored",
    "Table",
    "apply_map",
    "decoded",
    "encoded",
    "fill",
    "initial",
    "initial_chunks",
    "keys_of",
    "layout",
    "match",
    "numpy_type",
    "open_checkpoint",
    "open_mapped",
    "read_key_map",
    "refuse_unfit",
    "stored_weights",
    "write",
]
