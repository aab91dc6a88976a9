"""Changing specs on disk: each file is the old one or the new one, whatever happens."""

from __future__ import annotations

import contextlib
import os
import tempfile

from archc.source import Diagnostic, Record, Source
from archc.spec.files import FileProblem


class Change(Record):
    """What became of one spec: its text before, and after; the same where it could not be read."""

    place: str
    before: Source
    after: Source
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether there is anything to write."""
        return self.before.text != self.after.text

    @property
    def diff(self) -> str:
        """The change as a unified diff; empty where nothing differs."""
        import difflib

        before, after = (source.text.splitlines(keepends=True) for source in (self.before, self.after))
        found = difflib.unified_diff(before, after, self.before.name, self.before.name)
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in found
        )


def write(change: Change) -> None:
    """Put the new text in the place of the file. Raises FileProblem (E0901)."""
    target = os.path.realpath(change.place)
    fresh = ""
    try:
        mode = os.stat(target).st_mode
        handle, fresh = tempfile.mkstemp(prefix=".archc-", dir=os.path.dirname(target))
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(change.after.text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(fresh, mode)
        os.replace(fresh, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(fresh)
        reason = (error.strerror or str(error)).lower()
        raise FileProblem(Diagnostic("E0901", f"`{change.place}` cannot be written: {reason}")) from None
