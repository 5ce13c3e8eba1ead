import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.pg_base.tools.steps import run_step
from odoo.addons.pg_topup.clock import now
from odoo.tools import SQL
from odoo.tools.misc import consteq, hmac

from ..tools.identity import EMAIL, Identity

CODE_MINUTES = 10
MAX_TRIES = 5
SCOPE = "pg_portal-code"
# How often one address or number may ask for a code.
ASKS = (("portal.code", 4, 15 * 60), ("portal.code_day", 12, 24 * 3600))
ADDRESS_ASKS = (20, 15 * 60)


class PgPortalCode(models.Model):
    """A login by code that waits to be proven.

    The request only notes what was typed. A worker looks whether there is such a customer, makes
    the code, sends it and keeps its keyed hash; so a visitor cannot tell, not even by the time it
    takes, whether an account exists. The code itself is never stored here.
    """

    _name = "pg.portal.code"
    _description = "Login code"
    _order = "id desc"
    _log_access = False

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    token = fields.Char(required=True, readonly=True, groups="base.group_system")
    channel = fields.Selection([("email", "E-mail"), ("sms", "SMS")], required=True, readonly=True)
    value = fields.Char("Address", required=True, readonly=True)
    lang = fields.Char(readonly=True)
    state = fields.Selection(
        [("waiting", "Waiting"), ("sent", "Sent"), ("void", "Nobody to send it to")],
        required=True,
        readonly=True,
        default="waiting",
    )
    code_hash = fields.Char(readonly=True, groups="base.group_system")
    tries = fields.Integer(required=True, readonly=True, default=0)
    asked_at = fields.Datetime("Asked", required=True, readonly=True, default=lambda self: now())
    expires_at = fields.Datetime("Valid until", required=True, readonly=True)
    used_at = fields.Datetime("Used", readonly=True)

    _token_unique = models.UniqueIndex("(token)")
    _waiting_index = models.Index("(id) WHERE state = 'waiting'")

    # === BUSINESS === #

    @api.model
    @api.private
    def _ask(self, company, identity, lang=None):
        """Note that somebody wants to log in, and wake the worker that sends the code.

        :param Identity identity: what was typed.
        :return: the token that the page with the code sends back.
        :raise TooManyRequests: asked too often, whoever it is.
        """
        limits = self.env["pg.rate.limit"]
        limits._enforce("portal.code_ip", limits._get_address(), *ADDRESS_ASKS)
        key = (company.id, identity.value)
        for bucket, limit, seconds in ASKS:
            limits._enforce(bucket, key, limit, seconds)
        token = secrets.token_urlsafe(32)
        self.sudo().create(
            {
                "company_id": company.id,
                "token": token,
                "channel": identity.channel,
                "value": identity.value,
                "lang": lang or False,
                "expires_at": now() + timedelta(minutes=CODE_MINUTES),
            }
        )
        self.env.ref("pg_portal.cron_codes").sudo()._trigger()
        return token

    @api.model
    @api.private
    def _prove(self, company, token, code):
        """Return the Identity that a right code proves, once; None for all else.

        A try is counted and committed before it is looked at, in a step of its own that waits for
        the row: however many tries come at once, no sixth one is compared.
        """
        return run_step(
            self.env, _try_code, company.id, token or "", code or "", read_committed=True
        )

    def _get_hash(self, code):
        """Return the keyed hash of a code of this login."""
        return hmac(self.env, SCOPE, (self.token, code))

    # === CRON === #

    @api.model
    def _cron_send(self, limit=200):
        """Send what waits, each in a step of its own."""
        for _count in range(limit):
            if not run_step(self.env, _send_next, read_committed=True):
                return
        self.env.ref("pg_portal.cron_codes").sudo()._trigger()

    @api.model
    def _send_one(self):
        """Send one code that waits; return whether there was one."""
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM pg_portal_code WHERE state = 'waiting'
                   ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"""
            )
        )
        login = self.browse(id_ for (id_,) in rows)
        if login:
            login._send()
        return bool(login)

    def _send(self):
        """Make the code and queue the message, when there is a customer to send it to."""
        pages = self.env["pg.storefront"]._for_seller(self.company_id)
        known = pages._find_accounts(self.company_id, Identity(self.channel, self.value))
        if not known or self.expires_at <= now():
            self.state = "void"
            return
        code = f"{secrets.randbelow(10**6):06d}"
        self.write({"state": "sent", "code_hash": self._get_hash(code)})
        sender = self.with_company(self.company_id).with_context(lang=self.lang or None)
        sender._queue_mail(code) if self.channel == EMAIL else sender._queue_sms(code)

    def _queue_mail(self, code):
        company = self.company_id
        body = self.env["ir.qweb"]._render(
            "pg_portal.mail_code", {"company": company, "code": code, "minutes": CODE_MINUTES}
        )
        self.env["mail.mail"].create(
            {
                "subject": self.env._("Your login code for %s", company.name),
                "body_html": body,
                "email_from": company.email_formatted or self.env.user.email_formatted,
                "email_to": self.value,
                "auto_delete": True,
            }
        )
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    def _queue_sms(self, code):
        text = self.env._(
            "%(code)s is your code for %(seller)s. It is valid for %(minutes)s minutes. "
            "Never give it to anybody.",
            code=code,
            seller=self.company_id.name,
            minutes=CODE_MINUTES,
        )
        self.env["sms.sms"].create({"number": self.value, "body": text})

    @api.autovacuum
    def _gc_old(self):
        """Forget logins of more than a day ago."""
        self.search([("asked_at", "<", now() - timedelta(days=1))], limit=10000).unlink()


def _send_next(env):
    return env["pg.portal.code"]._send_one()


def _try_code(env, company_id, token, code):
    """Count a try; compare; use the code up. Runs in a transaction of its own."""
    rows = env.execute_query(
        SQL(
            """UPDATE pg_portal_code SET tries = tries + 1
                WHERE token = %s AND company_id = %s AND used_at IS NULL
                  AND expires_at > %s AND tries < %s
            RETURNING id""",
            token,
            company_id,
            now(),
            MAX_TRIES,
        )
    )
    login = env["pg.portal.code"].browse(id_ for (id_,) in rows)
    # A login that leads nowhere is compared like any other.
    known = (login and login.code_hash) or "0" * 64
    is_right = consteq(known, login._get_hash(code) if login else "1" * 64)
    if not login or not is_right:
        return None
    login.used_at = now()
    return Identity(login.channel, login.value)
