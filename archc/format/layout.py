"""One layout for every spec: where lines begin, and the space between tokens.

Lines stay as their author broke them. What changes is the space before and between tokens, so that
nothing that YAML reads can: the same tokens come in the same order. Comments are kept as they are.
"""

from __future__ import annotations

from archc.format.pieces import Gap, Piece, gap_of, pieces
from archc.format.scalars import BlockScalar, moved
from archc.source import Source

STEP = 2
_COMMENT_SPACE = 2


def laid_out(source: Source) -> str:
    """Give a text that can be read as YAML in the one layout."""
    return _Layout(source).run()


class _Block:
    """A list or mapping in block style, its column before and after.

    `implied` is a list in the column of its key, which libyaml does not announce.
    """

    def __init__(self, kind: str, old: int, new: int, implied: bool = False) -> None:
        self.kind, self.old, self.new, self.implied = kind, old, new, implied


class _Flow:
    """A list or mapping in brackets: the column of the line that opened it, that of lines inside."""

    def __init__(self, base: int) -> None:
        self.base = base
        self.inside = base + STEP


class _Layout:
    """One run over the tokens."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.pieces = list(pieces(source))
        self.blocks: list[_Block] = []
        self.flows: list[_Flow] = []
        self.done: list[str] = []
        self.line = ""
        # The column of the first thing in the line that is no dash; None before there is one.
        self.base: int | None = None
        # How far the line has moved to the right.
        self.shift = 0
        self.previous: Piece | None = None
        self.behind = 0
        # Between two visible tokens: whether a key or a block begins, and the blocks before that.
        self.key = self.opened = self.broken = False
        self.levels: list[_Block] = []
        visible = [piece for piece in self.pieces if piece.is_visible]
        # A document in brackets is JSON, where a closing bracket has a line of its own.
        self.json = visible[0].kind in ("{", "[")
        self.after = dict(zip(map(id, visible), visible[1:], strict=False))

    def run(self) -> str:
        for piece in self.pieces:
            self.context(piece)
            if piece.is_visible:
                self.place(piece)
        text = "\n".join(self.done) + ("" if self.ends_open() else "\n")
        return text.replace("\n", "\r\n") if "\r\n" in self.text else text

    def ends_open(self) -> bool:
        """Whether a line end behind the last line would belong to the text in it."""
        last = [piece for piece in self.pieces if piece.is_visible][-2:][0]
        return last.style in ("|", ">") and not self.text.endswith(("\n", "\r"))

    def context(self, piece: Piece) -> None:
        """Follow which block style lists and mappings are open."""
        kind = piece.kind
        if kind in ("open mapping", "open list"):
            self.opened = True
            self.blocks.append(_Block(kind, self.column(piece), self.below()))
        elif kind == "close":
            while self.blocks[-1].implied:
                self.blocks.pop()
            self.blocks.pop()
        elif kind == "key" and not self.flows:
            self.key = True
            if self.blocks[-1].implied:
                self.blocks.pop()
        elif kind == "-" and self.blocks[-1].kind == "open mapping":
            self.opened = True
            self.blocks.append(_Block("open list", self.column(piece), self.below(), implied=True))

    def column(self, piece: Piece) -> int:
        return self.source.place(piece.start)[1] - 1

    def below(self) -> int:
        """Give the column of what is inside the innermost block."""
        return self.blocks[-1].new + STEP if self.blocks else 0

    def place(self, piece: Piece) -> None:
        """Write a token behind, or below, the one before."""
        if self.is_superfluous(piece):
            self.broken = self.broken or gap_of(self.text[self.behind : piece.start]).lines > 0
            self.behind = piece.end
            return
        gap = gap_of(self.text[self.behind : piece.start])
        before = self.previous
        breaks = before is None or self.breaks(before, piece, gap)
        closing = piece.kind in ("}", "]")
        column = self.start_column(piece)
        if gap.has_comments or breaks:
            self.end_line(gap, piece, column)
            self.start_line(piece, column)
        elif before is not None:
            self.line += " " * self.space(before, piece)
        # A line break before a comma is put behind it.
        moves = not breaks and piece.kind == "," and (gap.lines > 0 or self.broken)
        if closing:
            self.flows.pop()
        self.write(piece)
        self.previous, self.broken = piece, moves
        self.key = self.opened = False
        self.levels = list(self.blocks)

    def is_superfluous(self, piece: Piece) -> bool:
        """Whether it is a comma that nothing follows."""
        after = self.after.get(id(piece))
        if piece.kind != "," or after is None or after.kind not in ("}", "]"):
            return False
        return "#" not in self.text[self.behind : after.start]

    def breaks(self, before: Piece, piece: Piece, gap: Gap) -> bool:
        """Whether a token begins a line; where it began one already, as a rule."""
        if piece.kind == "end":
            return True
        if before.kind == "document":
            return gap.lines > 0 or self.opened or piece.kind == "document"
        if not gap.lines and not self.broken:
            return False
        if piece.kind in ("}", "]"):
            return self.json
        if self.flows:
            return piece.kind not in (",", ":")
        content = self.opened or (not self.key and piece.kind in ("scalar", "alias", "{", "["))
        return not (before.kind == "-" and content)

    def start_column(self, piece: Piece) -> int:
        """Give the column of a token that begins a line."""
        if self.flows:
            closes = piece.kind in ("}", "]") and self.json
            return self.flows[-1].base if closes else self.flows[-1].inside
        if piece.kind in ("document", "end"):
            return 0
        entry = self.key or piece.kind in ("-", "key", ":")
        return self.blocks[-1].new if entry else self.below()

    def space(self, before: Piece, piece: Piece) -> int:
        """Give the space between two tokens of one line."""
        if before.kind == "anchor":
            return 1
        if piece.kind == ":":
            return before.kind == "alias"
        if piece.kind in (",", "}", "]"):
            return before.kind == ":"
        return before.kind not in ("{", "[")

    def end_line(self, gap: Gap, piece: Piece, column: int) -> None:
        """End the line that is being written, with its comment, and write the lines of comments below."""
        if gap.trailing and self.previous is None:
            self.done.append(gap.trailing)
        elif gap.trailing:
            wanted = self.old_width(gap) + self.shift if gap.width >= _COMMENT_SPACE else 0
            self.line = self.line.ljust(max(len(self.line) + _COMMENT_SPACE, wanted)) + gap.trailing
        if self.line or self.previous is not None:
            self.done.append(self.line)
        for comment in gap.comments:
            self.blank_line(comment.after_blank)
            self.done.append(" " * self.comment_column(comment.column, piece, column) + comment.text)
        self.blank_line(gap.blank and piece.kind != "end")
        self.line = ""

    def blank_line(self, wanted: bool) -> None:
        if wanted and self.done:
            self.done.append("")

    def old_width(self, gap: Gap) -> int:
        """Give the column in which a comment behind a line stood."""
        return self.source.place(self.behind)[1] - 1 + gap.width

    def comment_column(self, old: int, piece: Piece, column: int) -> int:
        """Give the column of a comment: that of the lines above or below that it was level with."""
        if self.flows:
            return self.flows[-1].inside
        levels = [(self.column(piece) if piece.kind != "end" else 0, column)]
        levels += [(block.old, block.new) for block in reversed(self.levels)]
        fitting = [level for level in levels if level[0] <= old]
        return max(fitting, key=lambda level: level[0])[1] if fitting else column

    def start_line(self, piece: Piece, column: int) -> None:
        self.line = " " * column
        self.base = column if self.flows else None
        self.shift = column - self.column(piece) if piece.kind != "end" else 0
        if piece.kind == "end":
            self.line = ""

    def write(self, piece: Piece) -> None:
        """Write a token at the end of the line."""
        if self.base is None and piece.kind != "-":
            self.base = len(self.line)
        if piece.kind in ("{", "["):
            self.flows.append(_Flow(self.base or 0))
        self.behind = piece.end
        if piece.kind != "scalar":
            self.line += self.text[piece.start : piece.end]
        elif piece.style in ("|", ">"):
            old = self.blocks[-1] if self.blocks else _Block("", 0, 0)
            scalar = BlockScalar(self.text, piece.start, piece.end, old.old)
            self.line += scalar.at(old.new)
            self.behind = scalar.end
        else:
            indent = self.flows[-1].inside if self.flows else max(self.below(), STEP)
            self.line += moved(self.text[piece.start : piece.end], piece.style, indent)
        *lines, self.line = self.line.split("\n")
        self.done += lines
