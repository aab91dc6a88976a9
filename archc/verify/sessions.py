"""ONNX Runtime: sessions on one thread, with and without optimisation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from archc.source import Diagnostic, SpecError

if TYPE_CHECKING:
    import onnxruntime


def runtime() -> Any:
    """Import ONNX Runtime; SpecError (E0910) where it is not installed."""
    try:
        import onnxruntime
    except ImportError:
        help_ = ("install it: `pip install archc[onnxruntime]`",)
        raise SpecError([Diagnostic("E0910", "`onnxruntime` is not installed", help=help_)]) from None
    return onnxruntime


def session(
    model: bytes | Path, folder: Path | None = None, optimised: bool = True, threads: int = 1
) -> onnxruntime.InferenceSession:
    """Open a model; `folder` is where the weights of a model given as bytes are."""
    library = runtime()
    options = library.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    levels = library.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimised else levels.ORT_DISABLE_ALL
    if folder is not None:
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(folder))
    source = str(model) if isinstance(model, Path) else model
    return library.InferenceSession(source, options, providers=["CPUExecutionProvider"])
