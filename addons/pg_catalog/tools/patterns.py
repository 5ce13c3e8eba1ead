"""Regular expressions that come from a supplier, made safe to run in a worker.

Python's matcher backtracks: a pattern like ``(a+)+$`` can hang a process for hours. So it is never
run on them. Patterns are run by :mod:`.automaton`, whose time is bounded by the pattern's size;
those that a backtracking matcher would choke on are refused anyway, since they are a fault of the
feed and others may run them.
"""

import functools
import re
from re import _parser  # the standard library's own reader of patterns

from .automaton import Automaton, Unsupported

MAX_LENGTH = 1000
MAX_DIGITS = 20
MAX_LOOSE_REPEATS = 4
MAX_REPEAT = 64
# Ways in which alternatives may be combined, their numbers multiplied along the pattern.
MAX_WAYS = 10**6


class UnsafePattern(ValueError):
    """The pattern cannot be read, or could take too long."""


@functools.lru_cache(maxsize=16384)
def compile_pattern(pattern):
    """Return the pattern ready to run.

    :rtype: Automaton
    :raise UnsafePattern: with a sentence that says why.
    """
    if len(pattern) > MAX_LENGTH:
        raise UnsafePattern("The pattern is too long")
    try:
        tree = _parser.parse(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise UnsafePattern(f"The pattern cannot be read: {error}") from None
    if _count_loose(tree) > MAX_LOOSE_REPEATS:
        raise UnsafePattern("The pattern has too many open repeats")
    if _count_ways(tree) > MAX_WAYS:
        raise UnsafePattern("The pattern combines too many alternatives")
    try:
        return Automaton(tree)
    except Unsupported as error:
        raise UnsafePattern(str(error)) from None


def matches(pattern, digits):
    """Tell whether a pattern takes a whole number; never, when it is empty or unsafe."""
    if not pattern or not (digits.isascii() and digits.isdigit()) or len(digits) > MAX_DIGITS:
        return False
    try:
        return compile_pattern(pattern).fullmatch(digits)
    except UnsafePattern:
        return False


def _count_ways(tree):
    """Return in how many ways the alternatives of a pattern can be combined, at most about
    ``MAX_WAYS``. There are none within repeats: :func:`_count_loose` refuses those.
    """
    ways = 1
    for op, argument in tree:
        name = str(op)
        if name == "BRANCH":
            ways *= sum(_count_ways(branch) for branch in argument[1])
        elif name == "SUBPATTERN":
            ways *= _count_ways(argument[-1])
        elif name.endswith("REPEAT"):
            ways *= _count_ways(argument[2])
        if ways > MAX_WAYS:
            break
    return ways


def _count_loose(tree, inside=False):
    """Count repeats of varying length, refusing those within another and look-behinds etc.

    :param bool inside: the tree is the body of such a repeat.
    """
    count = 0
    for op, argument in tree:
        name = str(op)
        if name in ("GROUPREF", "GROUPREF_EXISTS", "ASSERT", "ASSERT_NOT"):
            raise UnsafePattern("The pattern refers back or looks around")
        if name == "BRANCH":
            if inside:
                raise UnsafePattern("The pattern repeats alternatives")
            count += sum(_count_loose(branch) for branch in argument[1])
        elif name == "SUBPATTERN":
            count += _count_loose(argument[-1], inside)
        elif name.endswith("REPEAT"):
            count += _count_repeat(argument, inside)
    return count


def _count_repeat(argument, inside):
    low, high, body = argument
    bounded = high is not _parser.MAXREPEAT
    if bounded and high > MAX_REPEAT:
        raise UnsafePattern("The pattern repeats too often")
    is_loose = low != high
    if is_loose and inside:
        raise UnsafePattern("The pattern has a repeat inside a repeat")
    # Something optional (0 or 1 times) cannot multiply what is in it.
    return int(is_loose) + _count_loose(body, inside or not bounded or high > 1)
