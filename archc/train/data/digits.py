"""The 1,797 handwritten digits that come with scikit-learn (Alpaydin and Kaynak, 1998)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archc.sizes import FLOAT32, INT64
from archc.train.data.source import Field, Source

if TYPE_CHECKING:
    import numpy as np


def digits() -> dict[str, np.ndarray]:
    """Give images of handwritten digits, 8 by 8 pixels from 0 to 1, and what they show."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    image = (bunch.images / 16).astype("float32")
    return {"image": image[:, None], "label": bunch.target.astype("int64")}


class Digits(Source):
    """Images of handwritten digits, with the digit that each shows."""

    name = "digits"
    package = "archc[data]"
    maker = staticmethod(digits)

    def fields(self) -> tuple[Field, ...]:
        """Give image and label."""
        return Field("image", FLOAT32, (1, 8, 8)), Field("label", INT64, (), 0, 9)
