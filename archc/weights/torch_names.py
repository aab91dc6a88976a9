"""The names of Python that a state dict is made of, and what archc makes of them: data."""

from __future__ import annotations

from typing import Any

from archc.sizes import DTYPES
from archc.source import Record
from archc.weights.pickled import Name, PickleError


class Storage(Record):
    """A run of elements outside of the pickle; `start` counts elements, for a view of another storage."""

    key: str
    dtype_name: str
    elements: int
    start: int = 0


class Tensor(Record):
    """A tensor's place in a storage, in elements. What is said has not been checked."""

    storage: Storage
    dtype_name: str
    offset: Any
    shape: Any
    stride: Any


class Unreadable(Record):
    """A tensor that has no plain elements: sparse, quantised, of complex numbers."""

    dtype_name: str
    shape: tuple[int, ...]


class Other:
    """A harmless object that is no tensor, such as an option of the training."""


class TorchNames:
    """What the names in a pickle of PyTorch mean; `storages` are those that it mentions."""

    def __init__(self) -> None:
        self.storages: dict[str, Storage] = {}

    def persistent(self, identity: Any) -> Storage:
        """Give a storage: ('storage', type, key, device, elements, view)."""
        if isinstance(identity, tuple) and identity[:1] == ("module",) and isinstance(identity[1], Name):
            raise _foreign(identity[1])
        if not isinstance(identity, tuple) or not 5 <= len(identity) <= 6 or identity[0] != "storage":
            raise PickleError("it mentions a storage that is none")
        _, kind, key, _, elements, *view = identity
        name = kind.name.removesuffix("Storage") if isinstance(kind, Name) else ""
        if name not in STORAGES or not isinstance(key, str) or type(elements) is not int or elements < 0:
            raise PickleError("it mentions a storage that is none")
        owner = self.storages.setdefault(key, Storage(key, STORAGES[name], elements))
        if owner != Storage(key, STORAGES[name], elements):
            raise PickleError(f"it describes the storage `{key[:50]}` in two ways")
        if not view or view[0] is None:
            return owner
        _, start, size = view[0]
        if type(start) is not int or type(size) is not int or not 0 <= start <= start + size <= elements:
            raise PickleError("it mentions a part of a storage that is not there")
        return owner.replace(start=start, elements=size)

    def apply(self, function: Name, arguments: tuple[Any, ...]) -> Any:
        """Give a tensor, a mapping, a tuple, or an object of which nothing is known; else PickleError."""
        path = function.path
        if path == "torch._tensor._rebuild_from_type_v2":
            inner, _, arguments, _ = arguments
            path = inner.path if isinstance(inner, Name) else ""
        if path in _REBUILT:
            return _rebuilt(path.rpartition(".")[2], arguments)
        if path in _UNREADABLE:
            return Unreadable(_UNREADABLE[path], ())
        if path in _MAPPINGS:
            return _mapping(arguments)
        if path in ("torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state"):
            return arguments[0]
        if path == "torch.Size":
            return tuple(arguments[0])
        if path in _HARMLESS:
            return Other()
        raise _foreign(function)


def _foreign(name: Name) -> PickleError:
    return PickleError(f"it holds Python objects other than tensors (`{name.path[:100]}`)")


def _rebuilt(name: str, arguments: tuple[Any, ...]) -> Tensor | Unreadable:
    storage, offset, shape, stride, *rest = arguments
    if not isinstance(storage, Storage):
        raise PickleError("it holds a tensor without a storage")
    dtype_name = storage.dtype_name
    if name == "_rebuild_tensor_v3":
        word = rest[2].name if isinstance(rest[2], Name) else ""
        dtype_name = word if word.isidentifier() and len(word) <= 20 else "unknown"
        rest = [*rest[:2], *rest[3:]]
    if len(rest) > 2 and rest[2]:
        return Unreadable(f"conjugated or negated {dtype_name}", ())
    return Tensor(storage, dtype_name, offset, shape, stride)


def _mapping(arguments: tuple[Any, ...]) -> dict[Any, Any]:
    """Give an empty mapping, or one of the pairs that an old pickle gives it."""
    pairs = arguments[0] if arguments and isinstance(arguments[0], list) else []
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        raise TypeError
    found = {key: value for key, value in pairs if isinstance(key, str)}
    if len(found) != len(pairs):
        raise PickleError("a key is there twice, or is no text")
    return found


# PyTorch's storages, without the word `Storage`, by the names of their elements.
STORAGES = {
    "Double": "float64",
    "Float": "float32",
    "Half": "float16",
    "BFloat16": "bfloat16",
    "Long": "int64",
    "Int": "int32",
    "Short": "int16",
    "Char": "int8",
    "Byte": "uint8",
    "Bool": "bool",
    "ComplexDouble": "complex128",
    "ComplexFloat": "complex64",
    "Untyped": "uint8",
}
WIDTHS = {"complex128": 16, "complex64": 8, **{name: dtype.bytes for name, dtype in DTYPES.items()}}

_REBUILT = {
    f"torch._utils.{name}" for name in ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3")
}
_UNREADABLE = {
    "torch._utils._rebuild_sparse_tensor": "sparse",
    "torch._utils._rebuild_sparse_csr_tensor": "sparse",
    "torch._utils._rebuild_qtensor": "quantised",
    "torch._utils._rebuild_nested_tensor": "nested",
    "torch._utils._rebuild_meta_tensor_no_storage": "absent",
}
_MAPPINGS = {f"collections.{name}" for name in ("OrderedDict", "defaultdict", "Counter")}
_HARMLESS = {
    "_codecs.encode",
    "argparse.Namespace",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "numpy.dtype",
    "torch.device",
    "torch.serialization._get_layout",
    *(
        f"{module}.{name}"
        for module in ("builtins", "__builtin__")
        for name in ("set", "complex", "bytearray")
    ),
}
