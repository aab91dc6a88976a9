"""Tables in a Parquet file."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from archc.train.data.source import DataProblem, reading
from archc.train.data.tables import MOST_CLASSES, Known, Table, count_up

if TYPE_CHECKING:
    import numpy as np


def parquet(
    path: str, target: str, classes: list[str] | list[int] | None
) -> dict[str, np.ndarray]:
    """Give the columns of a table but one as `features`, that one as `target`.

    Targets that are classes become their numbers, in the order of `classes`.
    """
    import numpy as np
    import pyarrow
    import pyarrow.compute
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path) as file:
        names = file.schema_arrow.names
        columns = [column for column in names if column != target]
        features = np.empty((file.metadata.num_rows, len(columns)), "float32")
        targets = np.empty(len(features), "float32" if classes is None else "int64")
        at = 0
        for batch in file.iter_batches():
            rows = slice(at, at + len(batch))
            for number, column in enumerate(columns):
                values = batch.column(names.index(column))
                features[rows, number] = values.to_numpy(zero_copy_only=False)
                if not np.isfinite(features[rows, number]).all():
                    raise ValueError(
                        f"the column `{column}` has values that are missing or not finite"
                    )
            values = batch.column(names.index(target))
            if classes is not None:
                kind = (
                    pyarrow.string() if isinstance(classes[0], str) else pyarrow.int64()
                )
                values = pyarrow.compute.index_in(
                    values.cast(kind), pyarrow.array(classes, kind)
                )
            targets[rows] = values.to_numpy(zero_copy_only=False)
            at += len(batch)
    if not np.isfinite(targets).all():
        raise ValueError(
            f"the column `{target}` has values that are missing or not finite"
        )
    return {
        "features": features,
        "target": targets if classes is not None else targets[:, None],
    }


class Parquet(Table):
    """A table whose columns have names and types: one column is the target, the others are features.

    The target is a class where its values are words, booleans, or whole numbers that
    count from 0 or 1 without gaps; else a number.
    """

    name = "parquet"
    package = "archc[parquet]"
    maker = staticmethod(parquet)

    @cached_property
    def known(self) -> Known:
        """Read the types of the columns, and the different values of the one to foretell."""
        path = self.place.file(self.path)
        module = self.bring("pyarrow.parquet")
        with reading(self.path, "Parquet file"), module.ParquetFile(path) as file:
            schema = file.schema_arrow
            target = self.chosen(schema.names)
            for field in schema:
                self._check_type(field, field.name == target)
            rows = file.metadata.num_rows
            if not rows:
                raise DataProblem("E1031", f"`{self.path}` has no rows")
            return Known(tuple(schema.names), target, rows, self._classes(file, target))

    def _check_type(self, field: Any, is_target: bool) -> None:
        types = self.bring("pyarrow.types")
        kind = field.type
        if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind):
            return
        word = kind.value_type if types.is_dictionary(kind) else kind
        if not (is_target and self.classes is not False and _is_word(types, word)):
            message = f"the column `{field.name}` of `{self.path}` has the type {kind}, which is no number"
            raise DataProblem("E1031", message, "leave it out, or make numbers of it")

    def _classes(
        self, file: Any, target: str
    ) -> tuple[str, ...] | tuple[int, ...] | None:
        """Give the classes in order; None where the target is a number."""
        types, arrow = self.bring("pyarrow.types"), self.bring("pyarrow")
        kind = file.schema_arrow.field(target).type
        if self.classes is False or (self.classes is None and types.is_floating(kind)):
            return None
        whole = types.is_integer(kind) or types.is_boolean(kind)
        different: set[Any] = set()
        at = file.schema_arrow.names.index(target)
        for batch in file.iter_batches():
            values = batch.column(at).cast(arrow.int64() if whole else arrow.string())
            different.update(values.unique().to_pylist())
            if None in different:
                raise DataProblem(
                    "E1031",
                    f"the column `{target}` of `{self.path}` has missing values",
                )
            if len(different) > MOST_CLASSES:
                break
        if types.is_integer(kind) and self.classes is None and not count_up(different):
            return None
        self.check_classes(len(different))
        return tuple(sorted(different))


def _is_word(types: Any, kind: Any) -> bool:
    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_string_view(kind)
    )
