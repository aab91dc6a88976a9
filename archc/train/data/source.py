"""What a source of data is: options, fields with types, and the examples themselves."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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


@contextmanager
def reading(name: str, kind: str) -> Iterator[None]:
    """Let whatever a damaged file does to its reader be a DataProblem (E1031) that names the file."""
    try:
        yield
    except DataProblem:
        raise
    except MemoryError:
        raise DataProblem("E1062", f"`{name}` does not fit into memory") from None
    except Exception as error:
        raise DataProblem("E1031", f"`{name}` is no {kind}: {plain(error)}") from None


def check_memory(needed: int, name: str) -> None:
    """Refuse examples that are larger than this machine's memory. Raises DataProblem (E1062)."""
    try:
        present = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return
    if 0 < present < needed:
        sizes = (
            f"{needed / 2**30:,.1f} GiB, this machine has {present / 2**30:,.1f} GiB"
        )
        raise DataProblem(
            "E1062", f"the examples of `{name}` take {sizes}", "use a part of them"
        )


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
        raise DataProblem(
            "E1030",
            f"the data file `{name}` {what}",
            f"it is looked for in {self.folder}",
        )


class Source:
    """A source with its options.

    A subclass declares its options with `attr(...)`, as ops do, and says its `fields`: they are asked
    for while compiling, where neither numpy nor torch is imported. `maker` is a plain function that
    gives all examples; it stands on its own, because its text goes into `train.py`, so it imports what
    it needs itself. `arguments` are what it is called with: numbers, texts, booleans, None and lists of
    them; those named in `paths` are files or folders.
    """

    name: ClassVar[str] = ""
    package: ClassVar[str] = ""
    attributes: ClassVar[dict[str, Attr]] = {}
    paths: ClassVar[tuple[str, ...]] = ("path",)
    maker: ClassVar[Callable[..., Examples]]
    place: Place

    def __init_subclass__(cls) -> None:
        own = {
            name: value
            for name, value in cls.__dict__.items()
            if isinstance(value, Attr)
        }
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

    def meanings(self) -> dict[str, Any]:
        """Give what the numbers of fields stand for, by field: the names of classes, the characters."""
        return {}

    def load(self) -> Examples:
        """Give all examples, held against the fields. Raises DataProblem."""
        try:
            examples = type(self).maker(**self.arguments())
        except DataProblem:
            raise
        except ImportError as error:
            raise self._missing(error) from None
        except MemoryError:
            raise DataProblem(
                "E1062", f"the examples of {self._title()} do not fit into memory"
            ) from None
        except Exception as error:
            raise DataProblem(
                "E1031", f"{self._title()} cannot be read: {plain(error)}"
            ) from None
        self._check(examples)
        return examples

    def bring(self, module: str) -> Any:
        """Give a module of the package that the source needs. Raises DataProblem (E1033)."""
        try:
            return importlib.import_module(module)
        except Exception as error:
            raise self._missing(error) from None

    def _missing(self, error: Exception) -> DataProblem:
        install = f'install it: pip install "{self.package}"'
        if isinstance(error, ModuleNotFoundError) or not str(error):
            message = f"a package that the data `{self.name}` needs is missing"
            return DataProblem("E1033", message, install)
        message = f"a package that the data `{self.name}` needs cannot be imported: {plain(error)}"
        return DataProblem(
            "E1033",
            message,
            f"`{self.package}` has to fit the packages beside it, torch too",
        )

    def _title(self) -> str:
        """Name the data in a message: by its file where it is one."""
        path = self.options.get("path")
        return f"the data `{self.name}`" if path is None else f"`{path}`"

    def _check(self, examples: Examples) -> None:
        title = self._title()
        counts = {len(array) for array in examples.values()}
        if len(counts) != 1 or not counts.pop():
            raise DataProblem(
                "E1031", f"the fields of {title} have no examples, or not equally many"
            )
        for field in self.fields():
            array = examples.get(field.name)
            if (
                array is None
                or array.dtype.name != field.dtype.name
                or array.shape[1:] != field.shape
            ):
                found = (
                    "nothing" if array is None else f"{array.dtype}{list(array.shape)}"
                )
                raise DataProblem("E1031", f"{title} gives {found} for `{field}`")
            low, high = field.low or 0, field.high
            if high is not None and not (low <= array.min() and array.max() <= high):
                message = f"{title} gives numbers from {array.min()} to {array.max()} for `{field}`"
                raise DataProblem(
                    "E1031", message, f"they have to be from {low} to {high}"
                )


def plain(error: Exception) -> str:
    """Give what an error says, on one line."""
    if isinstance(error, OSError) and error.strerror:
        named = f"`{str(error.filename)[-80:]}`: " if error.filename else ""
        return f"{named}{error.strerror.lower()}"
    return " ".join(str(error).split())[:300] or type(error).__name__
