"""Weights: first values from a seed, safetensors out, checkpoints in."""

from archc.weights.checkpoint import Checkpoint, Stored, open_checkpoint
from archc.weights.elements import decoded, encoded, numpy_type
from archc.weights.initial import initial, initial_chunks
from archc.weights.match import Report, alternatives, keys_of, match, refuse_partial, stored_weights
from archc.weights.store import Layout, Progress, Table, layout, write

__all__ = [
    "Checkpoint",
    "Layout",
    "Progress",
    "Report",
    "Stored",
    "Table",
    "alternatives",
    "decoded",
    "encoded",
    "initial",
    "initial_chunks",
    "keys_of",
    "layout",
    "match",
    "numpy_type",
    "open_checkpoint",
    "refuse_partial",
    "stored_weights",
    "write",
]
