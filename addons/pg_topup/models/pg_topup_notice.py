from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.pg_base.tools.steps import run_step
from odoo.tools import SQL

from .. import const
from ..clock import now


class PgTopupNotice(models.Model):
    """One message to a customer about one top-up: queued with the state, sent once."""

    _name = "pg.topup.notice"
    _description = "Notice to a customer"
    _order = "id desc"
    _log_access = False

    topup_id = fields.Many2one(
        "pg.topup", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    kind = fields.Selection(const.NOTICE_KINDS, required=True, readonly=True)
    channel = fields.Selection(const.NOTICE_CHANNELS, required=True, readonly=True)
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("sent", "Handed to the queue"),
            ("skipped", "Not needed any more"),
            ("failed", "Failed"),
        ],
        required=True,
        readonly=True,
        default="waiting",
    )
    due_at = fields.Datetime("Due", required=True, readonly=True)
    sent_at = fields.Datetime("Sent", readonly=True)
    error = fields.Char(readonly=True)

    _once = models.UniqueIndex("(topup_id, kind, channel)")
    _due_index = models.Index("(due_at) WHERE state = 'waiting'")

    # === CRON === #

    @api.model
    def _cron_send(self, limit=200):
        """Hand what is due to Odoo's mail and SMS queues, each in a step of its own."""
        for _count in range(limit):
            if not run_step(self.env, _send_next, read_committed=True):
                return
        self.env.ref("pg_topup.cron_notices").sudo()._trigger()

    @api.model
    def _send_one(self):
        """Send one due notice; the rows of other workers are skipped.

        :return: whether there was one.
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM pg_topup_notice WHERE state = 'waiting' AND due_at <= %s
                   ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED""",
                now(),
            )
        )
        notice = self.browse(id_ for (id_,) in rows)
        if notice:
            notice._send()
        return bool(notice)

    def _send(self):
        """Queue the message, or skip it when the top-up has moved on meanwhile."""
        if self.topup_id.state not in const.NOTICE_STATES[self.kind]:
            self.state = "skipped"
            return
        try:
            with self.env.cr.savepoint():
                getattr(self, f"_queue_{self.channel}")()
        except Exception as error:
            # A broken template of one seller is no reason to stop the others.
            self.write({"state": "failed", "error": f"{type(error).__name__}: {error}"[:500]})
            return
        self.write({"state": "sent", "sent_at": now()})

    def _queue_email(self):
        topup = self.topup_id
        template = self.company_id[f"pg_template_{self.kind}_id"] or self.env.ref(
            f"pg_topup.mail_template_{self.kind}"
        )
        values = {"email_to": topup.email}
        if self.kind == "delivered":
            values["attachment_ids"] = [(4, topup._create_receipt_attachment().id)]
        template.with_company(self.company_id).send_mail(topup.id, email_values=values)

    def _queue_sms(self):
        topup = self.topup_id
        self.env["sms.sms"].with_company(self.company_id).create(
            {
                "number": topup._get_notice_number(self.kind),
                "partner_id": topup.partner_id.id,
                "body": topup._get_sms_text(self.kind),
            }
        )


class PgTopup(models.Model):
    _inherit = "pg.topup"

    notice_ids = fields.One2many("pg.topup.notice", "topup_id", "Notices", readonly=True)

    def _on_state(self, before):
        """Override to queue what the customer is told about the new state."""
        super()._on_state(before)
        kind = const.NOTICE_OF_STATE.get(self.state)
        if kind:
            self._queue_notices(kind)

    def _queue_notices(self, kind):
        """Queue a kind of notice on every channel that the seller uses; never a second time."""
        company, customer = self.company_id, self.partner_id
        if not company[f"pg_tell_{kind}"]:
            return
        channels = [
            channel
            for channel, wanted in (
                ("email", company.pg_notify_email and self.email and not customer.pg_no_email),
                (
                    "sms",
                    company.pg_notify_sms
                    and not customer.pg_no_sms
                    and self._get_notice_number(kind),
                ),
            )
            if wanted
        ]
        due_at = now() + timedelta(seconds=const.NOTICE_DELAYS.get(kind, 0))
        for channel in channels:
            self.env.cr.execute(
                SQL(
                    """INSERT INTO pg_topup_notice
                           (topup_id, company_id, kind, channel, state, due_at)
                       VALUES (%s, %s, %s, %s, 'waiting', %s) ON CONFLICT DO NOTHING""",
                    self.id,
                    company.id,
                    kind,
                    channel,
                    due_at,
                )
            )
        if channels:
            self.invalidate_recordset(["notice_ids"])
            self.env.ref("pg_topup.cron_notices").sudo()._trigger(at=due_at)

    def _get_notice_number(self, kind):
        """Return the number that gets an SMS: the recipient hears of what has arrived, of money
        that did not reach its end only who paid."""
        customer = self.partner_id
        return self.number if kind == "delivered" else customer.phone_sanitized or customer.phone

    def _create_receipt_attachment(self):
        """Return the receipt, in the customer's language, as an attachment that is made once."""
        name = f"receipt-{self.name}.pdf"
        Attachment = self.env["ir.attachment"].sudo()
        known = Attachment.search(
            [("res_model", "=", self._name), ("res_id", "=", self.id), ("name", "=", name)], limit=1
        )
        return known or Attachment.create(
            {
                "name": name,
                "raw": self.with_context(lang=self.lang or None)._render_receipt_pdf(),
                "mimetype": "application/pdf",
                "res_model": self._name,
                "res_id": self.id,
            }
        )


def _send_next(env):
    return env["pg.topup.notice"]._send_one()
