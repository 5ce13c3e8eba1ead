from datetime import timedelta

from odoo.addons.pg_topup.clock import now
from odoo.tests import tagged

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
