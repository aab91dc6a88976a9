"""Regular expressions that match a whole name in time proportional to its length.

All ways through a pattern are followed at once, one character after the other (Thompson's and Pike's
construction, with the states that were met kept), so no pattern can make a name take long: there is
nothing to go back to. What cannot
be matched so, references to groups and looking around, is not in the language. Which groups hold what
is as in Python's `re.fullmatch`: earlier alternatives first, `*` as much as it can, `*?` as little.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from archc.source import Record
from archc.weights.pattern_parser import Alternatives, Characters, Group, Part, Repeat, parse

MOST_INSTRUCTIONS = 2_000
MOST_MOVES = 50_000

# Where groups begin and end: the last mark that was passed, the place, and what was passed before.
Passed: TypeAlias = "tuple[int, int, Passed] | None"
# The threads after a character: from which thread before it each comes, and the marks that it passed.
Sources = tuple[tuple[int, tuple[int, ...]], ...]


class PatternTooLarge(Exception):  # noqa: N818 - a user's, not a failure of archc
    """A pattern's repetitions unfold to more instructions than allowed."""


class Budget:
    """How many steps of matching are left, for all patterns together."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Count steps; raises OutOfSteps."""
        self.left -= steps
        if self.left < 0:
            raise OutOfSteps


class OutOfSteps(Exception):  # noqa: N818 - a user's, not a failure of archc
    """Matching has taken more steps than there were."""


class _Instruction(Record):
    """One step of a pattern: take a character, and go on at the next step; or go on at other places.

    `next` holds the places, best first; `save` is the mark of a group that is passed, -1 for none.
    """

    next: tuple[int, ...] = ()
    accepts: Callable[[str], bool] | None = None
    save: int = -1


class _State:
    """Where the threads are, best first, and where they get to by each character, as far as known."""

    __slots__ = ("moves", "threads")

    def __init__(self, threads: tuple[int, ...]) -> None:
        self.threads = threads
        self.moves: dict[str, tuple[_State, Sources]] = {}


def _pass(passed: Passed, marks: tuple[int, ...], at: int) -> Passed:
    for mark in marks:
        passed = (mark, at, passed)
    return passed


class Pattern:
    """A compiled pattern. `groups` counts its groups, `names` gives the numbers of the named ones."""

    def __init__(self, text: str) -> None:
        self.text = text
        parsed = parse(text)
        self.groups, self.names = parsed.groups, dict(parsed.names)
        self.prefix = _literal(parsed.parts)
        self.suffix = _literal(parsed.parts[::-1])[::-1]
        self._program: list[_Instruction] = []
        self._sequence(parsed.parts)
        self._end = len(self._program)
        self._forget()

    def match(self, name: str, budget: Budget) -> tuple[str, ...] | None:
        """Give the whole name and what its groups hold, "" for one that took no part; None if it differs."""
        if not name.startswith(self.prefix) or not name.endswith(self.suffix):
            return None
        state, sources = self._start
        passed = [_pass(None, marks, 0) for _, marks in sources]
        for at, character in enumerate(name, 1):
            if character not in state.moves:
                state.moves[character] = self._move(state, character, budget)
            state, sources = state.moves[character]
            if not sources:
                return None
            budget.spend(len(sources))
            passed = [
                _pass(passed[source], marks, at) if marks else passed[source] for source, marks in sources
            ]
        if self._end not in state.threads:
            return None
        return (name, *self._held(name, passed[state.threads.index(self._end)]))

    def _held(self, name: str, passed: Passed) -> list[str]:
        """Give what each group holds, from the marks that were passed, last first."""
        places: dict[int, int] = {}
        while passed is not None:
            mark, at, passed = passed
            places.setdefault(mark, at)
        ends = ((places.get(2 * group, 0), places.get(2 * group + 1, 0)) for group in range(self.groups))
        return [name[start:end] for start, end in ends]

    def _move(self, state: _State, character: str, budget: Budget) -> tuple[_State, Sources]:
        """Give where the threads of a state are after a character, to be kept up to a bound."""
        program = self._program
        moved = []
        for source, place in enumerate(state.threads):
            accepts = None if place == self._end else program[place].accepts
            if accepts is not None and accepts(character):
                moved.append((source, place + 1))
        budget.spend(len(state.threads) + len(program))
        self._moves += 1
        if self._moves > MOST_MOVES:
            self._forget()
        return self._state(moved)

    def _forget(self) -> None:
        self._moves = 0
        self._states: dict[tuple[int, ...], _State] = {}
        self._start = self._state([(0, 0)])

    def _state(self, starts: list[tuple[int, int]]) -> tuple[_State, Sources]:
        """Follow what takes no character; give the places that wait for one, best first."""
        found: dict[int, tuple[int, tuple[int, ...]]] = {}
        seen: set[int] = set()
        stack: list[tuple[int, int, tuple[int, ...]]] = [
            (source, place, ()) for source, place in reversed(starts)
        ]
        while stack:
            source, place, marks = stack.pop()
            if place in seen:
                continue
            seen.add(place)
            if place == self._end or self._program[place].accepts:
                found[place] = (source, marks)
                continue
            instruction = self._program[place]
            if instruction.save >= 0:
                marks = (*marks, instruction.save)
            stack.extend((source, each, marks) for each in reversed(instruction.next))
        threads = tuple(found)
        return self._states.setdefault(threads, _State(threads)), tuple(found.values())

    def _emit(self, instruction: _Instruction) -> int:
        if len(self._program) >= MOST_INSTRUCTIONS:
            raise PatternTooLarge
        self._program.append(instruction)
        return len(self._program) - 1

    def _sequence(self, parts: tuple[Part, ...]) -> None:
        for part in parts:
            self._part(part)

    def _part(self, part: Part) -> None:
        if isinstance(part, Characters):
            self._emit(_Instruction(accepts=part.accepts))
        elif isinstance(part, Group):
            self._save(2 * part.number - 2)
            self._sequence(part.parts)
            self._save(2 * part.number - 1)
        elif isinstance(part, Alternatives):
            self._alternatives(part)
        else:
            self._repeat(part)

    def _save(self, mark: int) -> None:
        if mark >= 0:
            self._emit(_Instruction((len(self._program) + 1,), save=mark))

    def _alternatives(self, part: Alternatives) -> None:
        ends = []
        for branch in part.branches[:-1]:
            fork = self._emit(_Instruction())
            self._sequence(branch)
            ends.append(self._emit(_Instruction()))
            self._program[fork] = _Instruction((fork + 1, len(self._program)))
        self._sequence(part.branches[-1])
        for end in ends:
            self._program[end] = _Instruction((len(self._program),))

    def _repeat(self, part: Repeat) -> None:
        for _ in range(part.least):
            self._part(part.part)
        if part.most is None:
            fork = self._emit(_Instruction())
            self._part(part.part)
            self._emit(_Instruction((fork,)))
            self._program[fork] = self._fork(fork + 1, len(self._program), part.greedy)
            return
        forks = []
        for _ in range(part.most - part.least):
            forks.append(self._emit(_Instruction()))
            self._part(part.part)
        for fork in forks:
            self._program[fork] = self._fork(fork + 1, len(self._program), part.greedy)

    def _fork(self, inside: int, behind: int, greedy: bool) -> _Instruction:
        return _Instruction((inside, behind) if greedy else (behind, inside))


def _literal(parts: tuple[Part, ...]) -> str:
    """Give the characters that a name has to begin with, as far as there is one choice."""
    found = ""
    for part in parts:
        if not isinstance(part, Characters) or not part.literal:
            break
        found += part.literal
    return found
