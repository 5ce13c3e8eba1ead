import io
import unittest
from datetime import timedelta

from odoo.addons.pg_topup.clock import now
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from PyPDF2 import PdfReader

from .common import REFUSED, TopupCase


@tagged("post_install", "-at_install", "pg")
class TestNotice(TopupCase):
    def send(self):
        self.env.flush_all()
        self.env["pg.topup.notice"]._cron_send()
        self.env.invalidate_all()

    def mails(self, topup):
        return self.env["mail.mail"].search(
            [("model", "=", "pg.topup"), ("res_id", "=", topup.id)], order="id"
        )

    def texts(self, topup):
        return self.env["sms.sms"].search([("number", "=", topup.number)], order="id")

    def test_delivered_is_told_once_with_the_receipt(self):
        topup = self.sell(email="kila@example.com")
        self.dispatch()
        for _run in range(3):
            self.send()
        mail = self.mails(topup)
        self.assertEqual(len(mail), 1, topup.notice_ids.mapped("error"))
        self.assertEqual(mail.email_to, "kila@example.com")
        self.assertIn("Delivered", mail.subject)
        self.assertIn(topup.name, mail.body_html)
        self.assertEqual(mail.attachment_ids.mapped("name"), [f"receipt-{topup.name}.pdf"])
        self.assertEqual(topup.notice_ids.mapped("state"), ["sent"])

    def test_failure_is_not_told_when_the_refund_is_quicker(self):
        topup = self.sell(REFUSED, email="kila@example.com")
        self.dispatch()
        self.refund(topup)
        topup.notice_ids.due_at = now() - timedelta(seconds=1)
        self.send()
        self.assertEqual(
            {notice.kind: notice.state for notice in topup.notice_ids},
            {"failed": "skipped", "refunded": "sent"},
        )
        self.assertEqual(len(self.mails(topup)), 1)

    def test_doubt_is_told_only_after_an_hour(self):
        self.add_fault("http_500_html", times=1)
        topup = self.sell(email="kila@example.com")
        self.dispatch()
        self.send()
        self.assertFalse(self.mails(topup))
        wait = (topup.notice_ids.due_at - now()).total_seconds()
        self.assertAlmostEqual(wait, 3600, delta=30)

    def test_without_address_or_against_the_sellers_wish_nothing_is_sent(self):
        silent = self.sell()
        self.seller.pg_notify_email = False
        unwanted = self.sell(email="kila@example.com")
        self.dispatch()
        self.dispatch()
        self.send()
        self.assertFalse(silent.notice_ids + unwanted.notice_ids)

    def test_sms_goes_to_odoos_own_queue(self):
        self.seller.pg_notify_sms = True
        topup = self.sell()
        self.dispatch()
        self.send()
        self.assertEqual(self.texts(topup).mapped("state"), ["outgoing"])
        self.assertIn(topup.name, self.texts(topup).body)

    def test_sms_in_the_sellers_words_and_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.seller.pg_notify_sms = True
        self.seller.pg_sms_delivered = "{seller}: {receives} for {number}, {order}"
        self.seller.with_context(lang="fr_FR").pg_sms_delivered = "Bonjour de {seller} {order}"
        topup, french = self.sell(), self.sell("+67570123999", lang="fr_FR")
        self.dispatch(2)
        self.send()
        receives = topup._get_received_words()
        self.assertEqual(
            self.texts(topup).body, f"Seller One: {receives} for {topup.number}, {topup.name}"
        )
        self.assertEqual(self.texts(french).body, f"Bonjour de Seller One {french.name}")
        for wrong in ("{nobody}", "{order.company_id}", "{seller", "a}", "{{order}}", "{}"):
            with self.assertRaises(ValidationError):
                self.seller.pg_sms_failed = wrong

    def test_mail_and_receipt_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["ir.module.module"]._load_module_terms(["pg_topup"], ["fr_FR"])
        self.seller.pg_notify_sms = True
        english = self.sell(email="kila@example.com")
        french = self.sell("+67570123999", email="lea@example.com", lang="fr_FR")
        self.dispatch(2)
        self.send()
        self.assertIn("Delivered", self.mails(english).subject)
        mail = self.mails(french)
        self.assertIn("Livrée", mail.subject)
        for words in ("a reçu", "Numéro", "Voir votre commande"):
            self.assertIn(words, mail.body_html)
        self.assertIn("Livrée", self.texts(french).body)
        reader = PdfReader(io.BytesIO(mail.attachment_ids.raw))
        self.assertIn("Total payé", reader.pages[0].extract_text())

    def test_own_template_of_an_organisation(self):
        mine = self.as_user(self.env["mail.template"], "admin").create(
            {
                "name": "Mine",
                "model_id": self.env["ir.model"]._get_id("pg.topup"),
                "subject": "Done: {{ object.name }}",
                "body_html": "<p>Thank you</p>",
            }
        )
        self.assertEqual(mine.pg_company_id, self.seller)
        self.seller.pg_template_delivered_id = mine
        topup = self.sell(email="kila@example.com")
        self.dispatch()
        self.send()
        self.assertEqual(self.mails(topup).subject, f"Done: {topup.name}")
        other = self.as_user(self.env["mail.template"], "admin", self.other_seller)
        self.assertFalse(other.search([("name", "=", "Mine")]))
        with self.assertRaises(AccessError):
            mine.with_env(other.env).read(["subject"])
        shared = self.env.ref("pg_topup.mail_template_delivered")
        self.assertTrue(shared.with_env(other.env).name, "everybody's are seen by all")

    def test_each_kind_can_be_switched_off(self):
        self.seller.pg_tell_delivered = False
        topup, failed = self.sell(email="kila@example.com"), self.sell(REFUSED, email="a@b.example")
        self.dispatch(2)
        self.assertEqual((topup.state, failed.state), ("completed", "failed"))
        self.assertFalse(topup.notice_ids)
        self.assertEqual(failed.notice_ids.mapped("kind"), ["failed"])

    def test_bad_news_by_sms_go_to_who_paid_only(self):
        self.seller.write({"pg_notify_sms": True, "pg_notify_email": False})
        payer = self.env["res.partner"].create(
            {"name": "Kila", "company_id": self.seller.id, "phone": "+67570999888"}
        )
        stranger = self.sell(REFUSED, email="kila@example.com")
        known = self.sell(REFUSED, partner=payer)
        self.dispatch(2)
        known.notice_ids.due_at = now() - timedelta(seconds=1)
        self.send()
        self.assertFalse(stranger.notice_ids)
        self.assertFalse(self.texts(known))
        sent = self.env["sms.sms"].search([("partner_id", "=", payer.id)])
        self.assertEqual(sent.mapped("number"), ["+67570999888"])

    def test_broken_template_stops_nobody_else(self):
        broken = self.env.ref("pg_topup.mail_template_delivered").copy()
        broken.body_html = "<t t-out='object.nothing_of_this_name'/>"
        self.seller.pg_template_delivered_id = broken
        topup = self.sell(email="kila@example.com")
        self.dispatch()
        self.send()
        self.assertEqual(topup.notice_ids.state, "failed")
        self.assertTrue(topup.notice_ids.error)
        self.assertFalse(self.mails(topup))
        self.assertEqual(topup.state, "completed")


