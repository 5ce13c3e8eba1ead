from dataclasses import dataclass, field
from datetime import timedelta

from markupsafe import Markup
from odoo import api, fields, models
from odoo.addons.pg_base.http import HttpClient
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.addons.pg_base.tools.steps import run_step
from odoo.tools import SQL, email_split

from .. import alert_formats, alert_kinds
from ..clock import now

BATCH = 200
OUTSIDE = tuple(alert_formats.FORMATS)


@dataclass(frozen=True)
class Post:
    """One post to make, without a record or a cursor."""

    message_id: int
    url: str = field(repr=False)
    body: dict = field(repr=False)


class PgAlertMessage(models.Model):
    """One message of an alert to one place: queued with the alert, tried until it arrives."""

    _name = "pg.alert.message"
    _description = "Alert message"
    _order = "id desc"
    _log_access = False

    rule_id = fields.Many2one("pg.alert.rule", readonly=True, required=True, ondelete="cascade")
    alert_id = fields.Many2one("pg.alert", readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", readonly=True, required=True)
    channel = fields.Selection(alert_kinds.CHANNELS, "Where", readonly=True, required=True)
    title = fields.Char(readonly=True, required=True)
    text = fields.Char(readonly=True, required=True)
    state = fields.Selection(
        [("waiting", "Waiting"), ("sent", "Sent"), ("failed", "Given up")],
        required=True,
        readonly=True,
        default="waiting",
    )
    tries = fields.Integer(readonly=True)
    next_try_at = fields.Datetime("Next try", readonly=True)
    sent_at = fields.Datetime("Sent at", readonly=True)
    error = fields.Char("Last error", readonly=True)

    _due_index = models.Index("(next_try_at) WHERE state = 'waiting'")

    # === BUSINESS === #

    @api.model
    def _queue(self, rule, *, title, text, channels, alert=None):
        """Queue one message for each place."""
        moment = now()
        self.create(
            [
                {
                    "rule_id": rule.id,
                    "alert_id": alert.id if alert else False,
                    "company_id": rule.company_id.id,
                    "channel": channel,
                    "title": title[:200],
                    "text": text[:1000],
                    "next_try_at": moment,
                }
                for channel in channels
            ]
        )
        if channels:
            self._wake()

    @api.model
    def _wake(self, at=None):
        self.env.ref("pg_topup.cron_alert_messages").sudo()._trigger(at=at)

    # === CRON === #

    @api.model
    def _cron_tell(self):
        """Tell what is due: inside Odoo in one step; outside claim, post, write the outcome."""
        for _count in range(BATCH):
            message_id, job = run_step(self.env, _claim, read_committed=True)
            if not message_id:
                return
            if job:
                run_step(self.env, _settle, message_id, *_post(job))
        self._wake()

    @api.model
    def _claim_one(self):
        """Take the next message: told at once inside Odoo, returned when it goes outside.

        :return: (id or None, Post or None).
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM pg_alert_message WHERE state = 'waiting' AND next_try_at <= %s
                   ORDER BY next_try_at, id LIMIT 1 FOR UPDATE SKIP LOCKED""",
                now(),
            )
        )
        message = self.browse(id_ for (id_,) in rows)
        if not message:
            return None, None
        later = now() + timedelta(seconds=alert_kinds.CLAIM)
        message.write({"tries": message.tries + 1, "next_try_at": later})
        if message.channel not in OUTSIDE:
            message._tell_inside()
            return message.id, None
        url = message.rule_id._pg_reveal(f"{message.channel}_url")
        if not url:
            message._settle(410, self.env._("The address was taken away."))
            return message.id, None
        write = alert_formats.FORMATS[message.channel]
        return message.id, Post(message.id, url, write(message.title, message.text, self._link()))

    def _link(self):
        """Return the address of the alerts in the back office."""
        return f"{self.get_base_url()}/odoo/alerts"

    def _tell_inside(self):
        try:
            with self.env.cr.savepoint():
                getattr(self, f"_tell_{self.channel}")()
        except Exception as error:
            self._settle(0, f"{type(error).__name__}: {error}")
            return
        self._settle(200, "")

    def _settle(self, status, error):
        """Write what became of a try.

        :param int status: as of HTTP, 0 without an answer. An address that is gone, or that
            refuses what it is sent, is not tried again.
        """
        if self.state != "waiting":
            return
        if 200 <= status < 300:
            self.write({"state": "sent", "sent_at": now(), "error": False})
            return
        waits = alert_kinds.WAITS
        is_over = self.tries > len(waits) or (400 <= status < 500 and status not in (408, 429))
        at = False if is_over else now() + timedelta(seconds=waits[self.tries - 1])
        state = "failed" if is_over else "waiting"
        self.write({"state": state, "error": error[:300], "next_try_at": at})
        if at:
            self._wake(at=at)

    # === PLACES INSIDE ODOO === #

    def _tell_activity(self):
        alert = self.alert_id
        if alert.state != "open":
            return
        for user in self.rule_id._get_users():
            mine = alert.activity_ids.filtered(lambda a, user=user: a.user_id == user)
            if not mine:
                alert.with_context(mail_activity_quick_update=True).activity_schedule(
                    "mail.mail_activity_data_todo", summary=self.text[:200], user_id=user.id
                )

    def _tell_email(self):
        company = self.company_id
        addresses = email_split(self.rule_id.email_to or company.email or "")
        if not addresses:
            raise ValueError(self.env._("There is no address to write to."))
        link = Markup('<a href="%s">%s</a>') % (self._link(), self.env._("Open the alerts"))
        self.env["mail.mail"].create(
            {
                "subject": self.title,
                "email_from": company.email_formatted,
                "email_to": ", ".join(addresses),
                "body_html": Markup("<p>%s</p><p>%s</p>") % (self.text, link),
                "auto_delete": True,
            }
        )

    def _tell_discuss(self):
        self.rule_id.channel_id.message_post(
            body=Markup("<b>%s</b><br/>%s") % (self.title, self.text),
            message_type="notification",
            subtype_xmlid="mail.mt_comment",
        )

    @api.autovacuum
    def _gc_old(self):
        """Forget messages that ended over ninety days ago."""
        limit = now() - timedelta(days=90)
        self.search([("state", "!=", "waiting"), ("sent_at", "<", limit)], limit=5000).unlink()


def _claim(env):
    return env["pg.alert.message"]._claim_one()


def _settle(env, message_id, status, error):
    message = env["pg.alert.message"].browse(message_id)
    message.lock_for_update()
    message._settle(status, error)


def _post(job):
    """Post once; return (status, error)."""
    client = HttpClient(job.url, connect_timeout=5, read_timeout=10, max_bytes=64 * 1024)
    try:
        answer = client.request("POST", "", json=job.body)
    except OutsideError as error:
        return 0, error.message
    return answer.status, "" if answer.status < 300 else f"HTTP {answer.status}"
