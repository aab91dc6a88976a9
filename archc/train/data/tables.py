"""Tables in a CSV file."""

from __future__ import annotations

import csv as reader
from typing import TYPE_CHECKING, Any

from archc.opdef import attr, text
from archc.opdef.attributes import Kind
from archc.sizes import FLOAT32, INT64
from archc.train.data.source import DataProblem, Field, Source

if TYPE_CHECKING:
    import numpy as np


def csv(path: str, target: str, classes: bool, names: list[str]) -> dict[str, np.ndarray]:
    """Give the columns of a table but one as `features`, that one as `target`.

    Targets that are classes become their numbers, in the order of `names`.
    """
    import csv

    import numpy as np

    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    columns = [column for column in rows[0] if column != target]
    features = np.array([[float(row[column]) for column in columns] for row in rows], "float32")
    if classes:
        index = {name: number for number, name in enumerate(names)}
        return {"features": features, "target": np.array([index[row[target]] for row in rows], "int64")}
    return {"features": features, "target": np.array([[float(row[target])] for row in rows], "float32")}


class Csv(Source):
    """A table with a header: one column is the target, the others are features.

    The target is a class where its values are words or whole numbers, else a number.
    """

    name = "csv"
    maker = staticmethod(csv)
    path: str = attr(text(), main=True, doc="the file, relative to the spec")
    target: str | None = attr(text(optional=True), None, doc="the column to foretell; the last by default")
    classes: bool | None = attr(Kind("bool", optional=True), None, doc="whether the target is a class")

    def arguments(self) -> dict[str, Any]:
        """Give the file's path and what is known of its columns."""
        _, target, values = self._read()
        names = self._names(values)
        return {
            "path": str(self.place.file(self.path)),
            "target": target,
            "classes": self._classes(values),
            "names": names if self._classes(values) else [],
        }

    def fields(self) -> tuple[Field, ...]:
        """Read the table for its columns and classes."""
        columns, _, values = self._read()
        features = Field("features", FLOAT32, (len(columns) - 1,))
        if not self._classes(values):
            return features, Field("target", FLOAT32, (1,))
        return features, Field("target", INT64, (), 0, len(self._names(values)) - 1)

    def _classes(self, values: list[str]) -> bool:
        if self.classes is not None:
            return self.classes
        whole = all(value.strip().lstrip("+-").isdigit() for value in values)
        return whole or not all(_is_number(value) for value in values)

    def _names(self, values: list[str]) -> list[str]:
        found = set(values)
        if all(value.strip().lstrip("+-").isdigit() for value in found):
            return sorted(found, key=int)
        return sorted(found)

    def _read(self) -> tuple[list[str], str, list[str]]:
        """Give the columns, the target's name and its values; hold every cell against what is needed."""
        try:
            with self.place.file(self.path).open(newline="", encoding="utf-8-sig") as file:
                rows = list(reader.reader(file))
        except (OSError, UnicodeDecodeError, reader.Error) as error:
            reason = " ".join(str(error).split())
            raise DataProblem("E1031", f"`{self.path}` is no CSV file: {reason}") from None
        columns, rows = (rows[0], [row for row in rows[1:] if row]) if rows else ([], [])
        if len(columns) < 2 or not rows or len(set(columns)) < len(columns):
            message = f"`{self.path}` needs a header of two columns or more with different names, and rows"
            raise DataProblem("E1031", message)
        target = columns[-1] if self.target is None else self.target
        if target not in columns:
            known = ", ".join(f"`{column}`" for column in columns[:12])
            raise DataProblem("E1031", f"`{self.path}` has no column `{target}`", f"its columns: {known}")
        at = columns.index(target)
        for number, row in enumerate(rows, 2):
            self._check_row(number, row, columns, at)
        return columns, target, [row[at] for row in rows]

    def _check_row(self, number: int, row: list[str], columns: list[str], at: int) -> None:
        if len(row) != len(columns):
            message = f"line {number} of `{self.path}` has {len(row)} cells, {len(columns)} are needed"
            raise DataProblem("E1031", message)
        for column, cell in zip(columns, row, strict=True):
            if column != columns[at] and not _is_number(cell):
                message = (
                    f"line {number} of `{self.path}` has `{cell[:40]}` in `{column}`, which is no number"
                )
                raise DataProblem("E1031", message)


def _is_number(text_: str) -> bool:
    try:
        float(text_)
    except ValueError:
        return False
    return True
