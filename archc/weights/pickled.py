"""Read a pickle as data: nothing that it names is looked up, imported or called.

A pickle is a program for a small machine with a stack. This one knows only the steps that build
dicts, lists, tuples, text and numbers. A name of Python stays a `Name`; what a call of one stands for
is decided by who reads, from a list of the names that it knows.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, BinaryIO, Protocol

from archc.source import Record

MOST_BYTES = 1 << 25
MOST_STEPS = 2_000_000


class PickleError(Exception):
    """A pickle is damaged, or takes a step that no state dict needs."""


class Name(Record):
    """Something of Python that the pickle mentions."""

    module: str
    name: str

    @property
    def path(self) -> str:
        """The name with its module."""
        return f"{self.module}.{self.name}"


class Meaning(Protocol):
    """What a reader makes of the names in a pickle."""

    def apply(self, function: Name, arguments: tuple[Any, ...]) -> Any:
        """Give what stands for a call."""

    def persistent(self, identity: Any) -> Any:
        """Give what stands for something that is kept outside of the pickle."""


def read_pickle(file: BinaryIO, meaning: Meaning) -> Any:
    """Read one pickle from where a file stands.

    The steps are counted, which bounds both time and memory. Sets are given as lists. Raises
    PickleError, and whatever the methods of `meaning` raise.
    """
    return _Machine(file, meaning).run()


class _Machine:
    """One run: the stack, where its marks are, and what is remembered by number."""

    def __init__(self, file: BinaryIO, meaning: Meaning) -> None:
        self.file = file
        self.meaning = meaning
        self.left = MOST_BYTES
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        steps = _STEPS
        try:
            for _ in range(MOST_STEPS):
                code = self.take(1)
                if code == b".":
                    return self.pop()
                step = steps.get(code)
                if step is None:
                    raise PickleError(f"it takes a step that no state dict needs ({code!r})")
                step(self)
        except (IndexError, KeyError, TypeError, ValueError):
            raise PickleError("its steps do not fit together") from None
        raise PickleError(f"it takes more than {MOST_STEPS:,} steps")

    def take(self, count: int) -> bytes:
        self.left -= count
        if count < 0 or self.left < 0:
            raise PickleError("it holds more than a state dict does beside its tensors")
        data = self.file.read(count)
        if len(data) < count:
            raise PickleError("it ends too early")
        return data

    def line(self) -> str:
        data = self.file.readline(1_000)
        self.left -= len(data)
        if not data.endswith(b"\n") or self.left < 0:
            raise PickleError("it ends too early")
        return data[:-1].decode("utf-8")

    def number(self, form: str) -> Any:
        return struct.unpack(f"<{form}", self.take(struct.calcsize(form)))[0]

    def text(self, form: str) -> str:
        return self.take(self.number(form)).decode("utf-8", "replace")

    def pop(self) -> Any:
        """Take what is on top of the stack, as far as the last mark."""
        if self.marks and self.marks[-1] == len(self.stack):
            raise IndexError
        return self.stack.pop()

    def taken(self, count: int) -> tuple[Any, ...]:
        return tuple(reversed([self.pop() for _ in range(count)]))

    def marked(self) -> list[Any]:
        """Take the last mark and what stands above it."""
        at = self.marks.pop()
        items = self.stack[at:]
        del self.stack[at:]
        return items

    def extend(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], list):
            raise TypeError
        self.stack[-1].extend(items)

    def put(self, pairs: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict):
            raise TypeError
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            # Other keys could take for ever to be hashed.
            if not isinstance(key, str | int | float | bytes | None):
                raise PickleError("a key is neither text nor a number")
            if key in target:
                raise PickleError(f"the key `{str(key)[:100]}` is there twice")
            target[key] = value

    def call(self, function: Any, arguments: Any) -> Any:
        if not isinstance(function, Name) or not isinstance(arguments, tuple):
            raise PickleError("it calls what has no name")
        return self.meaning.apply(function, arguments)


Step = Callable[[_Machine], None]


def _push(value: Callable[[_Machine], Any]) -> Step:
    return lambda machine: machine.stack.append(value(machine))


def _skip(count: int) -> Step:
    def step(machine: _Machine) -> None:
        machine.take(count)

    return step


def _memoize(index: Callable[[_Machine], int]) -> Step:
    def step(machine: _Machine) -> None:
        machine.memo[index(machine)] = machine.stack[-1]

    return step


def _mark(machine: _Machine) -> None:
    machine.marks.append(len(machine.stack))


def _drop(machine: _Machine) -> None:
    """Drop a value; the state of an object too, as nothing that is read here has one."""
    machine.pop()


def _drop_marked(machine: _Machine) -> None:
    machine.marked()


def _reduced(machine: _Machine) -> Any:
    function, arguments = machine.taken(2)
    return machine.call(function, arguments)


def _instance(machine: _Machine) -> Any:
    name = Name(machine.line(), machine.line())
    return machine.call(name, tuple(machine.marked()))


def _object(machine: _Machine) -> Any:
    function, *arguments = machine.marked()
    return machine.call(function, tuple(arguments))


def _append(machine: _Machine) -> None:
    machine.extend([machine.pop()])


def _extend(machine: _Machine) -> None:
    machine.extend(machine.marked())


def _put_all(machine: _Machine) -> None:
    machine.put(machine.marked())


def _put(machine: _Machine) -> None:
    machine.put(list(machine.taken(2)))


def _dict(machine: _Machine) -> None:
    pairs = machine.marked()
    machine.stack.append({})
    machine.put(pairs)


def _named(machine: _Machine) -> Name:
    module, name = machine.taken(2)
    if not isinstance(module, str) or not isinstance(name, str):
        raise PickleError("it names something with what is no text")
    return Name(module, name)


def _integer(machine: _Machine) -> int:
    text = machine.line()
    return text == "01" if text in ("00", "01") else int(text.rstrip("L"))


def _quoted(machine: _Machine) -> str:
    text = machine.line()
    if len(text) < 2 or text[0] != text[-1] or text[0] not in "'\"":
        raise PickleError("it holds a text without quotes")
    return text[1:-1]


_STEPS: dict[bytes, Step] = {
    b"\x80": _skip(1),  # the protocol
    b"\x95": _skip(8),  # the length of a frame
    b"(": _mark,
    b"0": _drop,
    b"1": _drop_marked,
    b"2": _push(lambda m: m.stack[-1]),
    b"N": _push(lambda _: None),
    b"\x88": _push(lambda _: True),
    b"\x89": _push(lambda _: False),
    b"I": _push(_integer),
    b"L": _push(_integer),
    b"F": _push(lambda m: float(m.line())),
    b"J": _push(lambda m: m.number("i")),
    b"K": _push(lambda m: m.number("B")),
    b"M": _push(lambda m: m.number("H")),
    b"\x8a": _push(lambda m: int.from_bytes(m.take(m.number("B")), "little", signed=True)),
    b"G": _push(lambda m: struct.unpack(">d", m.take(8))[0]),
    b"S": _push(_quoted),
    b"V": _push(lambda m: m.line()),
    b"T": _push(lambda m: m.text("i")),
    b"U": _push(lambda m: m.text("B")),
    b"X": _push(lambda m: m.text("I")),
    b"\x8c": _push(lambda m: m.text("B")),
    b"\x8d": _push(lambda m: m.text("Q")),
    b"B": _push(lambda m: m.take(m.number("I"))),
    b"C": _push(lambda m: m.take(m.number("B"))),
    b")": _push(lambda _: ()),
    b"t": _push(lambda m: tuple(m.marked())),
    b"\x85": _push(lambda m: m.taken(1)),
    b"\x86": _push(lambda m: m.taken(2)),
    b"\x87": _push(lambda m: m.taken(3)),
    b"]": _push(lambda _: []),
    b"l": _push(lambda m: m.marked()),
    b"a": _append,
    b"e": _extend,
    b"}": _push(lambda _: {}),
    b"d": _dict,
    b"s": _put,
    b"u": _put_all,
    b"\x8f": _push(lambda _: []),
    b"\x90": _extend,
    b"c": _push(lambda m: Name(m.line(), m.line())),
    b"\x93": _push(_named),
    b"Q": _push(lambda m: m.meaning.persistent(m.pop())),
    b"R": _push(_reduced),
    b"\x81": _push(_reduced),
    b"i": _push(_instance),
    b"o": _push(_object),
    b"b": _drop,
    b"p": _memoize(lambda m: int(m.line())),
    b"q": _memoize(lambda m: m.number("B")),
    b"r": _memoize(lambda m: m.number("I")),
    b"\x94": _memoize(lambda m: len(m.memo)),
    b"g": _push(lambda m: m.memo[int(m.line())]),
    b"h": _push(lambda m: m.memo[m.number("B")]),
    b"j": _push(lambda m: m.memo[m.number("I")]),
}
