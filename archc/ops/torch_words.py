"""What became of PyTorch's names: the op that says the same, another way to write it, or why there is none.

The hints for unknown ops and the page `docs/torch.md` are read from here.
"""

from __future__ import annotations

import re
from pathlib import Path

from archc.ops import names
from archc.ops.foreign_words import OPS as FOREIGN
from archc.ops.torch_instead import INSTEAD
from archc.source import Record

NAMES = Path(__file__).with_name("torch_names.txt")
"""Every public name of `torch.nn` and `torch.nn.functional`, made by a test (`--update-golden`)."""

_HOMES = re.compile(
    r"^(torch\.nn\.functional|nn\.functional|functional|F|torch\.nn|nn|torch\.linalg|linalg|torch\.special"
    r"|torch\.Tensor|Tensor|torchvision\.ops|torchvision|ops|torch)\."
)
_RANK = re.compile(r"[123]d$")

_DATA = (
    "how many values it gives depends on the data, and a type has only sizes that the spec or the input sets"
)
_COMPLEX = "there are no complex numbers"
_TOOL = "a tool of PyTorch's own, not a function of tensors"
_CONTAINER = "it holds modules; a layer's name and the containers `sequential` and `layers` do that"
_NO_ONNX = "ONNX has no operator that gives it exactly"
_DECOMPOSITION = "ONNX has no decompositions of matrices"
_DEVICE = "devices are chosen where the model is run"
_QUANTIZED = "there are no quantized or sparse tensors"
_RANDOM_WINDOWS = "its windows are random in evaluation too, so no graph gives the same values"
_FUNCTION = "it takes a function as an argument; write the distances and a formula"
_VISION = "torch itself has no such function, and emitted source imports nothing but torch"
_DRAWN = "it draws its own numbers of a kind that ONNX does not have; `rand` and `randn` do"

REASONS: dict[str, str] = {
    **dict.fromkeys(
        ("nonzero", "argwhere", "masked_select", "unique", "unique_consecutive"),
        _DATA,
    ),
    "masked_scatter": "whether its source has values enough depends on the data",
    "nonzero_static": "which entries are nonzero depends on the data; a mask keeps sizes as they are",
    "erfc": "ONNX has `erf` alone, and `expr: 1 - erf(x)` rounds the small values to zero",
    "slogdet": "ONNX has `det` alone, which overflows where its logarithm does not",
    "logdet": "ONNX has `det` alone, which overflows where its logarithm does not",
    **dict.fromkeys(
        (
            "complex",
            "polar",
            "real",
            "imag",
            "angle",
            "conj",
            "view_as_complex",
            "view_as_real",
            "istft",
            "fft",
            "fft2",
            "fftn",
            "ifft",
            "ifft2",
            "ifftn",
            "rfft",
            "rfft2",
            "rfftn",
            "irfft",
            "irfft2",
            "irfftn",
        ),
        _COMPLEX,
    ),
    "stft": f"{_COMPLEX}; its parts are a `conv1d` with cosines and sines for weights",
    **dict.fromkeys(
        (
            "assert_int_or_pair",
            "boolean_dispatch",
            "handle_torch_function",
            "has_torch_function",
            "has_torch_function_unary",
            "has_torch_function_variadic",
            "factory_kwargs",
            "LinearCrossEntropyOptions",
            "UninitializedBuffer",
            "UninitializedParameter",
        ),
        _TOOL,
    ),
    **dict.fromkeys(("ModuleDict", "ParameterDict", "ParameterList", "Container"), _CONTAINER),
    **dict.fromkeys(
        ("lgamma", "digamma", "polygamma", "i0", "igamma", "nextafter"),
        _NO_ONNX,
    ),
    **dict.fromkeys(
        (
            "svd",
            "qr",
            "eig",
            "cholesky",
            "inverse",
            "pinverse",
            "lu",
            "lstsq",
            "matrix_exp",
            "nuclear_norm",
            "inv",
            "pinv",
            "solve",
            "solve_triangular",
            "cholesky_solve",
            "eigh",
            "eigvals",
            "eigvalsh",
            "svdvals",
            "matrix_rank",
        ),
        _DECOMPOSITION,
    ),
    **dict.fromkeys(("to", "cuda", "cpu"), _DEVICE),
    **dict.fromkeys(("to_sparse", "to_dense", "quantize_per_tensor", "dequantize"), _QUANTIZED),
    **dict.fromkeys(("scaled_grouped_mm", "scaled_mm"), _QUANTIZED),
    "grouped_mm": "its groups are as large as the data say; `bmm` multiplies equal ones",
    **dict.fromkeys(
        (
            "FractionalMaxPool2d",
            "FractionalMaxPool3d",
            "fractional_max_pool2d",
            "fractional_max_pool2d_with_indices",
            "fractional_max_pool3d",
            "fractional_max_pool3d_with_indices",
        ),
        _RANDOM_WINDOWS,
    ),
    "poisson": _DRAWN,
    "AdaptiveLogSoftmaxWithLoss": "which of its layers work depends on the targets' values",
    "DataParallel": _DEVICE,
    "adaptive_max_pool1d_with_indices": "windows of unequal width have no positions in ONNX",
    "adaptive_max_pool2d_with_indices": "windows of unequal width have no positions in ONNX",
    "adaptive_max_pool3d_with_indices": "windows of unequal width have no positions in ONNX",
    "TripletMarginWithDistanceLoss": _FUNCTION,
    "triplet_margin_with_distance_loss": _FUNCTION,
    "backward": "training calls it, the spec says what the loss is",
    "item": "a spec has no values of its own before it is run",
    "tolist": "a spec has no values of its own before it is run",
    "numpy": "a spec has no values of its own before it is run",
    "numel": "sizes are names in a spec: write a product of them",
    "size": "sizes are names in a spec: give the input's type symbols, or a layer a `shape`",
    "shape": "sizes are names in a spec: give the input's type symbols, or a layer a `shape`",
    "dim": "the number of axes is known when the spec is compiled",
    "as_strided": "it reads memory, not values",
    **dict.fromkeys(("deform_conv2d", "roi_align", "roi_pool"), _VISION),
    "nms": _DATA,
}


