"""One part of the ledger's measurement, inside Odoo, in a process of its own.

The last line is a JSON object of figures.
"""

import importlib
import json
import sys

from tests.bench.catalogue_worker import open_registry, say

if __name__ == "__main__":
    registry = open_registry()
    parts = importlib.import_module("tests.bench.ledger_parts").PARTS
    say(json.dumps(parts[sys.argv[1]](registry, int(sys.argv[2]))))
