"""The process that a run is in: its device and strategy, and how it is interrupted."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from accelerate import Accelerator
from accelerate.state import AcceleratorState

from archc.source import Diagnostic, SpecError

SAME_PRESS = 1.0
"""Seconds in which signals are of one press of Ctrl-C."""
_PRECISIONS = {"float32": "no", "bfloat16": "bf16", "float16": "fp16"}


def accelerator_for(precision: str, device: str | None) -> Accelerator:
    """Give the accelerator of this process. Raises SpecError (E1044)."""
    # Accelerate keeps the precision of the first run of a process, and refuses another one.
    AcceleratorState._reset_state()
    try:
        made = Accelerator(mixed_precision=_PRECISIONS[precision], cpu=device == "cpu")
    except (ValueError, RuntimeError) as error:
        raise _refused(precision, " ".join(str(error).split())) from None
    if precision == "float16" and made.device.type == "cpu":
        # Accelerate would compute in float32 without a word.
        raise _refused(precision, "on a CPU layers compute in float32 or bfloat16")
    return made


def _refused(precision: str, reason: str) -> SpecError:
    message = f"`{precision}` cannot be had on this device: {reason}"
    help_ = "use `precision: bfloat16`" if precision == "float16" else "use `precision: float32`"
    return SpecError([Diagnostic("E1044", message, help=(help_,))])


@contextmanager
def stopped_by(stop: Callable[[], None]) -> Iterator[None]:
    """Let the first Ctrl-C end the round that is running; a later one interrupts at once.

    A launcher of processes passes on what the terminal has sent to them already: that is one Ctrl-C.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    first: list[float] = []

    def heard(_number: int, _frame: Any) -> None:
        now = time.monotonic()
        if first and now - first[0] > SAME_PRESS:
            raise KeyboardInterrupt
        first.append(now)
        stop()

    signal.signal(signal.SIGINT, heard)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