@tagged("post_install", "-at_install", "pg")
class TestTwilio(TopupCase):
    """Odoo's `sms_twilio`, when it is installed, against the sandbox's Twilio."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "sms_provider" not in cls.env["res.company"]:
            raise unittest.SkipTest("sms_twilio is not installed")
        cls.seller.write(
            {
                "pg_notify_sms": True,
                "sms_provider": "twilio",
                "sms_twilio_account_sid": "AC" + "1" * 32,
                "sms_twilio_auth_token": "token",
                "sms_twilio_number_ids": [
                    (0, 0, {"number": "+67570111111", "country_id": cls.env.ref("base.pg").id})
                ],
            }
        )

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        """Override of `odoo` to lead the vendor's address to the sandbox: the rest is real."""
        request.url = request.url.replace("https://api.twilio.com", cls.sandbox.twilio_url)
        return super()._request_handler(session, request, **options)

    def test_each_message_once_and_by_the_sellers_own_account(self):
        topup, refused = self.sell("+67571239801"), self.sell("+67571230001")
        self.dispatch(2)
        self.env.flush_all()
        for _run in range(2):
            self.env["pg.topup.notice"]._cron_send()
            self.env["sms.sms"].search([("state", "=", "outgoing")]).send()
        [sent] = self.sandbox.sms(topup.number)
        self.assertEqual(sent["service"], "twilio")
        self.assertIn(topup.name, sent["body"])
        self.assertEqual(self.sandbox.sms(refused.number), [])
        texts = self.env["sms.sms"].search([("number", "=", refused.number)])
        self.assertEqual(texts.mapped("state"), ["error"])
        self.assertEqual(texts.failure_type, "sms_number_format")
