from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

from lxml import etree
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PayPalCase

CAPTURE_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_capture"
CHECKOUT_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_checkout"
CREATE = "POST /v2/checkout/orders"


@tagged("post_install", "-at_install", "pg")
class TestPayPalCheckout(PayPalCase):
    """The order at PayPal and the payer's way there and back."""

    def open_path(self, url):
        """Follow the gateway's redirect to us, not further."""
        parts = urlsplit(url)
        self.env.flush_all()
        answer = self.url_open(f"{parts.path}?{parts.query}", allow_redirects=False)
        self.env.invalidate_all()
        self.assertEqual(answer.status_code, 303)
        return urlsplit(answer.headers["Location"]).path

    def test_order_has_the_exact_amount(self):
        tx = self.create_open_tx(amount=12.3)
        order = self.find_order(tx)
        (unit,) = order["purchase_units"]
        self.assertEqual(unit["amount"], {"currency_code": "USD", "value": "12.30"})
        self.assertEqual((unit["custom_id"], unit["reference_id"]), (tx.reference, tx.reference))
        database = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        self.assertEqual(unit["invoice_id"], f"{database[:8]}-{tx.reference}")
        self.assertEqual((order["intent"], order["status"]), ("CAPTURE", "PAYER_ACTION_REQUIRED"))
        self.assertTrue(tx.pg_next_poll_at)

    def test_form_keeps_the_token_of_the_page(self):
        tx = self.create_tx()
        form = etree.fromstring(tx._get_processing_values()["redirect_form_html"])
        self.assertEqual(form.get("action"), f"{self.sandbox.paypal_url}/checkoutnow")
        fields = {node.get("name"): node.get("value") for node in form.iter("input")}
        self.assertEqual(fields, {"token": tx.pg_checkout_ref})

    def test_return_confirms_and_the_worker_takes_the_money(self):
        tx = self.create_open_tx()
        url = self.pay(tx)["url"]
        self.assertEqual(parse_qs(urlsplit(url).query)["token"], [tx.pg_checkout_ref])
        self.assertEqual(self.open_path(url), "/payment/status")
        self.assertEqual((tx.state, tx.pg_capture_step), ("pending", "waiting"))
        self.assertTrue(tx._pg_is_confirming())
        self.assertEqual(self.count_captures(tx), 0, "No money moves inside the request")
        self.run_captures()
        self.assertEqual((tx.state, tx.pg_capture_step), ("done", "accepted"))
        (capture,) = self.find_captures(tx)
        self.assertEqual(tx.provider_reference, capture["id"])
        self.assertEqual((tx.pg_payment_ref, tx.gateway_receipt), (capture["id"], capture["id"]))
        for _ in range(2):
            self.open_path(url)
            self.run_captures()
        self.assertEqual(self.count_captures(tx), 1)

    def test_return_of_another_page_asks_nothing(self):
        tx, other = self.create_approved_tx(), self.create_open_tx()
        before = len(self.sandbox.calls(self.account))
        for token in (other.pg_checkout_ref, "", "X"):
            path = f"/payment/paypal_orders/return?reference={tx.reference}&token={token}"
            self.assertEqual(self.open_path(path), "/payment/status")
        self.assertEqual(len(self.sandbox.calls(self.account)), before)
        self.assertFalse(tx.pg_capture_step)

    def test_stripe_route_does_not_serve_paypal(self):
        tx = self.create_approved_tx()
        path = f"/payment/stripe_checkout/return?reference={tx.reference}"
        self.open_path(f"{path}&session_id={tx.pg_checkout_ref}")
        self.assertFalse(tx.pg_capture_step)

    def test_cancel_leaves_the_order_open(self):
        tx = self.create_open_tx()
        url = self.pay(tx, "cancel")["url"]
        self.open_path(url)
        self.assertEqual((tx.state, tx.pg_capture_step), ("draft", False))
        self.open_path(self.pay(tx)["url"])
        self.run_captures()
        self.assertEqual(tx.state, "done")

    def test_reload_shows_the_same_page(self):
        tx = self.create_open_tx()
        before, first = self.count_calls(CREATE), tx.pg_checkout_ref
        tx._get_processing_values()
        self.assertEqual((tx.pg_checkout_ref, self.count_calls(CREATE)), (first, before))

    def test_reload_while_confirming_opens_nothing(self):
        tx = self.create_approved_tx(landing_route="/topup/demo/order/abc")
        before = self.count_calls(CREATE)
        form = etree.fromstring(tx._get_processing_values()["redirect_form_html"])
        self.assertEqual(form.get("action"), "/topup/demo/order/abc")
        self.assertEqual((tx.pg_capture_step, self.count_calls(CREATE)), ("waiting", before))

    def test_changed_amount_replaces_the_order_and_the_old_one_is_never_taken(self):
        tx = self.create_open_tx(amount=10.0)
        old = tx.pg_checkout_ref
        tx.amount = 11.0
        tx._get_processing_values()
        self.assertNotEqual(tx.pg_checkout_ref, old)
        self.sandbox.pay(old, "close")
        with self.assertLogs(CAPTURE_LOGGER, "WARNING") as logs:
            event = next(
                e["id"] for e in self.sandbox.events(self.account) if e["resource"]["id"] == old
            )
            self.post_event(event)
            tx._pg_plan_capture(self._read(old), True)
        self.assertIn("not asked for", logs.output[0])
        self.run_captures()
        self.assertEqual((tx.state, tx.pg_capture_step), ("draft", False))
        self.assertFalse(self.find_captures(tx))

    def _read(self, order_id):
        return self.provider._pg_get_gateway().get_payment(checkout_id=order_id)

    def test_lost_answer_makes_no_second_order(self):
        tx = self.create_tx()
        before = len(self.sandbox.orders(self.account))
        self.sandbox.add_fault(self.account, CREATE, "lose_answer")
        tx._get_processing_values()
        self.assertEqual(tx.state, "draft", tx.state_message)
        self.assertEqual(len(self.sandbox.orders(self.account)), before + 1)

    @mute_logger(CHECKOUT_LOGGER)
    def test_refusal_and_outage_are_errors(self):
        for fault in ("refuse", "http_500"):
            tx = self.create_tx()
            self.sandbox.add_fault(self.account, CREATE, fault, times=2)
            tx._get_processing_values()
            self.sandbox.clear_faults(self.account)
            self.assertEqual((tx.state, tx.pg_checkout_ref), ("error", False))

    def test_amounts_that_do_not_fit_are_refused_not_rounded(self):
        before = self.count_calls(CREATE)
        for name, amount in (("JPY", 1.5), ("HUF", 10.5), ("TWD", 0.5), ("USD", 1.001)):
            currency = self.env.ref(f"base.{name}")
            currency.write({"active": True, "rounding": 0.001})
            tx = self.create_tx(amount=amount, currency=currency)
            tx._get_processing_values()
            self.assertEqual((tx.state, tx.pg_checkout_ref), ("error", False), name)
        self.assertEqual(self.count_calls(CREATE), before)

    def test_whole_units(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        tx = self.create_paid_tx(amount=1500.0, currency=yen)
        (capture,) = self.find_captures(tx)
        self.assertEqual(capture["amount"], {"currency_code": "JPY", "value": "1500"})

    def test_switched_off_opens_nothing(self):
        tx = self.create_tx()
        self.provider.state = "disabled"
        before = self.count_calls(CREATE)
        with self.assertRaises(UserError):
            tx._get_processing_values()
        self.assertEqual(self.count_calls(CREATE), before)

    def test_fee_in_the_currency_of_the_payment(self):
        tx = self.create_paid_tx(amount=100.0)
        (capture,) = self.find_captures(tx)
        fee = capture["seller_receivable_breakdown"]["paypal_fee"]["value"]
        self.assertEqual(Decimal(str(tx.gateway_fee)), Decimal(fee))
        self.assertEqual((tx.gateway_fee_currency_id, tx.gateway_rate), (self.usd, 1.0))
        self.assertAlmostEqual(tx.gateway_fee + tx.gateway_net, 100.0)
