from datetime import timedelta

from odoo.addons.pg_topup import const
from odoo.addons.pg_topup.clock import now
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TopupCase

# Temporarily unavailable, every time.
FLAKY = "+67570000006"


@tagged("post_install", "-at_install", "pg")
class TestCircuit(TopupCase):
    def setUp(self):
        super().setUp()
        self.supplier.write({"circuit_faults": 2, "circuit_window": 60, "circuit_pause": 30})

    def circuit(self, operator=True):
        return self.env["pg.circuit"].search(
            [
                ("supplier_id", "=", self.supplier.id),
                ("operator_id", "=", self.sku.operator_id.id if operator else False),
            ]
        )

    def trip(self):
        for _sale in range(2):
            self.sell(FLAKY)
            self.dispatch()
        self.assertEqual(self.circuit().state, "open")

    def test_opens_for_the_operator_after_its_faults_and_claims_nothing(self):
        self.sell(FLAKY)
        self.dispatch()
        self.assertFalse(self.circuit())
        self.sell(FLAKY)
        self.dispatch()
        self.assertEqual(self.circuit().state, "open")
        self.assertFalse(self.circuit(operator=False))
        self.assertTrue(self.sku.operator_id.is_paused)
        self.assertTrue(self.supplier.is_paused)
        good, calls = self.sell(), len(self.calls())
        self.dispatch()
        self.assertEqual((good.state, len(self.calls())), ("paid", calls))

    def test_refusals_of_customers_do_not_open_it(self):
        for _sale in range(3):
            self.sell("+67570000005")
            self.dispatch()
        self.assertFalse(self.circuit())

    def test_does_not_open_while_most_calls_go_well(self):
        for _sale in range(5):
            self.sell()
        for _sale in range(2):
            self.sell(FLAKY)
        self.dispatch(7)
        self.assertFalse(self.circuit())

    def test_what_fails_at_the_door_opens_it_for_the_supplier(self):
        self.add_fault("html_403", times=2)
        for _sale in range(2):
            self.sell()
            self.dispatch()
        self.assertEqual(self.circuit(operator=False).state, "open")

    def test_old_faults_do_not_count(self):
        self.sell(FLAKY)
        self.dispatch()
        self.env["pg.topup.attempt"].search([]).answered_at = now() - timedelta(seconds=61)
        self.sell(FLAKY)
        self.dispatch()
        self.assertFalse(self.circuit())

    def test_zero_switches_it_off(self):
        self.supplier.circuit_faults = 0
        for _sale in range(3):
            self.sell(FLAKY)
            self.dispatch()
        self.assertFalse(self.circuit())

    def test_one_trial_closes_it_and_ends_the_alert(self):
        self.trip()
        summary = f"Sends to {self.sku.operator_id.display_name} are paused"
        alerts = self.supplier.activity_ids.filtered(lambda a: a.summary == summary)
        self.assertEqual(len(alerts), 1)
        self.env["pg.topup"].search([("number", "=", FLAKY)]).write({"next_attempt_at": False})
        topups = self.sell() + self.sell()
        self.circuit().trial_at = now()
        self.env.flush_all()
        jobs = self.env["pg.topup"]._claim_sends(10)
        self.assertEqual([job.is_trial for job in jobs], [True])
        self.assertEqual(self.circuit().state, "trial")
        self.assertEqual(self.claim(10), [])
        is_fault = self.env["pg.topup"]._settle_send(jobs[0].attempt_id, jobs[0].run())
        self.assertFalse(is_fault)
        self.env["pg.circuit"]._judge(
            self.supplier.id, self.sku.operator_id.id, is_fault=False, is_trial=True
        )
        self.assertEqual(self.circuit().state, "closed")
        self.assertFalse(self.supplier.activity_ids.filtered(lambda a: a.summary == summary))
        self.dispatch(2)
        self.assertEqual(topups.mapped("state"), ["completed", "completed"])

    def trip_both(self):
        """Faults at the door count for the supplier and for the operator: both are paused."""
        self.add_fault("html_403", times=2)
        for _sale in range(2):
            self.sell()
            self.dispatch()
        for operator in (True, False):
            self.assertEqual(self.circuit(operator).state, "open")
        self.env["pg.topup"].search([("state", "=", "processing")]).next_attempt_at = False

    def test_supplier_and_its_only_operator_are_tried_one_after_the_other(self):
        """Each waited for the other one: nothing was sent any more until it was given back."""
        self.trip_both()
        first, second, third = (self.sell() for _sale in range(3))
        (self.circuit() + self.circuit(operator=False)).trial_at = now()
        self.dispatch()
        self.assertEqual(first.state, "completed")
        self.assertEqual((second.state, third.state), ("paid", "paid"))
        self.assertEqual(self.circuit(operator=False).state, "closed")
        self.assertEqual(self.circuit().state, "open")
        self.dispatch()
        self.assertEqual(self.circuit().state, "closed")
        self.dispatch()
        self.assertEqual((second.state, third.state), ("completed", "completed"))

    def test_a_trial_that_fails_at_the_operator_opens_the_suppliers_door(self):
        self.trip_both()
        self.sell(FLAKY)
        (self.circuit() + self.circuit(operator=False)).trial_at = now()
        self.dispatch()
        self.assertEqual(self.circuit(operator=False).state, "closed")
        self.assertEqual(self.circuit().state, "open")

    def test_a_failed_trial_pauses_longer(self):
        self.trip()
        for pause in (60, 120, 240, 480, 600, 600):
            self.sell(FLAKY)
            self.circuit().trial_at = now()
            self.env["pg.topup"].search([("state", "=", "processing")]).next_attempt_at = False
            self.dispatch()
            self.assertEqual((self.circuit().state, self.circuit().pause), ("open", pause))

    def test_a_trial_whose_worker_died_is_made_again(self):
        self.trip()
        self.sell()
        self.sell()
        self.circuit().trial_at = now()
        self.assertEqual(len(self.claim(10)), 1)
        self.circuit().trial_at = now() - timedelta(seconds=1)
        self.assertEqual(len(self.claim(10)), 1)

    def test_another_operator_goes_on(self):
        self.trip()
        sku = self.env["pg.sku"].search(
            [
                ("supplier_id", "=", self.supplier.id),
                ("operator_id", "!=", self.sku.operator_id.id),
                ("code", "=", "VFPGPG16011"),
            ]
        )
        offer = self.env["product.template"].create(
            {
                "name": "Other",
                "type": "service",
                "company_id": self.seller.id,
                "pg_sku_id": sku.id,
                "pg_margin_percent": 10,
            }
        )
        topup = self.sell("+67581123456", offer=offer)
        self.dispatch()
        self.assertEqual(topup.attempt_ids.operator_id, sku.operator_id)

    def test_a_supplier_that_is_not_set_up_stops_nobody_else(self):
        """A missing key pauses its supplier; the claim of the others goes on."""
        topup = self.sell()
        self.supplier.ding_api_key = False
        self.assertEqual(self.claim(10), [])
        self.assertEqual(topup.state, "paid")
        self.assertEqual(self.circuit(operator=False).state, "open")

    def sell_at_a_second_supplier(self):
        """Return a sale in doubt at a supplier of its own, whose key is gone since."""
        [second] = self.supplier.copy({"name": "Second", "ding_api_key": self.ding["api_key"]})
        second._sync_catalogue()
        sku = self.env["pg.sku"].search(
            [("supplier_id", "=", second.id), ("code", "=", self.sku.code)]
        )
        [offer] = self.offer.copy({"pg_sku_id": sku.id, "name": "Of the second"})
        self.add_fault("lose_answer", times=1)
        topup = self.sell(offer=offer)
        self.dispatch()
        self.assertEqual((topup.state, topup.supplier_id), ("in_doubt", second))
        second.ding_api_key = False
        return topup

    def test_a_look_up_without_a_key_stops_no_other_supplier(self):
        doubtful = self.sell_at_a_second_supplier()
        self.add_fault("lose_answer", times=1)
        mine = self.sell()
        self.dispatch()
        self.assertEqual(mine.state, "in_doubt")
        fresh = self.sell()
        for topup in (mine, doubtful):
            self.make_due(topup)
        self.dispatch(2)
        self.assertEqual((mine.state, fresh.state), ("completed", "completed"))
        self.assertEqual(doubtful.state, "in_doubt")
        self.assertTrue(doubtful.next_probe_at, "it is looked up once there is a key")
        circuit = self.env["pg.circuit"].search([("supplier_id", "=", doubtful.supplier_id.id)])
        self.assertEqual((circuit.state, bool(circuit.operator_id)), ("open", False))
        doubtful.supplier_id.ding_api_key = self.ding["api_key"]
        self.run_until(doubtful, "completed")
        self.assertEqual(len(self.transfers(doubtful)), 1)

    @mute_logger("odoo.addons.pg_topup.models.pg_topup_claim", "odoo.sql_db")
    def test_a_claim_that_breaks_stops_no_other_supplier(self):
        """An error of ours while one supplier is claimed for, whatever it is."""
        doubtful = self.sell_at_a_second_supplier()
        # The broken one comes first, so the other one is only reached past it.
        doubtful.supplier_id.write(
            {"ding_api_key": self.ding["api_key"], "sequence": self.supplier.sequence - 1}
        )
        doubtful.next_probe_at = False
        broken, good = self.sell(offer=doubtful.offer_id), self.sell()
        # A row that no claim can read: it has a live attempt, which the index forbids to double.
        self.env["pg.topup.attempt"].create(
            {**broken._prepare_attempt(now()), "state": "open", "number": 7}
        )
        self.dispatch()
        self.assertEqual((good.state, broken.state), ("completed", "paid"))
        self.assertEqual(len(self.transfers(good)), 1)
        self.assertFalse(self.sends(broken))
        circuit = self.env["pg.circuit"].search([("supplier_id", "=", broken.supplier_id.id)])
        self.assertEqual(circuit.state, "open")

    def test_due_for_hours_gives_the_money_back(self):
        self.trip()
        topup = self.sell()
        topup.next_attempt_at = now() - timedelta(seconds=const.SEND_WITHIN + 1)
        self.dispatch()
        self.assertEqual((topup.state, topup.attempt_ids.ids), ("failed", []))

    def test_who_may_try_now(self):
        self.trip()
        circuit = self.circuit()
        with self.assertRaises(AccessError):
            self.as_user(circuit, "viewer").action_try_now()
        self.assertGreater(circuit.trial_at, now())
        self.as_user(circuit, "operator").action_try_now()
        self.assertLessEqual(circuit.trial_at, now())
