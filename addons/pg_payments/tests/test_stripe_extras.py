from odoo.addons.pg_payments.gateways.stripe_money import to_stripe
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import StripeCase

FLAG_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_attention"
SESSIONS = "POST /v1/checkout/sessions"
CUSTOMERS = "POST /v1/customers"


@tagged("post_install", "-at_install", "pg")
class TestStripeExtras(StripeCase):
    """Customers, disputes, rotation of the webhook's secret, odd currencies."""

    # === CUSTOMERS === #

    def find_customers(self):
        return self.env["pg.payment.customer"].search([("provider_id", "=", self.provider.id)])

    def test_customer_is_made_once_and_kept(self):
        before = self.count_calls(CUSTOMERS)
        first, second = self.create_open_tx(), self.create_open_tx()
        customer = self.find_customers()
        self.assertEqual((customer.partner_id, customer.email), (self.payer, self.payer.email))
        for tx in (first, second):
            self.assertEqual(self.find_session(tx)["customer"], customer.reference)
        self.assertEqual(self.count_calls(CUSTOMERS), before + 1)

    def test_customer_per_account(self):
        account = self.sandbox.create_account("stripe")
        self.addCleanup(self.sandbox.delete_account, account)
        other = self._set_up_provider(self.other_seller, account, "whsec_other")
        self.create_open_tx()
        self.create_open_tx(provider=other)
        kept = self.env["pg.payment.customer"].search([("partner_id", "=", self.payer.id)])
        self.assertEqual(len(set(kept.mapped("reference"))), 2)
        seen = self.as_user(self.env["pg.payment.customer"], "admin").search([])
        self.assertEqual(seen, self.find_customers())

    def test_changed_email_makes_a_new_customer(self):
        self.create_open_tx()
        first = self.find_customers().reference
        self.payer.email = "new@example.com"
        tx = self.create_open_tx()
        customer = self.find_customers()
        self.assertEqual(customer.email, "new@example.com")
        self.assertNotEqual(customer.reference, first)
        self.assertEqual(self.find_session(tx)["customer"], customer.reference)

    @mute_logger("odoo.addons.pg_payments.models.pg_payment_customer")
    def test_no_customer_does_not_stop_a_payment(self):
        self.sandbox.add_fault(self.account, CUSTOMERS, "refuse")
        tx = self.create_open_tx()
        self.assertFalse(self.find_customers())
        self.assertEqual(self.find_session(tx)["customer_email"], self.payer.email)

    @mute_logger("odoo.models.unlink")
    def test_customer_lost_at_the_gateway(self):
        self.create_open_tx()
        self.sandbox.add_fault(
            self.account, SESSIONS, "refuse", code="resource_missing", status=400
        )
        tx = self.create_open_tx()
        self.assertEqual(self.find_session(tx)["customer_email"], self.payer.email)
        self.assertFalse(self.find_customers())

    # === DISPUTES === #

    @mute_logger(FLAG_LOGGER)
    def test_dispute_and_its_outcome(self):
        for outcome in ("won", "lost"):
            tx = self.create_paid_tx()
            dispute = self.sandbox.dispute(self.account, tx.pg_payment_ref)
            created = self.find_event("charge.dispute.created", tx)
            self.post_event(created)
            self.assertEqual((tx.state, tx.pg_dispute_state), ("done", "open"))
            self.assertEqual(tx.activity_ids.user_id, self.users[self.seller, "admin"])
            self.sandbox.finish_dispute(self.account, dispute["id"], outcome)
            self.post_event(self.find_event("charge.dispute.closed", tx))
            self.assertEqual((tx.state, tx.pg_dispute_state), ("done", outcome))
            self.assertTrue(tx.pg_dispute_closed_at)
            self.post_event({**created, "id": f"evt_late_{outcome}"})
            self.assertEqual(tx.pg_dispute_state, outcome, "A late event opens nothing again")

    # === ROTATION === #

    def test_rotation_keeps_the_old_secret_for_a_day(self):
        # The address is only known there: no delivery reaches a test.
        self.sandbox.hold_webhooks(self.account)
        self.addCleanup(self.sandbox.webhooks, self.account, hold=False)
        self.provider.action_pg_create_webhook()
        old_ref = self.provider.pg_webhook_ref
        old = self.provider._pg_reveal("pg_webhook_secret")
        self.provider.action_pg_create_webhook()
        new = self.provider._pg_reveal("pg_webhook_secret")
        self.assertNotEqual(old, new)
        self.assertEqual(len(self.sandbox._items(self.account, "endpoints")), 2)
        tx = self.create_open_tx()
        self.pay(tx)
        event = self.find_event("checkout.session.completed", tx)
        self.assertEqual(self.post_event(event, secret=old).status_code, 200)
        self.assertEqual(self.post_event(event, secret=new).status_code, 200)
        self.assertEqual(len(self.get_inbox()), 1)
        self.env["payment.provider"]._cron_pg_drop_old_webhooks()
        self.assertEqual(len(self.sandbox._items(self.account, "endpoints")), 2)
        self.provider.pg_webhook_old_until = "2020-01-01 00:00:00"
        with mute_logger("odoo.addons.pg_payments.controllers.webhook"):
            self.assertEqual(self.post_event(event, secret=old).status_code, 400)
        self.env["payment.provider"]._cron_pg_drop_old_webhooks()
        (left,) = self.sandbox._items(self.account, "endpoints")
        self.assertNotEqual(left["id"], old_ref)
        self.assertEqual(left["id"], self.provider.pg_webhook_ref)
        self.assertFalse(self.provider.pg_webhook_old_secret)

    # === CURRENCIES === #

    def test_odd_currencies_end_to_end(self):
        for name, amount, minor in (
            ("ISK", 700.0, 70000),
            ("UGX", 1500.0, 150000),
            ("KWD", 1.23, 1230),
            ("JPY", 500.0, 500),
            ("VUV", 120.0, 120),
            ("XPF", 99.0, 99),
        ):
            currency = self.env.ref(f"base.{name}")
            currency.active = True
            tx = self.create_paid_tx(amount=amount, currency=currency)
            self.assertEqual(self.find_session(tx)["amount_total"], minor, name)
            refund = tx._refund()
            self.run_refunds()
            self.assertEqual(refund.state, "done", name)
            self.assertEqual(self.sandbox.refunds(self.account)[-1]["amount"], minor, name)

    def test_odd_amounts_are_refused_not_rounded(self):
        before = self.count_calls(SESSIONS)
        for name, amount in (
            ("ISK", 7.5),
            ("UGX", 10.5),
            ("KWD", 1.231),
            ("JPY", 1.5),
            ("VUV", 1.5),
            ("XPF", 0.5),
        ):
            with self.subTest(name), self.assertRaises(ValueError):
                to_stripe(amount, name)
            currency = self.env.ref(f"base.{name}")
            currency.write({"active": True, "rounding": 0.001})
            tx = self.create_tx(amount=amount, currency=currency)
            tx._get_processing_values()
            self.assertEqual((tx.state, tx.pg_checkout_ref), ("error", False), name)
        self.assertEqual(self.count_calls(SESSIONS), before)
