"""What a source of data is: options, fields with types, and the examples themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from archc.opdef import Attr
from archc.sizes import DType
from archc.source import Record

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    Examples = Mapping[str, Array]
else:
    Examples = Mapping
"""All examples, by field: arrays whose first axis counts them."""


class Field(Record):
    """One field of every example: its name, element type, and shape without the batch.

    `low` and `high` bound integers, both included; classes are 0 to `high`.
    """

    name: str
    dtype: DType
    shape: tuple[int, ...]
    low: int | None = None
    high: int | None = None

    def __str__(self) -> str:
        sizes = ", ".join(("N", *map(str, self.shape)))
        return f"{self.name}: {self.dtype.name}[{sizes}]"


class DataProblem(Exception):  # noqa: N818 - a user's, not a failure of archc
    """The data cannot be read or makes no sense: a code, what is wrong, and what to do."""

    def __init__(self, code: str, message: str, *help_: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = help_


class Place(Record):
    """What a source may know of where it stands: the spec's folder, and the models' inputs by name."""

    folder: Path
    inputs: Mapping[str, tuple[int | None, ...]]

    def file(self, name: str) -> Path:
        """Give the path of a regular file beside the spec; raises DataProblem (E1030)."""
        path = self.folder / name
        if path.is_file():
            return path
        what = "is no regular file" if path.exists() else "does not exist"
        raise DataProblem("E1030", f"the data file `{name}` {what}", f"it is looked for in {self.folder}")


class Source:
    """A source with its options.

    A subclass declares its options with `attr(...)`, as ops do, and says its `fields`: they are asked
    for while compiling, where neither numpy nor torch is imported. `maker` is a plain function that
    gives all examples; it stands on its own, because its text goes into `train.py`, so it imports what
    it needs itself. `arguments` are what it is called with.
    """

    name: ClassVar[str] = ""
    package: ClassVar[str] = ""
    attributes: ClassVar[dict[str, Attr]] = {}
    maker: ClassVar[Callable[..., Examples]]
    place: Place

    def __init_subclass__(cls) -> None:
        own = {name: value for name, value in cls.__dict__.items() if isinstance(value, Attr)}
        cls.attributes = {**cls.attributes, **own}

    def __init__(self, place: Place, **options: Any) -> None:
        self.place = place
        for name, declared in self.attributes.items():
            self.__dict__[name] = options.get(name, declared.default)

    @property
    def options(self) -> dict[str, Any]:
        """The options and their values."""
        return {name: self.__dict__[name] for name in self.attributes}

    @classmethod
    def main(cls) -> str | None:
        """Give the option that may be written alone, if there is one."""
        marked = [name for name, declared in cls.attributes.items() if declared.main]
        return marked[0] if marked else None

    def fields(self) -> tuple[Field, ...]:
        """Give the fields with their types. Raises DataProblem."""
        raise DataProblem("E1031", f"the source `{self.name}` does not say its fields")

    def arguments(self) -> dict[str, Any]:
        """Give what `maker` is called with."""
        return self.options

    def load(self) -> Examples:
        """Give all examples, held against the fields. Raises DataProblem."""
        try:
            examples = type(self).maker(**self.arguments())
        except ImportError:
            install = f'install it: pip install "{self.package}"'
            raise DataProblem(
                "E1033", f"a package that the data `{self.name}` needs is missing", install
            ) from None
        except (OSError, ValueError) as error:
            raise DataProblem("E1031", f"the data `{self.name}` cannot be read: {_plain(error)}") from None
        self._check(examples)
        return examples

    def _check(self, examples: Examples) -> None:
        counts = {len(array) for array in examples.values()}
        if len(counts) != 1 or not counts.pop():
            raise DataProblem("E1031", f"the fields of `{self.name}` have no examples, or not equally many")
        for field in self.fields():
            array = examples.get(field.name)
            if array is None or array.dtype.name != field.dtype.name or array.shape[1:] != field.shape:
                found = "nothing" if array is None else f"{array.dtype}{list(array.shape)}"
                raise DataProblem("E1031", f"the data `{self.name}` gives {found} for `{field}`")


def _plain(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"`{error.filename}`: {error.strerror.lower()}"
    return " ".join(str(error).split()) or type(error).__name__
