"""The small tables that come with scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from archc.sizes import FLOAT32, INT64
from archc.train.data.source import Field, Source

if TYPE_CHECKING:
    import numpy as np


def tabular(table: str) -> dict[str, np.ndarray]:
    """Give the rows of a table that comes with scikit-learn, and what is to be foretold of each."""
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{table}")()
    features = bunch.data.astype("float32")
    if "target_names" in bunch:
        return {"features": features, "target": bunch.target.astype("int64")}
    return {"features": features, "target": bunch.target.astype("float32")[:, None]}


class Tabular(Source):
    """A table: `columns` features, and one of `classes` or, without them, a number."""

    package = "archc[data]"
    maker = staticmethod(tabular)
    columns: ClassVar[int]
    classes: ClassVar[tuple[str, ...]] = ()

    def fields(self) -> tuple[Field, ...]:
        """Give features and target."""
        features = Field("features", FLOAT32, (self.columns,))
        if not self.classes:
            return features, Field("target", FLOAT32, (1,))
        return features, Field("target", INT64, (), 0, len(self.classes) - 1)

    def arguments(self) -> dict[str, Any]:
        """Give the table's name."""
        return {"table": self.name}

    def meanings(self) -> dict[str, Any]:
        """Give the names of the classes."""
        return {"target": list(self.classes)} if self.classes else {}


class Iris(Tabular):
    """150 flowers of three species of iris, four lengths of each (Fisher, 1936)."""

    name = "iris"
    columns = 4
    classes = ("setosa", "versicolor", "virginica")


class Wine(Tabular):
    """178 wines of three growers, by chemical analysis (Aeberhard and Forina, 1991)."""

    name = "wine"
    columns = 13
    classes = ("class_0", "class_1", "class_2")


class BreastCancer(Tabular):
    """569 tumours, malignant or benign, by the shapes of their cells (Wolberg et al., 1995)."""

    name = "breast_cancer"
    columns = 30
    classes = ("malignant", "benign")


class Diabetes(Tabular):
    """442 patients, and how far their diabetes has gone after a year (Efron et al., 2004)."""

    name = "diabetes"
    columns = 10
