"""What verification found, as data."""

from __future__ import annotations

from archc.source import Record, Span


class Check(Record):
    """One output of one model, at one choice of sizes, by one runner, against the fp64 oracle.

    `error` and `tolerance` are absolute; `scale` is the oracle's largest value. `problem` says what
    is wrong, nothing where the output agrees.
    """

    model: str
    sizes: tuple[tuple[str, int], ...]
    output: str
    runner: str
    error: float
    tolerance: float
    scale: float
    problem: str = ""

    @property
    def agrees(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problem


class Culprit(Record):
    """The first layer whose value differs: its path, op and line in the spec."""

    model: str
    sizes: tuple[tuple[str, int], ...]
    path: str
    op: str
    span: Span
    error: float
    tolerance: float


class VerifyReport(Record):
    """All checks; for each model that disagrees the first layer that differs, where it was found."""

    checks: tuple[Check, ...]
    culprits: tuple[Culprit, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether everything agrees."""
        return all(check.agrees for check in self.checks)

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that disagree."""
        return tuple(check for check in self.checks if not check.agrees)

    @property
    def points(self) -> tuple[tuple[str, tuple[tuple[str, int], ...]], ...]:
        """The sizes that were tried, by model."""
        return tuple(dict.fromkeys((check.model, check.sizes) for check in self.checks))
