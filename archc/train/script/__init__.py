"""The loop as source: `train.py`, which needs archc no more."""

from archc.train.script.text import script

__all__ = ["script"]
