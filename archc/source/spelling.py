"""Misspelt words: what was most likely meant, in words and as a fix."""

from __future__ import annotations

from collections.abc import Iterable

from archc.source.diagnostic import Edit, Fix
from archc.source.text import Span

# How alike two words have to be for one to be put in the other's place without asking.
_ALIKE = 0.75
# By how much a word may be less alike than the nearest and still be named beside it.
_MUCH = 0.1
# By how much one word has to be more alike than another to be the one that was meant.
_CLEARLY = 0.05


def nearest(word: str, words: Iterable[str]) -> tuple[str, ...]:
    """Give the words that a misspelt word most likely meant, best first; at most two."""
    known = list(words)
    lower = {w.lower(): w for w in known}
    if word.lower() in lower:
        return (lower[word.lower()],)
    squeezed = {w.replace("_", "").lower(): w for w in known}
    if word.replace("_", "").lower() in squeezed:
        return (squeezed[word.replace("_", "").lower()],)
    swapped = tuple(w for w in known if w != word and sorted(w) == sorted(word))
    if swapped:
        return swapped[:2]
    import difflib

    found = difflib.get_close_matches(word, known, n=2, cutoff=0.6)
    alike = [difflib.SequenceMatcher(None, word, each).ratio() for each in found]
    return tuple(each for each, ratio in zip(found, alike, strict=True) if ratio > alike[0] - _MUCH)


def did_you_mean(word: str, words: Iterable[str]) -> tuple[str, ...]:
    """Give the help line for a misspelt word, or nothing."""
    found = nearest(word, words)
    return ("did you mean " + " or ".join(f"`{name}`" for name in found) + "?",) if found else ()


def respelled(span: Span, words: Iterable[str], safe: bool = True) -> Fix | None:
    """Give the fix that puts the right word in a place, if one word alone may be meant.

    It is safe where the words are a closed list and the two hardly differ; a digit is no slip: `conv4d`
    is not `conv3d`.
    """
    word = span.text.strip("\"'")
    found = nearest(word, words)
    likeness = {each: _likeness(word, each) for each in found}
    best = max(likeness.values(), default=0.0)
    likely = [each for each in found if likeness[each] > best - _CLEARLY]
    if best >= _ALIKE and len(likely) == 1:
        return Fix((Edit(span, likely[0]),), safe=safe)
    return Fix((Edit(span, found[0]),)) if len(found) == 1 else None


def _likeness(word: str, right: str) -> float:
    """Say how alike two words are, from 0 to 1; words with other digits are not."""
    import difflib

    if word.replace("_", "").lower() == right.replace("_", "").lower():
        return 1.0
    if list(filter(str.isdigit, word)) != list(filter(str.isdigit, right)):
        return 0.0
    return 1.0 if sorted(word) == sorted(right) else difflib.SequenceMatcher(None, word, right).ratio()
