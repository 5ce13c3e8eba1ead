"""The OpenAPI document, as served and as tested."""

import json
from functools import cache
from pathlib import Path

PATH = Path(__file__).parent.parent / "schema" / "openapi.json"


@cache
def load():
    """Return the document as a dict; not to be changed."""
    return json.loads(PATH.read_text(encoding="utf-8"))
