"""What is wrong with a text that is not YAML, in words for its author."""

from __future__ import annotations

import re

import yaml

from archc.source import Diagnostic, Label, Record, Source, Span
from archc.spec.yaml_repair import missing_space, needs_quotes

_MISSING_SPACE = re.compile(r"\s*(?:- +)*([A-Za-z_][A-Za-z0-9_]*):[^\s:/]")
_TAG_BEFORE = re.compile(r"(![^\s,{}\[\]]*)\Z")
_CLOSERS = {"{": "}", "[": "]", "(": ")"}


def explain(source: Source, error: yaml.YAMLError, offset: int) -> Diagnostic:
    """Turn an error of libyaml into a diagnostic that says what to write."""
    problem_mark = getattr(error, "problem_mark", None)
    context_mark = getattr(error, "context_mark", None)
    at = min(problem_mark.index + offset, len(source.text)) if problem_mark else 0
    opened = min(context_mark.index + offset, len(source.text)) if context_mark else at
    words = str(getattr(error, "problem", None) or "the text ends too early")
    if "nesting depth" in words:
        # libyaml has a limit of its own since 0.2.6, and reads ahead of the events that ours counts.
        return Diagnostic("E0802", "the document nests deeper than YAML is read", _character(source, at))
    problem = _Problem(source, words, at, opened)
    for explanation in (
        _tab,
        _open_quote,
        _flow,
        _word_key,
        _nested_value,
        _missing_key,
        _indentation,
        _special_start,
    ):
        found = explanation(problem)
        if found:
            return found
    return Diagnostic("E0101", f"this is not valid YAML: {words}", _character(source, at))


class _Problem(Record):
    """What libyaml says, where it noticed, and where what it was reading began."""

    source: Source
    words: str
    at: int
    opened: int


def _character(source: Source, at: int) -> Span:
    """Give the character at a place; at the end of the text, or of a line, the one before."""
    text = source.text
    while at > 0 and (at >= len(text) or text[at] in "\r\n"):
        at -= 1
    return Span(source, at, min(at + 1, len(text)))


def _line_around(source: Source, at: int) -> tuple[int, str]:
    """Give the start and text of the line of a place."""
    line, column = source.place(at)
    return at - column + 1, source.line(line)


def _line_above(source: Source, start: int) -> tuple[int, str] | None:
    """Give the nearest line above that holds more than space and comments."""
    number = source.place(start)[0] - 1
    while number >= 1:
        text = source.line(number)
        if text.strip() and not text.lstrip().startswith("#"):
            return source.line_starts[number - 1], text
        number -= 1
    return None


def _tab(problem: _Problem) -> Diagnostic | None:
    source, at, opened = problem.source, problem.at, problem.opened
    for place in (at, opened):
        start, line = _line_around(source, place)
        indent = len(line) - len(line.lstrip())
        tab = line.find("\t", 0, indent)
        if tab < 0 and place < len(source.text) and source.text[place] == "\t":
            tab = place - start
        if tab >= 0:
            span = Span(source, start + tab, start + tab + 1)
            return Diagnostic("E0103", "a tab is used for indentation", span, help=("indent with spaces",))
    return _tab(_Problem(source, "", at - 1, at - 1)) if "tab" in problem.words and at > 0 else None


def _open_quote(problem: _Problem) -> Diagnostic | None:
    source, at, opened = problem.source, problem.at, problem.opened
    if source.text[opened : opened + 1] not in ('"', "'"):
        return None
    quote = source.text[opened]
    if "end of stream" in problem.words or "document indicator" in problem.words:
        message = f"the quotation mark `{quote}` is not closed"
        return Diagnostic(
            "E0102", message, Span(source, opened, opened + 1), help=(f"add a closing `{quote}`",)
        )
    if "escape" in problem.words:
        span = Span(source, at, min(at + 2, len(source.text)))
        help_ = "use single quotes, in which a backslash is itself"
        return Diagnostic("E0101", f"`{span.text}` is not an escape of YAML", span, help=(help_,))
    return None


def _flow(problem: _Problem) -> Diagnostic | None:
    """Explain what went wrong inside `{}` or `[]`."""
    source, at, opened = problem.source, problem.at, problem.opened
    text = source.text
    opener = text[opened : opened + 1]
    if opener not in _CLOSERS or "expected ','" not in problem.words:
        return None
    character = text[at : at + 1]
    if character == "[" and at > 0 and (text[at - 1].isalnum() or text[at - 1] in "_)]"):
        start, end = _value_around(text, at, opened)
        note = "inside `{}` and `[]`, YAML takes a bracket for the start of a list"
        return needs_quotes(source, start, end, f"`{text[start:end]}` has brackets and no quotes", note)
    label = (Label(Span(source, opened, opened + 1), "this is open"),)
    if not character or (character in "}])" and character != _CLOSERS[opener]) or "\n" in text[opened:at]:
        message = f"the bracket `{opener}` is not closed"
        where = (Label(_character(source, at), "expected before this"),) if character else ()
        help_ = f"add a `{_CLOSERS[opener]}`"
        return Diagnostic("E0102", message, Span(source, opened, opened + 1), labels=where, help=(help_,))
    if character == "{" and text[at - 1 : at] == "$":
        help_ = "parameters are inserted by `$(name)`; where a number is expected, the name alone is enough"
        return Diagnostic(
            "E0101", "`${` is not of this language", Span(source, at - 1, at + 1), help=(help_,)
        )
    help_ = f"write a comma before it, or close with `{_CLOSERS[opener]}`"
    message = f"a comma or `{_CLOSERS[opener]}` is missing before `{character}`"
    return Diagnostic(
        "E0101",
        message,
        _character(source, at),
        labels=label,
        help=(help_, "put texts with special characters in quotes"),
    )


