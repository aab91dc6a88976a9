"""E100x: losses and what they compare."""

from archc.source.codes.explanation import Explanation


def _loss(inputs: str, loss: str) -> str:
    """Give a small spec that ends in a loss of its inputs."""
    return f"""\
inputs: {{{inputs}}}
layers:
  - {{name: loss, {loss}}}
"""


CODES = {
    "E1001": Explanation(
        "a loss of two shapes",
        "A loss compares element with element, and does not broadcast: a target [N] beside a value [N, 1] "
        "would be compared N times over. `cross_entropy` and `nll_loss` take the classes on axis 1, and a "
        "target without that axis.",
        _loss("x: [N, 1], y: [N]", "from: [x, y], mse_loss: "),
        _loss("x: [N, 1], y: [N, 1]", "from: [x, y], mse_loss: "),
    ),
    "E1002": Explanation(
        "a target of the wrong element type",
        "Classes are int64 indices; what is measured or compared with a float is a float.",
        _loss('x: [N, 10], y: "int32[N]"', "from: [x, y], cross_entropy: "),
        _loss('x: [N, 10], y: "int64[N]"', "from: [x, y], cross_entropy: "),
    ),
    "E1003": Explanation(
        "a class that is not there",
        "The blank of `ctc_loss` is one of the classes.",
        _loss(
            'p: [T, N, 5], y: "int64[N, 3]", long: "int64[N]", short: "int64[N]"',
            "from: [p, y, long, short], ctc_loss: {blank: 5}",
        ),
        _loss(
            'p: [T, N, 5], y: "int64[N, 3]", long: "int64[N]", short: "int64[N]"',
            "from: [p, y, long, short], ctc_loss: {blank: 4}",
        ),
    ),
}
