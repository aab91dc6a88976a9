"""Tables: one column is foretold from the others. CSV is one of them."""

from __future__ import annotations

import csv as reader
import math
import re
from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any

from archc.opdef import attr, text
from archc.opdef.attributes import Kind
from archc.sizes import FLOAT32, INT64
from archc.source import Record
from archc.train.data.source import DataProblem, Field, Source, check_memory, reading

if TYPE_CHECKING:
    import numpy as np

MOST_CLASSES = 65_536
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_LARGEST = 3.4e38


class Known(Record):
    """What has to be known of a table: columns, the one to foretell, how many rows, the classes in order."""

    columns: tuple[str, ...]
    target: str
    rows: int
    classes: tuple[str, ...] | tuple[int, ...] | None


class Table(Source):
    """A table with names of columns: one column is the target, the others are features."""

    path: str = attr(text(), main=True, doc="the file, relative to the spec")
    target: str | None = attr(
        text(optional=True), None, doc="the column to foretell; the last by default"
    )
    classes: bool | None = attr(
        Kind("bool", optional=True), None, doc="whether the target is a class"
    )

    @property
    @abstractmethod
    def known(self) -> Known:
        """What has to be known of the table. Raises DataProblem."""

    def fields(self) -> tuple[Field, ...]:
        """Give the features, and the target: a class or a number."""
        features = Field("features", FLOAT32, (len(self.known.columns) - 1,))
        if self.known.classes is None:
            return features, Field("target", FLOAT32, (1,))
        return features, Field("target", INT64, (), 0, len(self.known.classes) - 1)

    def arguments(self) -> dict[str, Any]:
        """Give the file's path and what is known of its columns."""
        known = self.known
        check_memory(4 * len(known.columns) * known.rows, self.path)
        return {
            "path": str(self.place.file(self.path)),
            "target": known.target,
            "classes": None if known.classes is None else list(known.classes),
        }

    def meanings(self) -> dict[str, Any]:
        """Give the names of the classes."""
        names = self.known.classes
        return {} if names is None else {"target": list(names)}

    def chosen(self, columns: list[str]) -> str:
        """Give the name of the target, held against the columns."""
        if len(columns) < 2 or not all(columns) or len(set(columns)) < len(columns):
            message = f"`{self.path}` needs a header of two columns or more with different names, and rows"
            raise DataProblem("E1031", message)
        target = columns[-1] if self.target is None else self.target
        if target not in columns:
            known = ", ".join(f"`{column}`" for column in columns[:12])
            raise DataProblem(
                "E1031",
                f"`{self.path}` has no column `{target}`",
                f"its columns: {known}",
            )
        return target

    def check_classes(self, count: int) -> None:
        """Refuse a target that has too many different values to be a class."""
        if count > MOST_CLASSES:
            message = f"the target of `{self.path}` has more than {MOST_CLASSES:,} different values"
            raise DataProblem(
                "E1031", message, "write `classes: false` to foretell a number"
            )


def csv(
    path: str, target: str, classes: list[str] | list[int] | None
) -> dict[str, np.ndarray]:
    """Give the columns of a table but one as `features`, that one as `target`.

    Targets that are classes become their numbers, in the order of `classes`.
    """
    import csv
    from array import array

    import numpy as np

    features, targets = array("f"), array("d")
    numbers = {name: number for number, name in enumerate(classes or ())}
    whole = classes is not None and isinstance(classes[0], int)
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = csv.reader(file)
        at = next(rows).index(target)
        for row in rows:
            if row:
                features.extend(float(cell) for cell in (*row[:at], *row[at + 1 :]))
                word = row[at].strip()
                targets.append(
                    float(word)
                    if classes is None
                    else numbers[int(word) if whole else word]
                )
    shape = (len(targets), -1)
    target_type = "float32" if classes is None else "int64"
    return {
        "features": np.array(features, "float32").reshape(shape),
        "target": np.array(targets, target_type).reshape(
            shape if classes is None else -1
        ),
    }


class Csv(Table):
    """A table with a header: one column is the target, the others are features.

    The target is a class where its values are words, or whole numbers that count from 0
    or 1 without gaps; else a number.
    """

    name = "csv"
    maker = staticmethod(csv)

    @cached_property
    def known(self) -> Known:
        """Go through the table once; hold every cell against what is needed of it."""
        with (
            self.place.file(self.path).open(newline="", encoding="utf-8-sig") as file,
            reading(self.path, "CSV file"),
        ):
            lines = reader.reader(file)
            columns = next(lines, [])
            target = self.chosen(columns)
            values = _Values(self)
            for row in lines:
                if row:
                    values.add(lines.line_num, row, columns, columns.index(target))
            return Known(tuple(columns), target, values.count, values.classes())


class _Values:
    """The values of the column to foretell, as far as they decide whether it is a class."""

    def __init__(self, table: Csv) -> None:
        self.table = table
        self.count = 0
        self.whole = self.numbers = True
        self.different: set[str] = set()

    def add(self, line: int, row: list[str], columns: list[str], at: int) -> None:
        """Hold a row against what is needed, and keep its target."""
        where = f"line {line} of `{self.table.path}`"
        if len(row) != len(columns):
            raise DataProblem(
                "E1031", f"{where} has {len(row)} cells, {len(columns)} are needed"
            )
        wanted = [
            index
            for index in range(len(row))
            if index != at or self.table.classes is False
        ]
        for index in wanted:
            if not _is_number(row[index]):
                message = f"{where} has `{row[index][:40]}` in `{columns[index]}`, which is no number"
                raise DataProblem("E1031", message)
        value = row[at].strip()
        self.count += 1
        self.whole = self.whole and _WHOLE.fullmatch(value) is not None
        self.numbers = self.numbers and (self.whole or _is_number(value))
        if len(self.different) <= MOST_CLASSES:
            self.different.add(value)

    def classes(self) -> tuple[str, ...] | tuple[int, ...] | None:
        """Give the classes in order; None where the target is a number."""
        if not self.count:
            message = (
                f"`{self.table.path}` needs a header of two columns or more, and rows"
            )
            raise DataProblem("E1031", message)
        chosen = self.table.classes
        numbers = {int(value) for value in self.different} if self.whole else set()
        if chosen is None:
            chosen = count_up(numbers) if self.whole else not self.numbers
        if not chosen:
            return None
        self.table.check_classes(len(self.different))
        return tuple(sorted(numbers)) if self.whole else tuple(sorted(self.different))


def count_up(numbers: set[int]) -> bool:
    """Say whether numbers count from 0 or 1 without gaps, as those of classes do."""
    return len(numbers) <= MOST_CLASSES and numbers in (
        set(range(len(numbers))),
        set(range(1, len(numbers) + 1)),
    )


def _is_number(cell: str) -> bool:
    """Say whether a float32 holds what a cell says."""
    try:
        return math.isfinite(float(cell)) and abs(float(cell)) <= _LARGEST
    except ValueError:
        return False
