"""JSON with exact decimals: ``Decimal`` is written as a JSON number, digits kept as they are."""

import json
from decimal import Decimal
from json.encoder import encode_basestring_ascii as _quote


def dumps(value):
    """Serialise ``value``; ``Decimal('5.00')`` becomes the number ``5.00``.

    :raise TypeError: for anything that JSON has no word for
    """
    parts = []
    _write(value, parts.append)
    return "".join(parts)


def encode(value):
    """Serialise ``value`` to UTF-8 bytes."""
    return dumps(value).encode()


def loads(text):
    """Parse JSON; numbers with a fraction or exponent become ``Decimal``.

    :raise ValueError: when the text is not JSON (NaN and Infinity included)
    """
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)


def _refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def _write(value, put):
    if isinstance(value, str):
        put(_quote(value))
    elif value is None:
        put("null")
    elif isinstance(value, bool):
        put("true" if value else "false")
    elif isinstance(value, int):
        put(int.__repr__(value))
    elif isinstance(value, Decimal):
        put(format(value, "f"))
    elif isinstance(value, float):
        put(float.__repr__(value))
    elif isinstance(value, dict):
        _write_pairs(value, put)
    elif isinstance(value, list | tuple):
        _write_items(value, put)
    else:
        raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _write_pairs(mapping, put):
    mark = "{"
    for key, value in mapping.items():
        put(mark)
        put(_quote(key))
        put(":")
        _write(value, put)
        mark = ","
    put("{}" if mark == "{" else "}")


def _write_items(items, put):
    mark = "["
    for value in items:
        put(mark)
        _write(value, put)
        mark = ","
    put("[]" if mark == "[" else "]")
