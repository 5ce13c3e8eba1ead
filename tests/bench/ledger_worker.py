"""One part of the ledger's measurement, inside Odoo, in a process of its own.

Reads {"entries"} from its input; the last line is a JSON object of figures.
"""

import json
import logging
import sys

from tests.bench.ledger_parts import PARTS
from tests.inside import open_registry

if __name__ == "__main__":
    logging.disable(logging.INFO)
    count = json.load(sys.stdin)["entries"]
    print(json.dumps(PARTS[sys.argv[1]](open_registry(), count)), flush=True)
