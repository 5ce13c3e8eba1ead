import json

from odoo.tests import tagged
from stripe import WebhookSignature

from .common import SECRET, StripeCase

LOGGER = "odoo.addons.pg_payments.controllers.webhook"


@tagged("post_install", "-at_install", "pg")
class TestWebhookSignature(StripeCase):
    """Nothing is believed, stored or shown before a webhook is proven to be the gateway's."""

    def setUp(self):
        super().setUp()
        self.tx = self.create_open_tx()
        self.pay(self.tx)
        self.event = self.find_event("checkout.session.completed", self.tx)

    def assertRefused(self, answer, status=400):
        self.assertEqual(answer.status_code, status)
        self.assertEqual(len(self.get_inbox()), 0)
        self.assertEqual(self.tx.state, "draft")

    def test_good(self):
        self.assertEqual(self.post_event(self.event).status_code, 200)
        self.assertEqual(self.tx.state, "done")
        self.assertEqual(self.get_inbox().state, "done")

    def test_rotated_secret(self):
        body = json.dumps(self.event)
        old = WebhookSignature.generate_signature_header(body, "whsec_old")
        new = WebhookSignature.generate_signature_header(body, SECRET)
        header = old + "," + new.split(",")[1]
        self.assertEqual(self.post_event(body, header=header).status_code, 200)
        self.assertEqual(self.tx.state, "done")

    def test_a_new_secret_counts_at_once_and_the_old_one_no_more(self):
        self.assertRefused(self.post_event(self.event, secret="whsec_new"))
        self.provider.pg_webhook_secret = "whsec_new"
        self.assertRefused(self.post_event(self.event))
        # Twice in one transaction, and past Odoo.
        self.provider.pg_webhook_secret = "whsec_newer"
        self.assertRefused(self.post_event(self.event, secret="whsec_new"))
        newest = self.provider.copy({"pg_webhook_secret": "whsec_newest"})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_provider SET pg_webhook_secret = ("
            " SELECT pg_webhook_secret FROM payment_provider WHERE id = %s) WHERE id = %s",
            [newest.id, self.provider.id],
        )
        self.provider.invalidate_recordset()
        self.assertRefused(self.post_event(self.event, secret="whsec_newer"))
        self.assertEqual(self.post_event(self.event, secret="whsec_newest").status_code, 200)
        self.assertEqual(self.tx.state, "done")

    def test_bad_ones(self):
        body = json.dumps(self.event)
        good = WebhookSignature.generate_signature_header(body, SECRET)
        cases = {
            "tampered": lambda: self.post_event(body.replace("pgk", "usd"), header=good),
            "other secret": lambda: self.post_event(body, secret="whsec_other"),
            "old": lambda: self.post_event(body, age=301),
            "missing": lambda: self.post_event(body, header=""),
            "nonsense": lambda: self.post_event(body, header="t=x,v1=y"),
            "not JSON": lambda: self.post_event("{"),
            "not an event": lambda: self.post_event('{"object": "charge", "id": "x"}'),
            "a list": lambda: self.post_event("[]"),
        }
        for name, post in cases.items():
            with self.subTest(name), self.assertLogs(LOGGER, "WARNING") as logs:
                self.assertRefused(post())
            self.assertEqual(len(logs.output), 1)
            self.assertNotIn("mary.kila", logs.output[0])
            self.assertNotIn(SECRET, logs.output[0])

    def test_no_secret_is_not_found(self):
        self.provider.pg_webhook_secret = False
        self.assertRefused(self.post_event(self.event), 404)

    def test_unknown_provider_is_not_found(self):
        other = self.env["payment.provider"].create({"name": "Other", "code": "none"})
        self.assertRefused(self.post_event(self.event, provider=other), 404)
        other.unlink()
        self.assertRefused(self.post_event(self.event, provider=other), 404)

    def test_too_large(self):
        self.event["padding"] = "x" * 256 * 1024
        self.assertRefused(self.post_event(self.event), 413)

    def test_secret_of_another_seller_opens_nothing(self):
        account = self.sandbox.create_account("stripe")
        self.addCleanup(self.sandbox.delete_account, account)
        other = self._set_up_provider(self.other_seller, account, "whsec_other")
        self.assertRefused(self.post_event(self.event, secret="whsec_other"))
        answer = self.post_event(self.event, provider=other, secret="whsec_other")
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(self.get_inbox(other).state, "ignored")
        self.assertEqual(self.tx.state, "draft")
