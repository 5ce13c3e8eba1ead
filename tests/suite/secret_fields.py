"""Prints {model: [names of its Secret fields]} as JSON; run by ``python -m tests.inside``."""

import json

from odoo.addons.pg_base.fields import Secret

from tests.inside import open_registry

found = {}
for name, model in open_registry().models.items():
    if fields := sorted(f.name for f in model._fields.values() if isinstance(f, Secret)):
        found[name] = fields
print(json.dumps(found))
