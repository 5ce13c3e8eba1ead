"""Runs sequencer and mirror once on another database: ``python -m tests.inside … DATABASE``."""

import json
import sys

from odoo.addons.pg_base.tools.steps import step
from odoo.addons.pg_ledger.worker.loop import run_once

from tests.inside import open_registry

if __name__ == "__main__":
    registry = open_registry(sys.argv[1])
    run = run_once(registry)
    with step(registry) as env:
        conflicts = env["pg.ledger.conflict"].search([("state", "=", "open")])
        found = [(c.company_id.id, c.kind, c.seq) for c in conflicts]
    sys.stdout.write(json.dumps({"chained": run.chained, "away": run.away, "conflicts": found}))
