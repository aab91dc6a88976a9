"""The names of what a run leaves in its folder."""

from __future__ import annotations

WEIGHTS = "weights.safetensors"
STATE = "state.pt"
MEASURES = "metrics.jsonl"
BEST, LAST = "best", "last"
