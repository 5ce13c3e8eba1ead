"""Reads what a stranger sends: only known fields, each of its type."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from .. import const
from ..exceptions import ApiError

_KEY = re.compile(rf"[\x21-\x7e]{{1,{const.MAX_KEY}}}")
_DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_INTEGER = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True)
class TopupOrder:
    """The body of an order. ``send_value`` is in the offer's send currency."""

    offer_id: int
    number: str
    send_value: Decimal | None = None
    email: str | None = None
    confirmed: bool = False


# === TYPES === #


def text(name, value, limit):
    """Return a text of 1 to ``limit`` printable characters.

    :raise ApiError: 422
    """
    if not isinstance(value, str) or not 0 < len(value) <= limit or not value.isprintable():
        raise ApiError(422, f"{name} is a text of 1 to {limit} characters.")
    return value


def record_id(name, value):
    """Return an id from JSON or from an address.

    :raise ApiError: 422
    """
    return integer(name, value, const.MAX_ID)


def integer(name, value, limit):
    """Return a whole number from 1 to ``limit``.

    :raise ApiError: 422
    """
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= limit:
        raise ApiError(422, f"{name} is a whole number from 1 to {limit}.")
    return value


def amount(name, value):
    """Return a positive Decimal from a JSON number or text such as "5.00", without exponent.

    :raise ApiError: 422
    """
    try:
        if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
            raise InvalidOperation
        if not _DECIMAL.fullmatch(str(value)) or not (number := Decimal(value)):
            raise InvalidOperation
    except InvalidOperation:
        raise ApiError(422, f'{name} is a positive amount such as "5.00".') from None
    return number


def flag(name, value):
    """Return a truth value.

    :raise ApiError: 422
    """
    if not isinstance(value, bool):
        raise ApiError(422, f"{name} is true or false.")
    return value


# === PARTS OF A REQUEST === #


def idempotency_key(value):
    """Return the header's value.

    :raise ApiError: 400 when it is missing or odd.
    """
    if not value or not _KEY.fullmatch(value):
        raise ApiError(
            400,
            "The header Idempotency-Key is needed: 1 to "
            f"{const.MAX_KEY} letters, digits or signs, new for each order.",
            code="idempotency_key",
        )
    return value


def query(args, known):
    """Return the values of an address as a dict, each given once.

    :param args: werkzeug's MultiDict.
    :raise ApiError: 422 for an unknown name or one given twice.
    """
    for name, values in args.lists():
        if name not in known or len(values) > 1:
            raise ApiError(422, f"Unknown or repeated: {name[:40]!a}.", code="unknown_field")
    return {name: value for name, value in args.items()}


def json_object(body):
    """Return the JSON object in a body; numbers with a point are Decimal.

    :raise ApiError: 400
    """
    try:
        value = json.loads(
            body.decode("utf-8"),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_refuse_twins,
        )
    except (ValueError, RecursionError, InvalidOperation):
        raise ApiError(400, "The body is not JSON.") from None
    if not isinstance(value, dict):
        raise ApiError(400, "The body is not a JSON object.")
    return value


def topup_order(values):
    """Return the order in a JSON object.

    :raise ApiError: 422 for an unknown, a missing or a wrong field.
    """
    known = TopupOrder.__dataclass_fields__
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ApiError(422, f"Unknown field: {unknown[0][:40]!a}.", code="unknown_field")
    send_value, email = values.get("send_value"), values.get("email")
    return TopupOrder(
        offer_id=record_id("offer_id", values.get("offer_id")),
        number=text("number", values.get("number"), const.MAX_NUMBER),
        send_value=None if send_value is None else amount("send_value", send_value),
        email=None if email is None else text("email", email, const.MAX_EMAIL),
        confirmed=flag("confirmed", values.get("confirmed", False)),
    )


def _refuse_constant(name):
    raise ValueError(name)


def _refuse_twins(pairs):
    if pairs and Counter(name for name, _value in pairs).most_common(1)[0][1] > 1:
        raise ValueError("a name stands twice")
    return dict(pairs)
