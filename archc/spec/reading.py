"""What all readers of parts of the document share: mistakes, and pieces of the kind that is needed."""

from __future__ import annotations

from collections.abc import Collection

from archc.source import (
    Diagnostic,
    Diagnostics,
    Fix,
    Label,
    Source,
    Span,
    did_you_mean,
    nearest,
    replacement,
    respelled,
)
from archc.spec.expression import ExpressionError
from archc.spec.limits import Limits
from archc.spec.names import check_identifier, check_name, is_name
from archc.spec.template import expression_of, template_of
from archc.spec.tree import Entry, Mapping, Scalar, Sequence, Tree, describe


class Reading:
    """One run over one document."""

    def __init__(
        self, source: Source, diagnostics: Diagnostics, limits: Limits, known_ops: Collection[str] = ()
    ) -> None:
        self.source = source
        self.diagnostics = diagnostics
        self.limits = limits
        self.known_ops = known_ops
        self.mistakes = 0

    def add(self, diagnostic: Diagnostic | None) -> None:
        """Keep a mistake, if there is one."""
        if diagnostic is not None:
            self.mistakes += 1
            self.diagnostics.add(diagnostic)

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        *help_: str,
        labels: tuple[Label, ...] = (),
        notes: tuple[str, ...] = (),
        fix: Fix | None = None,
    ) -> None:
        """Report a mistake."""
        self.add(Diagnostic(code, message, span, labels=labels, notes=notes, help=help_, fix=fix))

    def wrong_kind(self, need: str, tree: Tree, *help_: str, fix: Fix | None = None) -> None:
        """Report a piece of the wrong kind; `need` says what it has to be."""
        self.error("E0202", f"{need}, this is {describe(tree)}", self.head(tree), *help_, fix=fix)

    def head(self, tree: Tree) -> Span:
        """Give the first line of a piece: enough to see what it is."""
        text = self.source.text[tree.start : tree.end] if tree.source is self.source else ""
        line = text.partition("\n")[0].rstrip()
        return Span(tree.source, tree.start, tree.start + len(line)) if text else tree.span

    def fields(self, tree: Mapping, known: Collection[str], what: str, help_: str = "") -> dict[str, Tree]:
        """Give the entries of a mapping by key; unknown keys are reported and left out."""
        found: dict[str, Tree] = {}
        for entry in tree.entries:
            if entry.key.text in known:
                found[entry.key.text] = entry.value
            else:
                self.unknown_key(entry.key, known, what, help_)
        return found

    def unknown_key(self, key: Scalar, known: Collection[str], what: str, help_: str = "") -> None:
        """Report a key that does not exist, with the nearest that does."""
        near = nearest(key.text, known)
        notes = () if near else (f"the keys of {what} are {', '.join(f'`{word}`' for word in known)}",)
        helps = (*did_you_mean(key.text, known), *([help_] if help_ else []))
        message = f"`{key.text}` is not a key of {what}"
        fix = respelled(key.span, known)
        self.error("E0201", message, key.span, *helps, notes=notes, fix=fix)

    def mapping(self, tree: Tree | None, what: str, *help_: str) -> Mapping | None:
        """Give a piece that has to be a mapping."""
        if tree is None or isinstance(tree, Mapping):
            return tree
        self.wrong_kind(f"{what} is a mapping", tree, *help_)
        return None

    def entries(self, tree: Tree | None, what: str, *help_: str) -> tuple[Entry, ...]:
        """Give the entries of what has to be a mapping, or nothing."""
        found = self.mapping(tree, what, *help_)
        return found.entries if found else ()

    def sequence(self, tree: Tree | None, what: str, *help_: str) -> Sequence | None:
        """Give a piece that has to be a list."""
        if tree is None or isinstance(tree, Sequence):
            return tree
        self.wrong_kind(f"{what} is a list", tree, *help_)
        return None

    def scalar(self, tree: Tree | None, what: str, *help_: str) -> Scalar | None:
        """Give a piece that has to be a single value, written out."""
        if tree is None:
            return None
        if isinstance(tree, Scalar) and not tree.is_empty:
            return tree
        self.wrong_kind(f"{what} is a single value", tree, *help_)
        return None

    def expression(self, tree: Tree | None, what: str) -> Scalar | None:
        """Give a piece that is an expression; its syntax is checked, its value is not known yet."""
        scalar = self.scalar(tree, what)
        if scalar is not None:
            try:
                expression_of(scalar, self.limits)
            except ExpressionError as error:
                self.add(error.diagnostic)
        return scalar

    def text(self, tree: Tree | None, what: str) -> str:
        """Give a text, empty where none is written."""
        scalar = self.scalar(tree, what)
        return scalar.text if scalar else ""

    def boolean(self, tree: Tree | None, what: str) -> bool:
        """Give `true` or `false`; false where nothing is written."""
        if tree is None:
            return False
        if isinstance(tree, Scalar) and isinstance(tree.value, bool):
            return tree.value
        words = {"yes": "true", "on": "true", "True": "true", "no": "false", "off": "false", "False": "false"}
        right = words.get(tree.text) if isinstance(tree, Scalar) else None
        helps, fix = ((f"write `{right}`",), replacement(tree.span, right)) if right else ((), None)
        self.wrong_kind(f"{what} is `true` or `false`", tree, *helps, fix=fix)
        return False

    def template(self, scalar: Scalar, inserted: str = "0") -> str | None:
        """Give a text with a stand-in for each `$(...)`, to check what is known of it; None if misspelt."""
        if "$(" not in scalar.text:
            return scalar.text
        try:
            parts = template_of(scalar, self.limits).parts
        except ExpressionError as error:
            self.add(error.diagnostic)
            return None
        return "".join(part if isinstance(part, str) else inserted for part in parts)

    def value_name(self, scalar: Scalar) -> None:
        """Check the name of a value, as far as it is known before `$(...)` is evaluated."""
        if is_name(scalar.text):
            return
        text = self.template(scalar)
        problem = check_name(text, scalar.span) if text is not None else None
        if problem and text != scalar.text:
            # What is inserted may be a word as well as a number: `$(prefix)conv`.
            if check_name((self.template(scalar, "x") or ""), scalar.span) is None:
                return
            problem = problem.replace(message=f"`{scalar.text}` cannot be a name")
        self.add(problem)

    def is_word(self, scalar: Scalar, what: str) -> bool:
        """Whether a scalar is text, or digits, so that it can name something; reports what is not."""
        if not scalar.plain:
            return True
        value = scalar.value
        if isinstance(value, float):
            self.not_a_word(scalar, f"{what} takes a name, `{scalar.text}` is a number")
        elif value is None or isinstance(value, bool):
            self.error(
                "E0209", f"{what} takes a name, this is {describe(scalar)}", scalar.span, "write a word"
            )
        else:
            return True
        return False

    def not_a_word(self, scalar: Scalar, message: str) -> None:
        """Report a value that YAML does not read as text, with the line that makes it one."""
        from archc.spec.yaml_repair import corrected, quoted

        text = quoted(scalar.text)
        helps = (f"put it in quotes: `{corrected(scalar.span, text)}`",)
        self.error("E0209", message, scalar.span, *helps, fix=replacement(scalar.span, text))

    def identifier(self, key: Scalar, module: bool = False) -> bool:
        """Whether a key may name a parameter, size, block or model; reports why not."""
        problem = check_identifier(key.text, key.span, module)
        self.add(problem)
        return problem is None