class Answer(Record):
    """What is said of a name: how it is written here, or the reason why it is not an op."""

    instead: str = ""
    reason: str = ""


def bare(word: str) -> str:
    """Give a name without the module it lives in: `relu` for `torch.nn.functional.relu`."""
    return _HOMES.sub("", word)


def answer(word: str) -> Answer | None:
    """Say what became of a name, with or without its module; None for a word that PyTorch does not have."""
    name = bare(word)
    if name in INSTEAD:
        return Answer(INSTEAD[name])
    if name in REASONS:
        return Answer(reason=REASONS[name])
    op = _op_of(name)
    if op is not None:
        return Answer(f"`{op}`")
    if name.endswith("_") and not name.startswith("_"):
        return answer(name[:-1])
    return None


def _op_of(name: str) -> str | None:
    """Give the op of a function's name, or of a class's (`BatchNorm2d`)."""
    known = names()
    if name in known:
        return name
    if name == name.lower():
        return None
    folded = {each.replace("_", ""): each for each in known}
    plain = name.removeprefix("Lazy").lower()
    for candidate in (plain, _RANK.sub("", plain), plain.removesuffix("loss")):
        if candidate in folded:
            return folded[candidate]
    return None


def hints(word: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the help and the notes for a word that is not an op; none for one that nobody has."""
    found = answer(word) or (Answer(FOREIGN[word]) if word in FOREIGN else None)
    if found is None:
        return (), ()
    if found.instead:
        return (f"write {found.instead}",), ()
    return (), (f"`{bare(word)}` of PyTorch is not an op here: {found.reason}",)


def same_op(word: str) -> str | None:
    """Give the op that does what a name elsewhere does, under its own name; None where there is none."""
    found = answer(word)
    op = (found.instead if found is not None else FOREIGN.get(word, "")).strip("`")
    return op if op in names() else None


def torch_names(home: str) -> tuple[str, ...]:
    """Give the names of `nn` or `functional`, as PyTorch had them when the file was made."""
    lines = NAMES.read_text(encoding="utf-8").splitlines()
    return tuple(line.partition(".")[2] for line in lines if line.partition(".")[0] == home)
