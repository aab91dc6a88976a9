"""Make the next pieces while the last ones are written: numpy and hashing leave the interpreter free."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

DEPTH = 4

_Item = TypeVar("_Item")


class _End:
    """The last thing in the queue; holds what the producer raised, if it did."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(items: Iterable[_Item], depth: int = DEPTH) -> Iterator[_Item]:
    """Give items in order, made by another thread at most `depth` ahead."""
    made: queue.Queue[_Item | _End] = queue.Queue(depth)
    stopped = threading.Event()

    def offer(item: _Item | _End) -> bool:
        while not stopped.is_set():
            try:
                made.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def produce() -> None:
        error: BaseException | None = None
        try:
            for item in items:
                if not offer(item):
                    return
        except BaseException as raised:  # it is raised again where the items are used
            error = raised
        offer(_End(error))

    threading.Thread(target=produce, daemon=True).start()
    try:
        while not isinstance(item := made.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
