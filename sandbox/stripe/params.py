"""Form bodies with brackets: ``line_items[0][price_data][currency]=usd``."""

import re
import urllib.parse

from sandbox.stripe.errors import StripeError, invalid, required

MAX_METADATA = 50


def decode(text):
    """Turn a form body or query into nested dicts and lists.

    :raise StripeError: when a key cannot be read
    """
    tree = {}
    for key, value in urllib.parse.parse_qsl(text, keep_blank_values=True):
        head = re.match(r"[^\[\]]+", key)
        if head is None:
            raise StripeError(f"Invalid parameter name: {key}", param=key)
        parts = [head.group(0), *re.findall(r"\[([^\]]*)\]", key)]
        node = tree
        for part in parts[:-1]:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                raise StripeError(f"Invalid parameter: {key}", param=key)
        node[parts[-1] or str(len(node))] = value
    return _listed(tree)


def _listed(node):
    if not isinstance(node, dict):
        return node
    node = {key: _listed(value) for key, value in node.items()}
    if node and all(key.isdigit() for key in node):
        return [node[key] for key in sorted(node, key=int)]
    return node


def refuse_unknown(params, known):
    """Refuse parameters that the call does not have, as Stripe does.

    :raise StripeError: naming the first unknown one
    """
    for name in params:
        if name not in known:
            raise StripeError(
                f"Received unknown parameter: {name}", code="parameter_unknown", param=name
            )


def integer(params, name, default=None, least=0):
    """Return a whole number.

    :raise StripeError: when it is missing without a default, or no whole number
    """
    value = params.get(name)
    if value is None or value == "":
        if default is None:
            raise required(name)
        return default
    if not re.fullmatch(r"-?\d{1,12}", str(value)):
        raise StripeError(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
    if int(value) < least:
        raise invalid(name, f"This value must be greater than or equal to {least}.")
    return int(value)


def mapping(params, name):
    """Return a nested hash, empty when it was left out.

    :raise StripeError: when a plain value was given
    """
    value = params.get(name) or {}
    if not isinstance(value, dict):
        raise invalid(name, "Invalid hash")
    return value


def metadata(params, before=None):
    """Return the metadata of a call on top of what was there; an empty value removes a key.

    :raise StripeError: over 50 keys, key over 40 or value over 500 characters
    """
    given = mapping(params, "metadata")
    merged = {k: v for k, v in {**(before or {}), **given}.items() if v != ""}
    if len(merged) > MAX_METADATA:
        raise invalid("metadata", "You can have at most 50 keys.")
    for key, value in merged.items():
        if len(key) > 40 or not isinstance(value, str) or len(value) > 500:
            raise invalid(f"metadata[{key}]", "Keys take 40 characters, values 500.")
    return merged
