import secrets
from datetime import timedelta

import pytz
from odoo import SUPERUSER_ID, api, fields, models
from odoo.addons.pg_base.models.res_company import SLUG
from odoo.addons.pg_base.tools.steps import run_step
from odoo.addons.pg_topup.clock import now
from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.fields import Command
from odoo.tools import SQL, mute_logger
from odoo.tools.misc import hmac
from psycopg2 import IntegrityError

from ..tools import signup

SCOPE = "pg_portal-signup"
PARAMETER = "pg_portal.signup"
MODES = ("open", "approval", "closed")
LINK_HOURS = 48
ASKS_A_DAY = (3, 24 * 3600)
ADDRESS_ASKS = (10, 3600)


class PgSellerSignup(models.Model):
    """Somebody who wants to sell. No organisation and no user exist before the mail is proven.

    new → mailed → done; with approval: new → mailed → review → approved (mailed again) → done, or
    refused. `void`: the address has a login already, and its owner is told so by mail only.
    """

    _name = "pg.seller.signup"
    _description = "Seller sign-up"
    _order = "id desc"
    _rec_name = "company_name"

    company_name = fields.Char("Company", required=True, readonly=True)
    email = fields.Char("E-mail", required=True, readonly=True, index=True)
    country_id = fields.Many2one("res.country", "Country", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", "Currency", required=True, readonly=True)
    lang = fields.Char(readonly=True)
    ip = fields.Char("IP address", readonly=True)
    state = fields.Selection(
        [
            ("new", "New"),
            ("mailed", "Mail sent"),
            ("review", "To approve"),
            ("approved", "Approved"),
            ("done", "Sells"),
            ("refused", "Refused"),
            ("void", "Has a login already"),
        ],
        required=True,
        readonly=True,
        default="new",
        index=True,
    )
    is_mail_due = fields.Boolean(readonly=True, default=True)
    token_hash = fields.Char(readonly=True, groups="base.group_system")
    expires_at = fields.Datetime("Link valid until", readonly=True)
    company_id = fields.Many2one("res.company", "Organisation", readonly=True)
    decided_by_id = fields.Many2one("res.users", "Decided by", readonly=True)

    _token_unique = models.UniqueIndex("(token_hash) WHERE token_hash IS NOT NULL")
    _mail_index = models.Index("(id) WHERE is_mail_due")

    # === ACTION === #

    def action_approve(self):
        """Let them sell: they get a link with which they set their password."""
        self._decide("approved")

    def action_refuse(self):
        """Turn them down; nothing was created."""
        self._decide("refused")

    def _decide(self, state):
        self.check_access("read")
        if not self.env.user.has_group("pg_base.group_platform_admin"):
            raise AccessError(self.env._("Only a platform administrator decides this."))
        if any(request.state != "review" for request in self):
            raise UserError(self.env._("Only a sign-up that waits for approval can be decided."))
        for request in self.sudo():
            request.write({"state": state, "is_mail_due": True, "decided_by_id": self.env.user.id})
            self.env["pg.audit.log"]._log(f"seller.{state}", request)
        self.env.ref("pg_portal.cron_signups").sudo()._trigger()

    # === BUSINESS === #

    @api.model
    @api.private
    def _get_mode(self):
        """Return open, approval or closed."""
        # In sudo mode since visitors may not read parameters.
        mode = self.env["ir.config_parameter"].sudo().get_param(PARAMETER)
        return mode if mode in MODES else MODES[0]

    @api.model
    @api.private
    def _ask(self, values, lang=None):
        """Note a sign-up and wake the worker that sends the mail.

        :param dict values: company_name, email, country_id, currency_id; checked by `tools.signup`.
        :raise TooManyRequests: asked too often.
        """
        limits = self.env["pg.rate.limit"]
        address = limits._get_address()
        limits._enforce("sell.ip", address, *ADDRESS_ASKS)
        limits._enforce("sell.email", values["email"], *ASKS_A_DAY)
        self.sudo().create({**values, "lang": lang or False, "ip": address})
        self.env.ref("pg_portal.cron_signups").sudo()._trigger()

    @api.model
    @api.private
    def _from_token(self, token):
        """Return the sign-up of a link (sudo) that can still be used, or an empty recordset."""
        none = self.sudo().browse()
        if not token:
            return none
        return none.search(
            [
                ("token_hash", "=", self._hash(token)),
                ("state", "in", ("mailed", "approved", "review")),
                ("expires_at", ">", now()),
            ],
            limit=1,
        )

    def _needs_approval(self):
        """Return whether a person must look at it before it can go on."""
        self.ensure_one()
        return self.state == "mailed" and self._get_mode() == "approval"

    def _queue_review(self):
        """Take the proof of the address and put the sign-up into the queue of the platform."""
        self._lock()
        if self.state == "mailed":
            self.state = "review"

    def _lock(self):
        """Wait for the row; whoever comes second is run again and sees the new state."""
        self.env.cr.execute(
            SQL("SELECT id FROM pg_seller_signup WHERE id = %s FOR UPDATE", self.id),
            log_exceptions=False,
        )
        self.invalidate_recordset()

    def _open_shop(self, name, slug, password):
        """Create the organisation and its Admin; once per sign-up.

        :raise UserError: with a sentence for the visitor; nothing is created then.
        """
        self.ensure_one()
        self._lock()
        if self.state not in ("mailed", "approved") or self._needs_approval():
            raise UserError(self.env._("This link is used already. Please log in."))
        signup.check_password(self.env, password, self.email, self.company_name)
        if not SLUG.fullmatch(slug):
            raise UserError(
                self.env._("The shop's address takes small letters, digits and hyphens only.")
            )
        # As the superuser: Odoo lets whoever creates a company into it.
        engine = self.with_user(SUPERUSER_ID).with_context(
            no_reset_password=True, install_mode=True, tracking_disable=True
        )
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                company = engine._create_company(slug)
                user = engine._create_admin(company, name, password)
                engine.write({"state": "done", "company_id": company.id, "token_hash": False})
                self.env.flush_all()
        except IntegrityError as error:
            self._explain(error)
        self.env["pg.audit.log"].with_user(user)._log(
            "seller.signed_up", company, self.email, company=company
        )
        return company

    def _explain(self, error):
        """Say which of the names is taken."""
        constraint = error.diag.constraint_name or ""
        if "slug" in constraint:
            raise UserError(
                self.env._("This shop address is taken. Please choose another one.")
            ) from error
        if "login" in constraint:
            raise UserError(self.env._("You have a login already. Please log in.")) from error
        raise ConcurrencyError(constraint) from error

    def _create_company(self, slug):
        if self.env["res.company"].search_count([("pg_slug", "=", slug)], limit=1):
            raise UserError(self.env._("This shop address is taken. Please choose another one."))
        if self.env["res.company"].search_count([("name", "=", self.company_name)], limit=1):
            raise UserError(
                self.env._("An organisation of this name sells here already. Please write to us.")
            )
        zones = pytz.country_timezones.get(self.country_id.code) or ["UTC"]
        Company = self.env["res.company"]
        # Some of Odoo's addons ask the outside about a new company; never while a visitor waits.
        quiet = {"iap_enrich_auto_done": True} if "iap_enrich_auto_done" in Company._fields else {}
        return Company.create(
            {
                **quiet,
                "name": self.company_name,
                "email": self.email,
                "country_id": self.country_id.id,
                "currency_id": self.currency_id.id,
                "pg_is_seller": True,
                "pg_slug": slug,
                "pg_tz": zones[0],
            }
        )

    def _create_admin(self, company, name, password):
        """Return the first user: Admin of this organisation and of no other."""
        Users = self.env["res.users"].with_context(active_test=False)
        if Users.search_count([("login", "=ilike", self.email)], limit=1):
            raise UserError(self.env._("You have a login already. Please log in."))
        return Users.create(
            {
                "name": name,
                "login": self.email,
                "email": self.email,
                "password": password,
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
                "group_ids": [Command.set(self.env.ref("pg_base.group_admin").ids)],
                "tz": company.pg_tz,
                "lang": self.lang or self.env.lang,
                "action_id": self.env.ref("pg_catalog.pg_seller_start_open").id,
            }
        )

    # === CRON === #

    @api.model
    def _cron_send(self, limit=100):
        """Send the mails that are due, each in a step of its own."""
        for _count in range(limit):
            if not run_step(self.env, _send_next, read_committed=True):
                return
        self.env.ref("pg_portal.cron_signups").sudo()._trigger()

    @api.model
    def _send_one(self):
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM pg_seller_signup WHERE is_mail_due
                   ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"""
            )
        )
        request = self.browse(id_ for (id_,) in rows)
        if request:
            request._send()
        return bool(request)

    def _send(self):
        """Write to the address: with a link, with a refusal, or that it has a login already."""
        kind = self.state if self.state in ("approved", "refused") else "new"
        Users = self.env["res.users"].with_context(active_test=False)
        values = {"is_mail_due": False}
        token = ""
        if kind == "new" and Users.search_count([("login", "=ilike", self.email)], limit=1):
            kind = values["state"] = "void"
        elif kind != "refused":
            token = secrets.token_urlsafe(32)
            values["token_hash"] = self._hash(token)
            values["expires_at"] = now() + timedelta(hours=LINK_HOURS)
            values["state"] = "mailed" if kind == "new" else kind
        self.write(values)
        self.with_context(lang=self.lang or None)._queue_mail(kind, token)

    def _queue_mail(self, kind, token):
        subjects = {
            "new": self.env._("Please confirm your e-mail address"),
            "approved": self.env._("Welcome: your shop can open"),
            "refused": self.env._("Your sign-up"),
            "void": self.env._("You have a login already"),
        }
        values = {
            "kind": kind,
            "company_name": self.company_name,
            "url": f"{self.get_base_url()}/sell/confirm?t={token}",
            "login_url": f"{self.get_base_url()}/web/login",
            "hours": LINK_HOURS,
        }
        self.env["mail.mail"].create(
            {
                "subject": subjects[kind],
                "body_html": self.env["ir.qweb"]._render("pg_portal.mail_signup", values),
                "email_from": self.env.company.email_formatted or self.env.user.email_formatted,
                "email_to": self.email,
                "auto_delete": True,
            }
        )
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    def _hash(self, token):
        """Return what is kept of a link: a keyed hash."""
        return hmac(self.sudo().env, SCOPE, token)

    @api.autovacuum
    def _gc_old(self):
        """Forget sign-ups that came to nothing."""
        old = now() - timedelta(days=30)
        self.search(
            [("state", "not in", ("done", "review")), ("create_date", "<", old)], limit=10000
        ).unlink()


def _send_next(env):
    return env["pg.seller.signup"]._send_one()
