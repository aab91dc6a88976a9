"""Passes: Program to Program, one a file; each gives a valid program with the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from archc.ir.check import check_program
from archc.ir.program import Program
from archc.passes.dead_code import remove_dead_code
from archc.passes.reinfer import reinfer

Pass = Callable[[Program], Program]

STANDARD: tuple[Pass, ...] = (remove_dead_code, reinfer)


def run_passes(program: Program, passes: Sequence[Pass] = STANDARD) -> Program:
    """Run passes in order; each is held to give a valid program."""
    for each in passes:
        program = each(program)
        check_program(program)
    return program
