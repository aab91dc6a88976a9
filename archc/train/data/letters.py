"""Text, a character or a byte at a time: what is read, and what comes next."""

from __future__ import annotations

import codecs
from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any

from archc.opdef import attr, integer, text
from archc.sizes import INT64
from archc.train.data.source import DataProblem, Field, Source, check_memory

if TYPE_CHECKING:
    import numpy as np

_CHUNK = 1 << 20
_BYTES = 256
PRINTABLE = "\n" + "".join(map(chr, range(32, 127)))


def letters(path: str, length: int, vocabulary: str | None) -> dict[str, np.ndarray]:
    """Give pieces of a text as numbers of its characters, or of bytes where there is no vocabulary.

    The target is one character ahead. The pieces do not overlap, so that what is kept aside is unseen.
    """
    from pathlib import Path

    import numpy as np

    raw = Path(path).read_bytes()
    if vocabulary is None:
        numbers = np.frombuffer(raw, "uint8").astype("int64")
    else:
        points = np.frombuffer(raw.decode("utf-8-sig").encode("utf-32-le"), "<u4")
        known = np.frombuffer(vocabulary.encode("utf-32-le"), "<u4")
        numbers = np.searchsorted(known, points)
    whole = (len(numbers) - 1) // length * length
    return {
        "tokens": numbers[:whole].reshape(-1, length),
        "target": numbers[1 : whole + 1].reshape(-1, length),
    }


def python_help(length: int) -> dict[str, np.ndarray]:
    """Give pieces of the English text of Python's own help, as numbers of 96 characters.

    Number 0 is the end of a line, the others are ASCII from the blank on. Indents and the rules of
    tables are left out. The target is one character ahead. The pieces do not overlap, so that what is
    kept aside is unseen.
    """
    from pydoc_data.topics import topics

    import numpy as np

    quotes = {
        0x201C: '"',
        0x201D: '"',
        0x2018: "'",
        0x2019: "'",
        0x2013: "-",
        0x2014: "-",
    }
    lines = (
        "\n".join(topics[name] for name in sorted(topics))
        .translate(quotes)
        .splitlines()
    )
    words = (" ".join(line.split()) for line in lines if any(map(str.isalpha, line)))
    raw = np.frombuffer("\n".join(words).encode("ascii", "ignore"), "uint8")
    raw = raw[(raw == 10) | ((raw >= 32) & (raw < 127))]
    numbers = np.where(raw == 10, 0, raw.astype("int64") - 31)
    count = (len(numbers) - 1) // length * length
    return {
        "tokens": numbers[:count].reshape(-1, length),
        "target": numbers[1 : count + 1].reshape(-1, length),
    }


class Letters(Source):
    """What sources of text share: pieces of one length, and the same one character ahead."""

    length: int = attr(
        integer(min=1, max=10**6), 64, doc="how many characters a piece has"
    )

    @abstractmethod
    def vocabulary_size(self) -> int:
        """Say how many different characters there are."""

    def fields(self) -> tuple[Field, ...]:
        """Give what is read and what comes next."""
        last = self.vocabulary_size() - 1
        return tuple(
            Field(name, INT64, (self.length,), 0, last) for name in ("tokens", "target")
        )


class Text(Letters):
    """A text file: `tokens` are pieces of it, `target` the same pieces one character ahead.

    The vocabulary is the file's different characters, in Unicode's order; bytes are their own numbers.
    """

    name = "text"
    maker = staticmethod(letters)
    path: str = attr(text(), main=True, doc="the file, relative to the spec")
    units: str = attr(
        text("characters", "bytes"),
        "characters",
        doc="what is numbered: characters of UTF-8, or bytes",
    )

    @cached_property
    def vocabulary(self) -> str | None:
        """Read the file's different characters; None for bytes. Raises DataProblem."""
        path = self.place.file(self.path)
        check_memory(8 * path.stat().st_size, self.path)
        if self.units == "bytes":
            self._check_length(path.stat().st_size)
            return None
        found: set[str] = set()
        decoder = codecs.getincrementaldecoder("utf-8-sig")()
        read = count = 0
        with path.open("rb") as file:
            while True:
                chunk = file.read(_CHUNK)
                try:
                    characters = decoder.decode(chunk, final=not chunk)
                except UnicodeDecodeError as error:
                    place = read + len(chunk) - len(error.object) + error.start
                    message = f"`{self.path}` is no text in UTF-8: byte {place:,} fits no character"
                    raise DataProblem(
                        "E1031", message, "save it as UTF-8, or write `units: bytes`"
                    ) from None
                read += len(chunk)
                count += len(characters)
                found.update(characters)
                if not chunk:
                    break
        self._check_length(count)
        return "".join(sorted(found))

    def vocabulary_size(self) -> int:
        """Say how many different characters the file has."""
        return _BYTES if self.vocabulary is None else len(self.vocabulary)

    def arguments(self) -> dict[str, Any]:
        """Give the file's path, and its vocabulary."""
        return {
            "path": str(self.place.file(self.path)),
            "length": self.length,
            "vocabulary": self.vocabulary,
        }

    def meanings(self) -> dict[str, Any]:
        """Give the characters by their numbers."""
        found = "bytes" if self.vocabulary is None else list(self.vocabulary)
        return {"tokens": found, "target": found}

    def _check_length(self, count: int) -> None:
        if count <= self.length:
            message = f"`{self.path}` has {count:,} {self.units}, and a piece needs {self.length + 1:,}"
            raise DataProblem("E1031", message, "a shorter `length`, or a longer text")


class PythonHelp(Letters):
    """The English text of Python's own help, which is in every Python: half a million characters.

    The vocabulary is the end of a line and the 95 characters that ASCII prints.
    """

    name = "python_help"
    maker = staticmethod(python_help)
    length: int = attr(
        integer(min=1, max=10**5), 64, main=True, doc="how many characters a piece has"
    )

    def vocabulary_size(self) -> int:
        """Say how many characters ASCII prints."""
        return len(PRINTABLE)

    def meanings(self) -> dict[str, Any]:
        """Give the characters by their numbers."""
        return {"tokens": list(PRINTABLE), "target": list(PRINTABLE)}
