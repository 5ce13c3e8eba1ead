from datetime import timedelta

from odoo import fields
from odoo.addons.pg_catalog.tools.feed_write import Counts
from odoo.tests import tagged

from .common import DingCase


@tagged("post_install", "-at_install", "pg")
class TestSyncSteps(DingCase):
    """The crons against the sandbox: what is asked when, and what one sees of it."""

    def run_cron(self, name):
        with self.enter_registry_test_mode():
            self.env.ref(f"pg_catalog.{name}").method_direct_trigger()
        self.env.invalidate_all()

    def methods(self):
        """Return the sorted methods that were called since the test began."""
        calls = self.sandbox.calls(self.account)[self.calls_before :]
        return sorted(call["method"] for call in calls)

    def make_due(self, **ago):
        """Let the last syncs be long ago, then forget the calls so far."""
        self.run_cron("cron_sync_catalogue")
        now = fields.Datetime.now()
        self.supplier.write({name: now - age for name, age in ago.items()})
        self.calls_before = len(self.sandbox.calls(self.account))

    def test_first_time_everything(self):
        self.run_cron("cron_sync_catalogue")
        self.assertEqual(
            self.methods(),
            [
                "GetCountries",
                "GetProductDescriptions",
                "GetProducts",
                "GetPromotionDescriptions",
                "GetPromotions",
                "GetProviders",
                "GetRegions",
            ],
        )
        for model in ("pg.country", "pg.region", "pg.promotion", "pg.operator", "pg.sku"):
            with self.subTest(model=model):
                mine = [("supplier_id", "=", self.supplier.id)]
                self.assertGreater(self.env[model].search_count(mine), 0)
        self.assertEqual(self.env["pg.promotion"].search([], limit=1).bonus_text, "100 % (7 days)")

    def test_every_three_hours_products_only(self):
        self.make_due(sync_at=timedelta(hours=3))
        self.run_cron("cron_sync_catalogue")
        self.assertEqual(self.methods(), ["GetProductDescriptions", "GetProducts"])

    def test_daily_the_rest(self):
        self.make_due(reference_at=timedelta(hours=25))
        self.run_cron("cron_sync_reference")
        self.assertEqual(
            self.methods(),
            [
                "GetCountries",
                "GetPromotionDescriptions",
                "GetPromotions",
                "GetProviders",
                "GetRegions",
            ],
        )
        self.run_cron("cron_sync_reference")
        self.assertEqual(len(self.methods()), 5, "It is not due again.")

    def test_a_new_operator_is_read_when_its_first_sku_comes(self):
        self.make_due(sync_at=timedelta(hours=3))
        gone = self.env["pg.operator"].search(
            [("supplier_id", "=", self.supplier.id), ("code", "=", "BMPG")]
        )
        gone.active = False
        self.run_cron("cron_sync_catalogue")
        self.assertIn("GetProviders", self.methods())
        self.assertTrue(gone.active)

    def test_sync_now_leaves_a_run_with_its_counts(self):
        self.supplier.action_sync()
        self.assertEqual(self.supplier.get_sync_progress()["state"], "waiting")
        self.run_cron("cron_sync_catalogue")
        run = self.supplier.sync_run_ids
        self.assertEqual((len(run), run.state), (1, "done"))
        self.assertEqual(run.requested_by_id, self.env.user)
        self.assertEqual(run.new_count, self.supplier.sku_count)
        self.assertEqual(run.phase, "offers")
        self.assertEqual(run.message, self.supplier.sync_message)
        self.assertRegex(run.message, r"^SKUs: \d+ new, 0 changed, .* · \d+\.\d s$")
        self.assertEqual(self.supplier.get_sync_progress()["state"], "done")
        self.assertTrue(self.supplier.prices_at)

    def test_progress_is_seen_while_it_runs(self):
        seen = []
        port = self.supplier._get_port()

        class Watched:
            """The real port; looks at the progress when the operators are asked for."""

            def __getattr__(watched, name):
                if name == "iter_operators":
                    self.env.invalidate_all()
                    seen.append(self.supplier.get_sync_progress())
                return getattr(port, name)

        self.patch(type(self.supplier), "_get_port", lambda supplier: Watched())
        self.run_cron("cron_sync_catalogue")
        self.assertEqual(seen[0]["state"], "running")
        self.assertEqual(seen[0]["phase"], "Reading promotions")
        self.assertEqual(self.supplier.sync_state, "done")

    def test_failure_between_the_phases_changes_nothing_and_is_repaired(self):
        self.run_cron("cron_sync_catalogue")
        count = self.supplier.sku_count
        self.supplier.action_sync()
        self.fault("garbled", on="GetProviders", times=5)
        self.run_cron("cron_sync_catalogue")
        self.assertEqual(self.supplier.sync_run_ids.mapped("state"), ["failed", "done"])
        self.assertEqual(self.supplier.sku_count, count)
        self.sandbox.clear_faults(self.account)
        self.assertEqual(self.supplier._sync_catalogue().skus, Counts(unchanged=count))

    def test_a_refused_language_does_not_take_the_others_along(self):
        self.fault("refuse", on="GetProductDescriptions", code="ParameterInvalid")
        self.env["res.lang"]._activate_lang("fr_FR")
        result = self.supplier._sync_catalogue()
        self.assertEqual(len(self.calls("GetProductDescriptions")), 3)
        self.assertGreater(result.skus.new, 0)