def _value_around(text: str, at: int, opened: int) -> tuple[int, int]:
    """Give the bounds of the unquoted value around a bracket, up to the comma or brace that ends it."""
    start, open_ = opened + 1, 0
    for index in range(opened + 1, at):
        open_ += (text[index] in "[({") - (text[index] in "])}")
        if open_ == 0 and (text[index] == "," or (text[index] == ":" and text[index + 1].isspace())):
            start = index + 1
    start += len(text[start:at]) - len(text[start:at].lstrip())
    end, open_ = start, 0
    while end < len(text) and text[end] not in "\r\n":
        character = text[end]
        if open_ <= 0 and character in ",}]":
            break
        open_ += (character in "[({") - (character in "])}")
        end += 1
    return start, start + len(text[start:end].rstrip())


def _word_key(problem: _Problem) -> Diagnostic | None:
    """Find `name:lenet`, which is a word and not a key with a value."""
    source, at, opened = problem.source, problem.at, problem.opened
    if "mapping values" not in problem.words and "':'" not in problem.words:
        return None
    if "unexpected ':'" in problem.words:
        return missing_space(source, at)
    for place in (opened, at):
        start, line = _line_around(source, place)
        above = _line_above(source, start)
        for begin, candidate in ((start, line), *([above] if above else [])):
            match = _MISSING_SPACE.match(candidate)
            if match:
                return missing_space(source, begin + match.end(1))
    return None


def _nested_value(problem: _Problem) -> Diagnostic | None:
    """Explain a second colon in one line, or a key indented below a value."""
    source, at = problem.source, problem.at
    if "mapping values" not in problem.words:
        return None
    start, line = _line_around(source, at)
    before = line[: at - start]
    key = re.match(r"(\s*(?:- +)*[^\s#'\"][^:]*:\s+)\S", before)
    if key:
        begin, value = start + key.end(1), re.split(r"\s#", line[key.end(1) :])[0].rstrip()
        note = "a colon and a space make a key, and this line has one already"
        found = needs_quotes(source, begin, begin + len(value), "a second colon in one line", note)
        return found.replace(code="E0112", span=Span(source, at, at + 1))
    indent = len(line) - len(line.lstrip())
    above = _line_above(source, start)
    labels: tuple[Label, ...] = ()
    if above:
        begin = above[0] + len(above[1]) - len(above[1].lstrip())
        over = Span(source, begin, above[0] + len(above[1].rstrip()))
        if begin - above[0] >= indent and ":" not in over.text:
            message = f"the line `{over.text}` has no colon"
            return Diagnostic("E0101", message, over, help=(f"write `{over.text}:`, or remove it",))
        labels = (Label(over, "below this"),)
    span = Span(source, start + indent, at)
    help_ = "start it in the same column as its neighbours"
    return Diagnostic("E0104", "a key that is indented below a value", span, labels=labels, help=(help_,))


def _missing_key(problem: _Problem) -> Diagnostic | None:
    source, at = problem.source, problem.at
    expected = "expected key" in problem.words or "expected node content" in problem.words
    if not expected or source.text[at : at + 1] != ":":
        return None
    span = Span(source, at, at + 1)
    return Diagnostic("E0113", "a key is missing", span, help=("write a word before the colon",))


def _indentation(problem: _Problem) -> Diagnostic | None:
    source, at, opened = problem.source, problem.at, problem.opened
    if (
        "expected key" not in problem.words
        and "block end" not in problem.words
        and "'-' indicator" not in problem.words
        and "':'" not in problem.words
    ):
        return None
    start, line = _line_around(source, at)
    if "':'" in problem.words:
        start, line = _line_around(source, opened)
        span = Span(source, opened, start + len(line.rstrip()))
        return Diagnostic(
            "E0101",
            "a line that is neither `key: value` nor an item of a list",
            span,
            help=("write `key: value` or `- item`",),
        )
    if line[: at - start].strip():
        span = Span(source, at, max(start + len(line.rstrip()), at + 1))
        help_ = (
            "put the whole value in quotes"
            if line.count('"') or line.count("'")
            else "put it on a line of its own"
        )
        return Diagnostic("E0101", f"`{span.text}` stands behind the end of the value", span, help=(help_,))
    labels = (Label(_character(source, opened), "its neighbours start in this column"),)
    help_ = "start it in the same column as its neighbours"
    return Diagnostic(
        "E0104",
        "this line is indented unlike its neighbours",
        _character(source, at),
        labels=labels,
        help=(help_,),
    )


def _special_start(problem: _Problem) -> Diagnostic | None:
    source, at = problem.source, problem.at
    if "cannot start any token" in problem.words:
        character = source.text[at : at + 1]
        help_ = "put the text in quotes"
        return Diagnostic(
            "E0101", f"a text cannot begin with `{character}`", _character(source, at), help=(help_,)
        )
    if "document start" in problem.words:
        return Diagnostic(
            "E0109", "the document has ended above", _character(source, at), help=("remove the line `...`",)
        )
    tag = _TAG_BEFORE.search(source.text, max(source.text.rfind("\n", 0, at), 0), at)
    if "tag handle" in problem.words or (tag and "whitespace" in problem.words):
        span = Span(source, tag.start(1), tag.end(1)) if tag else _character(source, at)
        help_ = f"write `not {span.text[1:]}`" if span.text[1:].isidentifier() else "remove it"
        return Diagnostic("E0106", f"the tag `{span.text}` is not allowed", span, help=(help_,))
    if "node content" in problem.words or "expected the node" in problem.words:
        return Diagnostic(
            "E0101", f"a value is missing before `{source.text[at : at + 1]}`", _character(source, at)
        )
    return None
