"""Attributes of ops: what a user may write, as data that help, schema, tests and elaboration read."""

from __future__ import annotations

from typing import Any, Final

from archc.source import Record


class Required:
    """The default of an attribute that has none."""

    def __repr__(self) -> str:
        return "required"


REQUIRED: Final = Required()


class Kind(Record):
    """What values an attribute takes.

    `base` is one of int, float, bool, text, size (an integer or a symbolic size), quantity (int, float
    or a symbolic size), scalar (int, float or bool), init (an initializer) and data (nested lists of
    numbers). `length` is None for a single value, n for n values (one value stands for all n), 0 for a
    list of any length. `words` are accepted as they are. `single` lets an any-length list be written as
    one value; `holes` lets entries of a list be null.
    """

    base: str
    length: int | None = None
    min: float | None = None
    max: float | None = None
    words: tuple[str, ...] = ()
    optional: bool = False
    single: bool = False
    holes: bool = False

    def __str__(self) -> str:
        """Give the form as the reference shows it: `int`, `2 ints`, `list of sizes or null`."""
        parts = []
        if self.base != "text" or not self.words:
            one = self.base
            if self.length in (None, 1):
                parts.append(one)
            elif self.length == 0:
                parts.append(f"list of {one}s" + (f" or {one}" if self.single else ""))
            else:
                parts.append(f"{one} or {self.length} {one}s")
        parts.extend(f"`{word}`" for word in self.words)
        if self.holes:
            parts.append("null in place of any")
        if self.optional:
            parts.append("null")
        return " or ".join(parts)


def integer(
    min: float | None = None,  # noqa: A002 - the field's name
    max: float | None = None,  # noqa: A002
    words: tuple[str, ...] = (),
    optional: bool = False,
) -> Kind:
    """A whole number that is known at compile time."""
    return Kind("int", None, min, max, words, optional)


def number(
    min: float | None = None,  # noqa: A002
    max: float | None = None,  # noqa: A002
    optional: bool = False,
    words: tuple[str, ...] = (),
) -> Kind:
    """A float that is known at compile time."""
    return Kind("float", None, min, max, words, optional)


def boolean() -> Kind:
    """True or false."""
    return Kind("bool")


def text(*words: str, optional: bool = False) -> Kind:
    """A word out of a list, or any text where no list is given."""
    return Kind("text", words=words, optional=optional)


def size(min: float | None = None, optional: bool = False) -> Kind:  # noqa: A002
    """A size: a number or an expression over symbols."""
    return Kind("size", min=min, optional=optional)


def sizes(min: float | None = None, optional: bool = False, single: bool = False) -> Kind:  # noqa: A002
    """A list of sizes."""
    return Kind("size", 0, min, optional=optional, single=single)


def ints(
    length: int,
    min: float | None = None,  # noqa: A002
    words: tuple[str, ...] = (),
    optional: bool = False,
    single: bool = False,
    holes: bool = False,
) -> Kind:
    """`length` whole numbers, of which one may stand for all; 0 for a list of any length."""
    return Kind("int", length, min, None, words, optional, single, holes)


def floats(length: int, optional: bool = False, single: bool = False) -> Kind:
    """`length` floats, of which one may stand for all; 0 for a list of any length."""
    return Kind("float", length, optional=optional, single=single)


class Attr(Record):
    """One attribute: its kind, default, documentation.

    `main` marks the one that is written alone (`linear: 120`). `written` says that the emitted
    PyTorch names the value even where it equals the default.
    """

    kind: Kind
    default: Any = REQUIRED
    doc: str = ""
    main: bool = False
    written: bool = False

    @property
    def required(self) -> bool:
        """Whether a user must write it."""
        return self.default is REQUIRED


def attr(kind: Kind, default: Any = REQUIRED, *, doc: str, main: bool = False, written: bool = False) -> Any:
    """Declare an attribute in the body of an op class."""
    return Attr(kind, default, doc, main, written)
