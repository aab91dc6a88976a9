"""First values of weights, by the names of `torch.nn.init`.

Each tensor is drawn in chunks, and each chunk from its own stream, seeded by a hash of the build's
seed, the tensor's key and the chunk's number: neither the order of tensors nor threads matter.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from archc.opdef import Param
from archc.opdef.initializers import INITIALIZERS, fans
from archc.sizes import BFLOAT16
from archc.weights.elements import Array, encoded, numpy_type

CHUNK = 1 << 20
COMPUTED = "computed"

Arguments: TypeAlias = dict[str, object]


def initial(program_seed: int, key: str, param: Param) -> Array:
    """Give the first values of a weight; bfloat16 as bits in uint16."""
    parts = list(initial_chunks(program_seed, key, param))
    return (parts[0] if len(parts) == 1 else np.concatenate(parts)).reshape(param.shape)


def initial_chunks(program_seed: int, key: str, param: Param) -> Iterator[Array]:
    """Give the first values of a weight as flat pieces, one after the other.

    Beside the arguments of torch.nn.init, `zero_row` names a row that starts at zero.
    """
    if param.init.name == COMPUTED:
        values = dict(param.init.arguments)["values"]
        assert isinstance(values, bytes)
        yield np.frombuffer(values, np.uint16 if param.dtype is BFLOAT16 else numpy_type(param.dtype))
        return
    arguments = {**INITIALIZERS.get(param.init.name, {}), **dict(param.init.arguments)}
    whole = _WHOLE.get(param.init.name)
    if whole is not None:
        values = whole(stream_of(program_seed, key, 0), param.shape, arguments)
        yield encoded(values.reshape(-1), param.dtype)
        return
    draw = _elementwise(param.init.name, param.shape, arguments)
    count = math.prod(param.shape)
    for index, start in enumerate(range(0, count, CHUNK)):
        values = draw(stream_of(program_seed, key, index), min(CHUNK, count - start))
        if "zero_row" in arguments:
            begin = int(_number(arguments, "zero_row")) * math.prod(param.shape[1:]) - start
            values[max(begin, 0) : max(begin + math.prod(param.shape[1:]), 0)] = 0
        yield encoded(values, param.dtype)


def stream_of(seed: int, key: str, chunk: int) -> np.random.Generator:
    """Give the random numbers of one piece of a tensor."""
    digest = hashlib.blake2b(f"{seed}\0{key}\0{chunk}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.SFC64(int.from_bytes(digest, "little")))


Draw: TypeAlias = Callable[[np.random.Generator, int], Array]


def _elementwise(name: str, shape: tuple[int, ...], given: Arguments) -> Draw:
    """Give the function that draws a number of independent elements."""
    if name in ("zeros", "ones", "constant"):
        return _constant(_number(given, "val") if name == "constant" else float(name == "ones"))
    if name == "uniform":
        return _uniform(_number(given, "a"), _number(given, "b"))
    if name == "normal":
        return _normal(_number(given, "mean"), _number(given, "std"))
    if name == "trunc_normal":
        return _truncated(*(_number(given, word) for word in ("mean", "std", "a", "b")))
    std = _scaled_std(name, shape, given)
    return (
        _uniform(-math.sqrt(3) * std, math.sqrt(3) * std) if name.endswith("uniform") else _normal(0.0, std)
    )


def _scaled_std(name: str, shape: tuple[int, ...], given: Arguments) -> float:
    """Give the standard deviation that Glorot's or He's rule asks for."""
    fan_in, fan_out = fans(shape)
    if name.startswith("xavier"):
        return _number(given, "gain") * math.sqrt(2 / (fan_in + fan_out))
    if not name.startswith("kaiming"):
        raise ValueError(f"no initializer `{name}`")
    fan = fan_out if given["mode"] == "fan_out" else fan_in
    return gain(str(given["nonlinearity"]), _number(given, "a")) / math.sqrt(fan)


def gain(nonlinearity: str, slope: float) -> float:
    """Give the factor that `torch.nn.init.calculate_gain` gives."""
    known = {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75}
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + slope**2))
    return known.get(nonlinearity, 1.0)


def _number(given: Arguments, name: str) -> float:
    value = given[name]
    assert isinstance(value, int | float)
    return float(value)


def _constant(value: float) -> Draw:
    return lambda _, count: np.full(count, value)


def _uniform(low: float, high: float) -> Draw:
    def draw(stream: np.random.Generator, count: int) -> Array:
        values = stream.random(count, dtype=np.float32)
        values *= np.float32(high - low)
        values += np.float32(low)
        return values

    return draw


def _normal(mean: float, std: float) -> Draw:
    def draw(stream: np.random.Generator, count: int) -> Array:
        values = stream.standard_normal(count, dtype=np.float32)
        values *= np.float32(std)
        values += np.float32(mean)
        return values

    return draw


def _truncated(mean: float, std: float, low: float, high: float) -> Draw:
    """Draw normal values inside [low, high], by rejection."""
    if std <= 0 or low >= high:
        return _constant(min(max(mean, low), high))
    left, right = (low - mean) / std, (high - mean) / std

    def draw(stream: np.random.Generator, count: int) -> Array:
        values = np.empty(count, dtype=np.float32)
        wanted = np.arange(count)
        while wanted.size:
            tried, kept = _attempt(stream, wanted.size, left, right)
            values[wanted[kept]] = tried[kept]
            wanted = wanted[~kept]
        return np.asarray(np.clip(values * np.float32(std) + np.float32(mean), low, high))

    return draw


def _attempt(stream: np.random.Generator, count: int, left: float, right: float) -> tuple[Array, Array]:
    """Draw values and say which of them follow the normal distribution inside the interval.

    Where the interval holds much of the distribution, normal values that fall inside are right; else
    uniform ones, each kept with its density over the greatest one.
    """
    if math.erf(right / math.sqrt(2)) - math.erf(left / math.sqrt(2)) > 0.1:
        tried = stream.standard_normal(count, dtype=np.float32)
        return tried, (left <= tried) & (tried <= right)
    peak = min(max(0.0, left), right)
    reach = 20 / max(abs(peak), 1)
    start, stop = max(left, peak - reach), min(right, peak + reach)
    tried = _uniform(start, stop)(stream, count)
    density = np.exp((np.float32(peak) ** 2 - tried**2) / 2)
    return tried, stream.random(count, dtype=np.float32) <= density


def _orthogonal(stream: np.random.Generator, shape: tuple[int, ...], given: Arguments) -> Array:
    rows, columns = shape[0], math.prod(shape[1:])
    tall = stream.standard_normal((max(rows, columns), min(rows, columns)), dtype=np.float32)
    q, r = np.linalg.qr(tall)
    q = q * np.where(np.diagonal(r) < 0, np.float32(-1), np.float32(1))
    return np.asarray(q.T if rows < columns else q) * _number(given, "gain")


def _eye(_: np.random.Generator, shape: tuple[int, ...], __: Arguments) -> Array:
    return np.eye(shape[0], shape[1], dtype=np.float32)


def _dirac(_: np.random.Generator, shape: tuple[int, ...], given: Arguments) -> Array:
    values = np.zeros(shape, dtype=np.float32)
    groups = int(_number(given, "groups"))
    centre = tuple(size // 2 for size in shape[2:])
    out = shape[0] // groups
    for group in range(groups):
        for channel in range(min(out, shape[1])):
            values[(group * out + channel, channel, *centre)] = 1
    return values


def _sparse(stream: np.random.Generator, shape: tuple[int, ...], given: Arguments) -> Array:
    values = stream.standard_normal(shape, dtype=np.float32) * np.float32(_number(given, "std"))
    zeros = math.ceil(_number(given, "sparsity") * shape[0])
    for column in range(shape[1]):
        values[stream.permutation(shape[0])[:zeros], column] = 0
    return values


_WHOLE: dict[str, Callable[[np.random.Generator, tuple[int, ...], Arguments], Array]] = {
    "orthogonal": _orthogonal,
    "eye": _eye,
    "dirac": _dirac,
    "sparse": _sparse,
}
