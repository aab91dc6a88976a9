"""What an op's shape rule works with: it asks, requires and refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from archc.sizes import Condition, Dim, Facts, TensorType, ValueRange, equal, prove, shape_text, text
from archc.source import Record

MOST_RESULTS = 10_000
Place = str | int | None
"""Where a message points: an attribute's name, an input's position, or the op itself."""


class RuleError(Exception):
    """A shape rule refuses; elaboration turns it into a diagnostic with spans."""

    def __init__(
        self,
        code: str,
        message: str,
        at: Place = None,
        show: Sequence[tuple[int, str]] = (),
        help: Sequence[str] = (),  # noqa: A002 - as in Diagnostic
        notes: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.at = at
        self.show = tuple(show)
        self.help = tuple(help)
        self.notes = tuple(notes)


class RuleNeed(Record):
    """A condition that the rule could neither prove nor refute, and the error where nothing meets it."""

    condition: Condition
    error: RuleError


class Rule:
    """The compiler as a shape rule sees it; `name` is that of the op, for messages."""

    def __init__(self, facts: Facts, name: str = "") -> None:
        self.facts = facts
        self.subject = f"the input of `{name}`" if name else "the input"
        self.needs: list[RuleNeed] = []
        self.limits: list[tuple[str, Dim, Dim]] = []
        self.warnings: list[RuleError] = []

    def fail(
        self,
        code: str,
        message: str,
        at: Place = None,
        show: Sequence[tuple[int, str]] = (),
        help: Sequence[str] = (),  # noqa: A002
        notes: Sequence[str] = (),
    ) -> NoReturn:
        """Refuse. `show` labels inputs by position with what to say about each."""
        raise RuleError(code, message, at, show, help, notes)

    def warn(
        self,
        code: str,
        message: str,
        at: Place = None,
        show: Sequence[tuple[int, str]] = (),
        help: Sequence[str] = (),  # noqa: A002
    ) -> None:
        """Warn of what is likely a mistake; `show` is as for `fail`."""
        self.warnings.append(RuleError(code, message, at, show, help))

    def decide(self, condition: Condition) -> bool | None:
        """Say whether a condition holds for every legal size (True), not for all (False), or unknown."""
        verdict = prove(condition, self.facts).verdict
        return {"proved": True, "refuted": False}.get(verdict)

    def require(
        self,
        condition: Condition,
        code: str,
        message: str,
        at: Place = None,
        show: Sequence[tuple[int, str]] = (),
        help: Sequence[str] = (),  # noqa: A002
    ) -> None:
        """Ask for a condition: nothing happens where it is proved; where some sizes satisfy it the
        model requires it; where none does the rule refuses with the message.
        """
        proof = prove(condition, self.facts)
        if proof.verdict == "proved":
            return
        error = RuleError(code, message, at, show, help)
        if proof.never:
            raise error
        self.needs.append(RuleNeed(condition, error))

    def same(
        self,
        left: Dim,
        right: Dim,
        code: str,
        message: str,
        at: Place = None,
        show: Sequence[tuple[int, str]] = (),
        help: Sequence[str] = (),  # noqa: A002
    ) -> Dim:
        """Require two sizes to be equal; give the one that is simpler to state."""
        if left == right:
            return left
        self.require(equal(left, right), code, message, at, show, help)
        return left if isinstance(left, int) or not isinstance(right, int) else right

    def rank(self, x: TensorType, *allowed: int, at: Place = 0, layout: str = "") -> None:
        """Refuse an input whose number of axes is not one of these."""
        if x.rank in allowed:
            return
        wanted = " or ".join(str(rank) for rank in allowed)
        self.fail(
            "E0401",
            f"{self.subject} has {_axes(x.rank)}, {wanted} are needed",
            at,
            [(_position(at), f"this is {x}")],
            notes=(f"it takes {layout}",) if layout else (),
        )

    def at_least_rank(self, x: TensorType, least: int, at: Place = 0) -> None:
        """Refuse an input with fewer axes than this."""
        if x.rank < least:
            needed = "1 is" if least == 1 else f"{least} are"
            self.fail(
                "E0401",
                f"{self.subject} has {_axes(x.rank)}, at least {needed} needed",
                at,
                [(_position(at), f"this is {x}")],
            )

    def axis(self, dim: int, rank: int, at: Place = "dim") -> int:
        """Give the axis counted from the front; refuse one that is not there."""
        if not -rank <= dim < rank:
            message = f"{self.subject} has {_axes(rank)}, there is no axis {dim}"
            self.fail("E0402", message, at, help=(f"use {-rank} to {rank - 1}",) if rank else ())
        return dim % rank

    def number(self, dim: Dim, what: str, at: Place = 0) -> int:
        """Give a size that fixes the shape of a weight; refuse a symbol there."""
        if not isinstance(dim, int):
            self.fail(
                "E0403",
                f"{what} must be a number, it is `{text(dim)}`",
                at,
                [(_position(at), f"a weight's shape depends on the symbol in `{text(dim)}`")],
                (
                    "write a number for this size in the input's type",
                    "or pool, flatten or project it away first",
                ),
            )
        return dim

    def results(self, count: int) -> None:
        """Refuse to give more values than a compilation handles."""
        if count > MOST_RESULTS:
            message = f"one layer gives at most {MOST_RESULTS:,} values, these are {count:,}"
            self.fail("E0814", message, help=("keep them in one tensor, and take entries with `select`",))

    def float_input(self, x: TensorType, at: Place = 0) -> None:
        """Refuse an input that does not hold floats."""
        if not x.dtype.is_float:
            self.fail(
                "E0501",
                f"{self.subject} must hold floats, it holds {x.dtype}",
                at,
                [(_position(at), f"this is {x.dtype}{shape_text(x.shape)}")],
                ("convert it first: `cast: float32`",),
            )

    def integer_input(self, x: TensorType, at: Place = 0) -> None:
        """Refuse an input that does not hold int32 or int64 indices."""
        if x.dtype.name not in ("int64", "int32"):
            self.fail(
                "E0502",
                f"{self.subject} must hold indices (int64 or int32), it holds {x.dtype}",
                at,
                [(_position(at), f"this is {x.dtype}{shape_text(x.shape)}")],
                ("declare the input as `int64[...]`, or convert it: `cast: int64`",),
            )

    def index_below(self, x: TensorType, high: Dim, what: str, at: Place = 0) -> None:
        """Require the values of an integer tensor to index something of `high` entries.

        Where the values come straight from a model input with no declared range, the input's range
        is narrowed instead. Values that nothing is known of are a warning (W0106).
        """
        values = x.range
        if values is None:
            message = f"{what}, and nothing is known of the values here"
            help_ = ("bound them before: `clamp: {min: 0, max: ...}`",)
            self.warn("W0106", message, at, [(_position(at), f"this is {x}")], help_)
            return
        if values.source is not None and values.low is None and values.high is None:
            self.limits.append((values.source, 0, high - 1))
            return
        if values.high is not None:
            condition = Condition(high - 1, ">=", values.high)
            message = f"{what}, but the values go up to {text(values.high)}"
            self.require(condition, "E0503", message, at, [(_position(at), f"values {range_text(values)}")])
        if values.low is not None:
            message = f"{what}, but the values start at {text(values.low)}"
            self.require(
                Condition(values.low, ">=", 0),
                "E0503",
                message,
                at,
                [(_position(at), f"values {range_text(values)}")],
            )

    def broadcast(self, shapes: Sequence[tuple[Dim, ...]], name: str) -> tuple[Dim, ...]:
        """Give the shape that all the shapes broadcast to, by NumPy's rule, or refuse (E0404)."""
        rank = max(len(shape) for shape in shapes)
        return tuple(self._broadcast_axis(shapes, axis - rank, name, rank) for axis in range(rank))

    def _broadcast_axis(self, shapes: Sequence[tuple[Dim, ...]], axis: int, name: str, rank: int) -> Dim:
        result: Dim = 1
        for shape in shapes:
            dim = shape[axis] if -axis <= len(shape) else 1
            if dim == 1 or dim == result:
                continue
            if result == 1:
                result = dim
                continue
            message = (
                f"`{name}` cannot broadcast its inputs, axis {axis + rank} is {text(result)} and {text(dim)}"
            )
            shown = [(index, f"this is {shape_text(each)}") for index, each in enumerate(shapes)]
            result = self.same(result, dim, "E0404", message, None, shown)
        return result


def known(dim: Dim) -> int:
    """Give a size as the number that a shape rule has already required it to be."""
    assert isinstance(dim, int)
    return dim


def range_text(values: ValueRange) -> str:
    """Write a range as a reader would: `0..T - 1`."""
    low = "" if values.low is None else text(values.low)
    high = "" if values.high is None else text(values.high)
    return f"{low}..{high}"


def _axes(rank: int) -> str:
    return "1 axis" if rank == 1 else f"{rank} axes" if rank else "no axes"


def _position(at: Place) -> int:
    return at if isinstance(at, int) else 0
