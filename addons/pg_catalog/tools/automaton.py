"""A pattern over digits, run as a set of states: the time is bounded by its size, whatever it says.

A backtracking matcher tries ways one after the other and may need hours. Here all ways are followed
at once: one pass over the digits, for each digit at most as many steps as there are states.
"""

from dataclasses import dataclass, field
from re import _constants as sre

MAX_STATES = 4000
DIGITS = "0123456789"
ALL_DIGITS = frozenset(DIGITS)
BEGINNINGS = (sre.AT_BEGINNING, sre.AT_BEGINNING_STRING)
ENDS = (sre.AT_END, sre.AT_END_STRING)


class Unsupported(ValueError):
    """The pattern uses something that only a backtracking matcher can do, or is too large."""


@dataclass
class _State:
    """Ways out of a state: for a digit to ``target``; or for nothing, under a condition."""

    digits: frozenset = frozenset()
    target: int = -1
    # (state, condition): condition None, "start" or "end" of the digits.
    free: list = field(default_factory=list)


class Automaton:
    """A pattern that is read by :mod:`re`'s own reader, ready to take digits.

    :param tree: what ``re._parser.parse`` returned.
    :raise Unsupported: look-around, references, word bounds, or more than 4000 states.
    """

    def __init__(self, tree):
        self._states = []
        self._start, self._end = self._sequence(tree)

    def fullmatch(self, digits):
        """Tell whether the pattern takes the whole of a string of digits."""
        last = len(digits)
        current = self._spread([self._start], 0, last)
        for position, digit in enumerate(digits, start=1):
            reached = [
                state.target
                for state in (self._states[number] for number in current)
                if digit in state.digits
            ]
            if not reached:
                return False
            current = self._spread(reached, position, last)
        return self._end in current

    def _spread(self, numbers, position, last):
        """Return all states that can be reached from some without taking a digit."""
        seen, todo = set(numbers), list(numbers)
        while todo:
            for target, condition in self._states[todo.pop()].free:
                if target in seen or not _holds(condition, position, last):
                    continue
                seen.add(target)
                todo.append(target)
        return seen

    # === BUILDING === #

    def _new(self):
        if len(self._states) >= MAX_STATES:
            raise Unsupported("The pattern is too large")
        self._states.append(_State())
        return len(self._states) - 1

    def _link(self, source, target, condition=None):
        self._states[source].free.append((target, condition))

    def _sequence(self, tree):
        """Return (first, last) state of what is to be taken one after the other."""
        first = last = self._new()
        for op, argument in tree:
            start, end = self._part(op, argument)
            self._link(last, start)
            last = end
        return first, last

    def _part(self, op, argument):
        if op is sre.SUBPATTERN:
            return self._sequence(argument[-1])
        if op is sre.ATOMIC_GROUP:
            raise Unsupported("The pattern has an atomic group")
        if op is sre.BRANCH:
            return self._branch(argument[1])
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            return self._repeat(*argument)
        if op is sre.AT:
            return self._at(argument)
        first, last = self._new(), self._new()
        self._states[first].digits, self._states[first].target = _digits_of(op, argument), last
        return first, last

    def _branch(self, branches):
        first, last = self._new(), self._new()
        for branch in branches:
            start, end = self._sequence(branch)
            self._link(first, start)
            self._link(end, last)
        return first, last

    def _repeat(self, low, high, body):
        first = last = self._new()
        for _time in range(low):
            start, end = self._sequence(body)
            self._link(last, start)
            last = end
        if high is sre.MAXREPEAT:
            start, end = self._sequence(body)
            after = self._new()
            for source, target in ((last, start), (end, start), (last, after), (end, after)):
                self._link(source, target)
            return first, after
        after = self._new()
        for _time in range(high - low):
            self._link(last, after)
            start, end = self._sequence(body)
            self._link(last, start)
            last = end
        self._link(last, after)
        return first, after

    def _at(self, where):
        if where not in BEGINNINGS + ENDS:
            raise Unsupported("The pattern looks for the bounds of words")
        first, last = self._new(), self._new()
        self._link(first, last, "start" if where in BEGINNINGS else "end")
        return first, last


def _holds(condition, position, last):
    if condition == "start":
        return position == 0
    if condition == "end":
        return position == last
    return True


def _digits_of(op, argument):
    """Return the digits that one character of a pattern stands for."""
    if op is sre.ANY:
        return ALL_DIGITS
    if op is sre.LITERAL:
        return ALL_DIGITS & {chr(argument)}
    if op is sre.NOT_LITERAL:
        return ALL_DIGITS - {chr(argument)}
    if op is sre.IN:
        return _digits_of_set(argument)
    raise Unsupported("The pattern refers back or looks around")


def _digits_of_set(items):
    found, is_negated = set(), False
    for op, argument in items:
        if op is sre.NEGATE:
            is_negated = True
        elif op is sre.LITERAL:
            found.add(chr(argument))
        elif op is sre.RANGE:
            found.update(d for d in DIGITS if argument[0] <= ord(d) <= argument[1])
        elif op is sre.CATEGORY:
            found |= _digits_of_category(argument)
        else:
            raise Unsupported("The pattern has a set that cannot be read")
    return ALL_DIGITS - found if is_negated else ALL_DIGITS & found


def _digits_of_category(category):
    if category in (sre.CATEGORY_DIGIT, sre.CATEGORY_WORD, sre.CATEGORY_NOT_SPACE):
        return ALL_DIGITS
    if category in (sre.CATEGORY_NOT_DIGIT, sre.CATEGORY_NOT_WORD, sre.CATEGORY_SPACE):
        return frozenset()
    raise Unsupported("The pattern has a class that cannot be read")
