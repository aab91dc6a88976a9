"""PyTorch out: the text of `model.py`, and the live module that this text makes."""

from archc.backends.pytorch.emit import emit
from archc.backends.pytorch.live import class_name, load_module

__all__ = ["class_name", "emit", "load_module"]
