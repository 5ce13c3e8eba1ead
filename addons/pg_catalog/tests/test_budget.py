from datetime import UTC, datetime

from odoo.addons.pg_base.outcomes import Throttled
from odoo.addons.pg_catalog.models.pg_supplier_budget import SupplierMeter
from odoo.addons.pg_catalog.tools import budget
from odoo.tests import TransactionCase, tagged

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC).timestamp()


def run(moments, **limits):
    """Return (moments allowed, last refusal) of calls that are asked for at some moments."""
    state, allowed, last = {}, [], None
    for moment in moments:
        taken, refused = budget.take(state, moment, **limits)
        if taken:
            state = taken
            allowed.append(moment)
        last = refused or last
    return allowed, last


@tagged("post_install", "-at_install", "pg")
class TestBudget(TransactionCase):
    def test_no_minute_ever_has_more(self):
        moments = [NOON + step * 0.37 for step in range(1000)]
        allowed, _refused = run(moments, per_minute=7)
        self.assertGreater(len(allowed), 7 * 5)
        for start in allowed:
            self.assertLessEqual(len([m for m in allowed if start <= m < start + 60]), 7)

    def test_the_wait_that_is_told_is_enough_and_not_long(self):
        allowed, (which, wait) = run([NOON + 0.5, NOON + 10.2, NOON + 20.9], per_minute=2)
        self.assertEqual((len(allowed), which), (2, budget.PER_MINUTE))
        self.assertTrue(39 < wait <= 40.2, wait)
        again = NOON + 20.9 + wait
        self.assertEqual(len(run([NOON + 0.5, NOON + 10.2, again], per_minute=2)[0]), 3)

    def test_a_day_counts_only_what_counts(self):
        state = {}
        for _number in range(3):
            state, refused = budget.take(state, NOON, per_day=3, is_daily=True)
            self.assertIsNone(refused)
        self.assertEqual(budget.take(state, NOON, per_day=3, is_daily=True)[1], ("day", 43200.0))
        self.assertIsNone(budget.take(state, NOON, per_day=3)[1])
        self.assertIsNone(budget.take(state, NOON + 43200, per_day=3, is_daily=True)[1])

    def test_a_clock_set_back_opens_nothing(self):
        allowed, _refused = run([NOON, NOON - 3600, NOON - 7200], per_minute=1)
        self.assertEqual(allowed, [NOON])

    def test_shared_by_all_meters_of_a_supplier(self):
        supplier = self.env["pg.supplier"].create({"name": "S", "company_id": False})
        other = self.env["pg.supplier"].create({"name": "O", "company_id": False})
        limits = {"per_minute": 2, "per_day": 0}
        with self.enter_registry_test_mode():
            for _number in range(2):
                SupplierMeter(self.env.registry, supplier.id, limits).reserve()
            with self.assertRaisesRegex(Throttled, "2 calls a minute") as caught:
                SupplierMeter(self.env.registry, supplier.id, limits).reserve()
            self.assertGreater(caught.exception.retry_after, 0)
            SupplierMeter(self.env.registry, other.id, limits).reserve()
            SupplierMeter(self.env.registry, supplier.id, {"per_minute": 0, "per_day": 0}).reserve()
