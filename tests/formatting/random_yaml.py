"""The same spec written in other ways: random spacing, styles, quotation marks, comments and line breaks."""

from __future__ import annotations

import random
import re

from archc.spec.tree import Mapping, Scalar, Sequence, Tree

_SPECIAL = re.compile(r"[][{},]|:")


class Writer:
    """Writes a tree as YAML that reads as the same tree."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def document(self, tree: Tree) -> str:
        chance = self.random.random()
        start = self.random.choice(["", "\n\n", "# a spec\n", "---\n", "  # one\n\n# two\n---\n"])
        if chance < 0.1 and not _has_let(tree):
            return start + self.flow(tree, 1) + self.random.choice(["", "\n", "\n\n# end"])
        text = "\n".join(self.block(tree, 0))
        if self.random.random() < 0.1:
            text = text.replace("\n", "\r\n")
        return start + text + self.random.choice(["", "\n", "\n\n\n", "  # end", "\n   # end\n"])

    def spaces(self, least: int = 0) -> str:
        return " " * self.random.choice([least, least, least, least + 1, least + 3])

    def comment(self) -> str:
        return self.random.choice(["", "", "", "", "   ", " # why", "      # why: because, [so]"])

    def between(self, indent: int) -> list[str]:
        """Give lines that mean nothing."""
        choices = [[], [], [], [], [""], ["", "   "], [" " * indent + "# above"], ["# far left", ""]]
        return self.random.choice(choices)

    def block(self, tree: Tree, indent: int) -> list[str]:
        """Give the lines of a list or mapping in block style, in a column."""
        lines: list[str] = []
        if isinstance(tree, Mapping):
            for entry in tree:
                head = " " * indent + self.scalar(entry.key) + self.spaces() + ":"
                lines += self.between(indent) + self.below(head, entry.value, indent, False)
        else:
            assert isinstance(tree, Sequence)
            for item in tree.items:
                lines += self.between(indent) + self.below(" " * indent + "-", item, indent, True)
        return lines

    def below(self, head: str, tree: Tree, indent: int, dash: bool) -> list[str]:
        """Give the lines of something behind a colon or a dash."""
        empty = not isinstance(tree, Scalar) and not (
            tree.entries if isinstance(tree, Mapping) else tree.items
        )
        if isinstance(tree, Scalar):
            return self.value(head, tree, indent)
        stays = _has_let(tree) or re.match(r" *let *:", head)
        if empty or (self.random.random() < 0.5 and not stays):
            return (head + self.spaces(1) + self.flow(tree, indent + 1) + self.comment()).split("\n")
        anchor = self.random.choice(["", "", "", "", " &a"])
        if dash and not anchor and self.random.random() < 0.7:
            inside = indent + 1 + self.random.choice([1, 1, 1, 3])
            lines = self.block(tree, inside)
            while not lines[0].strip() or lines[0].lstrip().startswith("#"):
                del lines[0]
            return [head + lines[0][len(head) :], *lines[1:]]
        steps = [2, 2, 1, 3, 4] if isinstance(tree, Mapping) or dash else [0, 0, 2, 2, 1, 4]
        return [head + anchor + self.comment(), *self.block(tree, indent + self.random.choice(steps))]

    def value(self, head: str, scalar: Scalar, indent: int) -> list[str]:
        if scalar.is_empty:
            return [head + self.comment()]
        chance = self.random.random()
        words = scalar.text.split(" ")
        if not scalar.plain and chance < 0.2 and _is_printable(scalar.text):
            inside = " " * (indent + self.random.choice([1, 2, 5]))
            sign = self.random.choice("|>")
            return [
                f"{head} {sign}-{self.comment()}",
                inside + scalar.text,
                *self.random.choice([[], ["", ""]]),
            ]
        if chance < 0.1 and len(words) > 2 and all(word[:1].isalnum() for word in words):
            pad = " " * (indent + self.random.choice([1, 3]))
            text = f"{' '.join(words[:2])}\n{pad}{' '.join(words[2:])}"
            return [f"{head} {self.scalar(scalar, text)}"]
        if chance < 0.15:
            return [head + self.comment(), " " * (indent + 1) + self.spaces() + self.scalar(scalar)]
        return [head + self.spaces(1) + self.scalar(scalar) + self.comment()]

    def flow(self, tree: Tree, indent: int) -> str:
        """Give something in one piece, brackets where it has parts; it may go over several lines."""
        if isinstance(tree, Scalar):
            # What may stand alone as it is has to be quoted inside brackets.
            needed = tree.plain and _SPECIAL.search(tree.text)
            return f'"{tree.text}"' if needed else self.scalar(tree)
        if isinstance(tree, Sequence):
            parts = [self.flow(item, indent) for item in tree.items]
            return self.joined("[", parts, "]", indent)
        pairs = [
            self.scalar(entry.key) + self.spaces() + ":" + self.spaces(1) + self.flow(entry.value, indent)
            for entry in tree
        ]
        return self.joined("{", pairs, "}", indent)

    def joined(self, opener: str, parts: list[str], closer: str, indent: int) -> str:
        trailing = "," if parts and self.random.random() < 0.2 else ""
        inside = (self.pause(indent) + ",").join(self.pause(indent) + part for part in parts)
        return opener + inside + trailing + self.pause(indent) + closer

    def pause(self, indent: int) -> str:
        """Give space between two pieces inside brackets."""
        chance = self.random.random()
        if chance < 0.06:
            return self.comment() + "\n" + " " * (indent + self.random.choice([0, 1, 6]))
        return self.spaces()

    def scalar(self, scalar: Scalar, text: str | None = None) -> str:
        if scalar.plain:
            return text or scalar.text
        text = text or scalar.text
        if self.random.random() < 0.5 and "'" not in text and _is_printable(text):
            return f"'{text}'"
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _has_let(tree: Tree) -> bool:
    """Whether there is a `let` inside, whose values are texts, not expressions, when they are quoted."""
    if isinstance(tree, Mapping):
        return any(entry.key.text == "let" or _has_let(entry.value) for entry in tree)
    return isinstance(tree, Sequence) and any(map(_has_let, tree.items))


def _is_printable(text: str) -> bool:
    return bool(text) and text.isprintable() and text.strip() == text and not text.startswith("#")
