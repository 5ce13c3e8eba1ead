import re
import threading
from unittest.mock import patch

from odoo.addons.pg_api.const import ROOT
from odoo.addons.pg_api.tools import document
from odoo.tests import tagged

from .common import ApiCase

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


@tagged("post_install", "-at_install", "pg")
class TestOpenapi(ApiCase):
    def rules(self):
        """Return the rules of every route that Odoo serves under the API's root."""
        # Odoo takes the database's name from the thread; a request sets it, a test does not.
        thread = threading.current_thread()
        with patch.object(thread, "dbname", self.env.cr.dbname, create=True):
            rules = list(self.env["ir.http"].routing_map().iter_rules())
        return [rule for rule in rules if rule.rule.startswith(ROOT)]

    def routes(self):
        """Return (path, method) of every route under the API's root."""
        return {
            (re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"{\1}", rule.rule)[len(ROOT) :], method)
            for rule in self.rules()
            for method in rule.methods & METHODS
        }

    def test_document_has_every_route_and_no_other(self):
        documented = {
            (path, method.upper())
            for path, operations in document.load()["paths"].items()
            for method in operations
        }
        self.assertEqual(documented, self.routes())
        self.assertEqual(len(documented), 7)

    def test_document_is_for_everybody(self):
        self.assertEqual(self.ask("/openapi.json", key=False), document.load())

    def test_references_lead_somewhere(self):
        doc = document.load()

        def walk(node):
            if isinstance(node, dict):
                if "$ref" in node:
                    target = doc
                    for name in node["$ref"].removeprefix("#/").split("/"):
                        target = target[name]
                node = list(node.values())
            for child in node if isinstance(node, list) else ():
                walk(child)

        walk(doc)

    def test_every_route_but_the_document_needs_a_key(self):
        for rule in self.rules():
            is_document = rule.rule.endswith("/openapi.json")
            routing = rule.endpoint.routing
            self.assertEqual(routing["auth"], "none" if is_document else "bearer", rule.rule)
            # All others count against the limit of the key, which writes.
            self.assertEqual(routing["readonly"], is_document, rule.rule)
