import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, json_default

from .. import alert_kinds
from ..clock import now


class PgAlert(models.Model):
    """Something that a rule found. One is open per rule and subject; it ends with its cause."""

    _name = "pg.alert"
    _description = "Alert"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "state, id desc"
    _rec_name = "text"

    rule_id = fields.Many2one("pg.alert.rule", readonly=True, required=True, ondelete="cascade")
    company_id = fields.Many2one(
        "res.company", "Organisation", readonly=True, required=True, index=True
    )
    kind = fields.Selection(alert_kinds.KINDS, "What", readonly=True, required=True)
    subject = fields.Char(readonly=True, required=True)
    text = fields.Char("What happened", readonly=True, required=True)
    shown_model = fields.Char(readonly=True)
    shown_domain = fields.Char(readonly=True)
    state = fields.Selection(
        [("open", "Open"), ("resolved", "Over")], readonly=True, required=True, default="open"
    )
    opened_at = fields.Datetime("Since", readonly=True, required=True)
    seen_at = fields.Datetime("Last seen", readonly=True)
    resolved_at = fields.Datetime("Over since", readonly=True)
    snoozed_until = fields.Datetime("Quiet until", readonly=True)
    is_snoozed = fields.Boolean(compute="_compute_is_snoozed")
    message_out_ids = fields.One2many("pg.alert.message", "alert_id", "Told", readonly=True)

    _one_open = models.UniqueIndex("(rule_id, subject) WHERE state = 'open'")

    # === COMPUTE === #

    @api.depends("snoozed_until")
    def _compute_is_snoozed(self):
        for alert in self:
            alert.is_snoozed = bool(alert.snoozed_until and alert.snoozed_until > now())

    # === ACTIONS === #

    def action_snooze_hour(self):
        """Keep quiet about these for an hour."""
        return self._snooze(timedelta(hours=1))

    def action_snooze_day(self):
        """Keep quiet about these for a day."""
        return self._snooze(timedelta(days=1))

    def action_wake(self):
        """End the quiet."""
        return self._snooze(None)

    def _snooze(self, span):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("pg_base.group_operator"):
            raise AccessError(self.env._("You do not have the right to do this."))
        still_open = self.sudo().filtered(lambda alert: alert.state == "open")
        still_open.snoozed_until = now() + span if span else False
        for alert in still_open:
            said = self.env._("Quiet for now.") if span else self.env._("No longer quiet.")
            alert.message_post(body=said, author_id=self.env.user.partner_id.id)
        return True

    def action_open_shown(self):
        """Show the records that the alert is about."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.text,
            "res_model": self.shown_model,
            "view_mode": "list,form",
            "views": [(False, "list"), (False, "form")],
            "domain": json.loads(self.shown_domain or "[]"),
        }

    # === BUSINESS === #

    @api.model
    def _open(self, rule, finding):
        """Open an alert and queue what is told; nothing when another worker was quicker."""
        rows = self.env.execute_query(
            SQL(
                """INSERT INTO pg_alert (rule_id, company_id, kind, subject, text, state,
                                         opened_at, create_uid, create_date)
                   VALUES (%s, %s, %s, %s, %s, 'open', %s, %s, %s)
                   ON CONFLICT DO NOTHING RETURNING id""",
                rule.id,
                rule.company_id.id,
                rule.kind,
                finding.subject,
                finding.text,
                now(),
                self.env.uid,
                now(),
            )
        )
        alert = self.browse(id_ for (id_,) in rows)
        if alert:
            alert._see_again(finding)
            alert._tell(finding.text)
        return alert

    def _see_again(self, finding):
        """Refresh an open alert; tell it again once a quiet is over."""
        values = {
            "text": finding.text,
            "seen_at": now(),
            "shown_model": finding.model,
            "shown_domain": json.dumps(finding.domain, default=json_default),
        }
        if self.snoozed_until and self.snoozed_until <= now():
            values["snoozed_until"] = False
            self._tell(self.env._("Still so: %s", finding.text))
        self.write(values)

    def _resolve(self):
        """End alerts whose cause is gone, and say so where they were told."""
        for alert in self:
            quiet = alert.is_snoozed
            alert.write({"state": "resolved", "resolved_at": now(), "snoozed_until": False})
            feedback = self.env._("It is over.")
            alert.activity_ids.action_feedback(feedback=feedback)
            if not quiet:
                alert._tell(self.env._("Over: %s", alert.text), skip=("activity",))

    def _tell(self, text, skip=()):
        channels = [name for name in self.rule_id._get_channels() if name not in skip]
        self.env["pg.alert.message"]._queue(
            self.rule_id,
            alert=self,
            title=f"{self.company_id.name}: {self.rule_id.name}",
            text=text,
            channels=channels,
        )

    @api.autovacuum
    def _gc_old(self):
        """Forget alerts that ended over ninety days ago."""
        limit = now() - timedelta(days=90)
        self.search([("state", "=", "resolved"), ("resolved_at", "<", limit)], limit=5000).unlink()
