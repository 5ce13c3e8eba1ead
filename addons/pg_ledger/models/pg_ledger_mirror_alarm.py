from odoo import api, fields, models

from ..const import LAG_ALARM_SECONDS


class PgLedgerMirror(models.Model):
    """Tells the administrators of a company when its ledger needs them: activity and mail."""

    _name = "pg.ledger.mirror"
    _inherit = ["pg.ledger.mirror", "mail.thread", "mail.activity.mixin"]
    # An administrator reads a mirror and cannot write it, but may answer an activity.
    _mail_post_access = "read"

    behind_since = fields.Datetime(
        "Set back since", readonly=True, help="MongoDB lacks entries that it had confirmed."
    )

    # === BUSINESS === #

    @api.model
    def _alarm(self, company, topic, note):
        """Give each administrator of a company an activity, once while it is open.

        :param str topic: what it is about, the same for the same trouble
        :param str note: a sentence
        """
        mirror = self._get_for(company)
        told = mirror.activity_ids.filtered(lambda activity: activity.summary == topic).user_id
        for user in self._get_admins(company) - told:
            mirror.activity_schedule(
                "mail.mail_activity_data_warning", summary=topic, note=note, user_id=user.id
            )

    @api.model
    def _calm(self, company, topic):
        """Close the activities about a trouble that is over."""
        mirror = self.search([("company_id", "=", company.id)])
        over = mirror.activity_ids.filtered(lambda activity: activity.summary == topic)
        if over:
            over.action_feedback(feedback=self.env._("It is over."))

    @api.model
    def _note_behind(self, company_ids):
        """MongoDB lacks what it had confirmed, as one that was restored to an older point does.

        Have the ledgers verified, which names what is missing, and tell the administrators; once,
        until a clean verification of the whole ledger. A ledger that is filled again is left alone.
        """
        topic = self._get_behind_topic()
        mirrors = self.search([("company_id", "in", company_ids), ("refill_next", "=", 0)])
        for mirror in mirrors:
            if mirror.behind_since:
                continue
            mirror.behind_since = fields.Datetime.now()
            self._alarm(
                mirror.company_id,
                topic,
                self.env._("Its newest documents are gone. A verification names them."),
            )
            self.env["pg.ledger.verify"]._queue(mirror.company_id)

    @api.model
    def _note_whole(self, company):
        """MongoDB holds the whole ledger of a company: a clean verification said so."""
        self.search([("company_id", "=", company.id)]).behind_since = False
        for topic in (self._get_behind_topic(), self._get_differs_topic()):
            self._calm(company, topic)

    @api.model
    def _get_behind_topic(self):
        return self.env._("MongoDB was set back")

    @api.model
    def _get_differs_topic(self):
        return self.env._("MongoDB differs from the ledger")

    @api.model
    def _get_admins(self, company):
        return self.env["res.users"].search(
            [
                ("all_group_ids", "in", self.env.ref("pg_base.group_admin").ids),
                ("company_ids", "in", company.ids),
                ("share", "=", False),
            ]
        )

    # === CRON === #

    @api.model
    def _alarm_lag(self):
        """Report the companies whose entries do not reach MongoDB; close what is over."""
        topic = self.env._("The ledger's mirror is behind")
        for mirror in self.search([("company_id", "!=", False)]):
            if mirror.lag_seconds > LAG_ALARM_SECONDS:
                note = self.env._("Entries wait for %s minutes.", mirror.lag_seconds // 60)
                self._alarm(mirror.company_id, topic, note)
            elif mirror.activity_ids:
                self._calm(mirror.company_id, topic)
