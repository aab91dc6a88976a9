"""From the typed `train` section to a Training: everything checked, nothing run."""

from archc.train.compiling.section import compile_training

__all__ = ["compile_training"]
