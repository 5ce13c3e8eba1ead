"""What the methods of DingConnect share: the table of them, filters, answers on errors."""

import re
from functools import wraps

from sandbox.dingconnect.errors import Problem, answer

METHODS = []


def method(verb, name):
    """Register a function under its method name; a Problem raised by it becomes the answer."""

    def register(function):
        @wraps(function)
        def call(account, argument, headers):
            try:
                return function(account, argument)
            except Problem as problem:
                return answer({}, problem)

        call.wire_name = name
        METHODS.append((verb, call))
        return call

    return register


class Filters:
    """Query parameters: names without regard to case, ``name[0]`` like ``name``, keys repeat."""

    def __init__(self, params):
        self.values = {}
        for key, value in params.multi_items():
            self.values.setdefault(re.sub(r"\[\d*\]$", "", key).lower(), []).append(value)

    def many(self, name):
        """Return the values of an array filter, or None when it was left out.

        :raise Problem: when a value is blank or several were joined by a comma
        """
        values = self.values.get(name.lower())
        if values and any(not value.strip() or "," in value for value in values):
            raise Problem("ParameterInvalid", name[:1].upper() + name[1:])
        return values

    def one(self, name):
        """Return the value of a single filter, or None."""
        values = self.many(name)
        return values[0] if values else None
