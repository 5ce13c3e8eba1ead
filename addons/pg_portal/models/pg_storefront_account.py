import re
from calendar import monthrange
from datetime import date
from decimal import Decimal
from urllib.parse import quote

from odoo import api, models
from odoo.addons.pg_base.tools.money import D
from odoo.addons.pg_topup.report.receipt import render_receipts
from odoo.fields import Domain
from odoo.tools import escape_psql, format_date

from ..tools import sealed
from ..tools.identity import EMAIL

PAGE_SIZE = 20
# A month of one customer: more than this is no customer's, and would keep a worker busy.
MAX_RECEIPTS = 300
MONTHS_SHOWN = 24
TONES = {"success": "good", "danger": "bad", "warning": "warn", "info": "wait"}
# States of which the customer waits for the end, with the page open.
MOVING = ("pending", "paid", "processing", "in_doubt", "failed")
FILTERS = {
    "open": ("pending", "paid", "processing", "in_doubt"),
    "delivered": ("completed",),
    "back": ("failed", "refunded", "cancelled"),
}


class PgStorefront(models.AbstractModel):
    """The customer's own room at one seller: history, receipts, once more.

    Every method takes the partners that the visitor has proven to be; nothing else is its own.
    """

    _inherit = "pg.storefront"

    # === WHO === #

    @api.model
    def _find_accounts(self, company, identity):
        """Return the seller's customers with a proven address or number, maybe none."""
        column = "email_normalized" if identity.channel == EMAIL else "phone_sanitized"
        partners = self.env["res.partner"].search(
            [("company_id", "=", company.id), (column, "=", identity.value)], order="id", limit=20
        )
        # The seller's own people log in by Odoo's door only.
        return partners.filtered(lambda partner: all(partner.user_ids.mapped("share")))

    # === HISTORY === #

    @api.model
    def _get_own_domain(self, company, partners):
        """Return the domain of what belongs to these customers at this seller."""
        return Domain("company_id", "=", company.id) & Domain("partner_id", "in", partners.ids)

    @api.model
    def _find_own(self, company, partners, topup_id):
        """Return one top-up of these customers, or an empty recordset."""
        domain = self._get_own_domain(company, partners) & Domain("id", "=", topup_id or 0)
        return self.env["pg.topup"].search(domain)

    @api.model
    def _get_filter_domain(self, state="", search="", month=None):
        """Return the domain of what the customer looks for; unknown words look for nothing."""
        domain = Domain.TRUE
        if state in FILTERS:
            domain &= Domain("state", "in", FILTERS[state])
        if month:
            last = date(month.year, month.month, monthrange(month.year, month.month)[1])
            domain &= Domain("business_date", ">=", month) & Domain("business_date", "<=", last)
        if search:
            domain &= self._get_search_domain(search)
        return domain

    def _get_search_domain(self, search):
        """Return the domain of an order, an operator, or a number in any way of writing."""
        words = escape_psql(search)
        domain = Domain("name", "ilike", words) | Domain("operator_id.name", "ilike", words)
        digits = re.sub(r"[\s()+./-]", "", search)
        if digits.isascii() and digits.isdecimal():
            domain |= Domain("number", "like", digits.lstrip("0") or digits)
        return domain

    @api.model
    def _get_account_values(self, company, partners, *, state="", search="", month=None, at=1):
        """Return the values of the page with the history.

        :param date month: the first day of a month, or None for all.
        :param int at: page, from 1.
        """
        own = self._get_own_domain(company, partners)
        domain = own & self._get_filter_domain(state, search, month)
        Topup = self.env["pg.topup"]
        total = Topup.search_count(domain)
        pages = max(1, -(-total // PAGE_SIZE))
        at = min(max(at, 1), pages)
        topups = Topup.search(domain, limit=PAGE_SIZE, offset=(at - 1) * PAGE_SIZE)
        return {
            "rows": self._get_account_rows(topups),
            "total": total,
            "is_empty": not total and not Topup.search_count(own, limit=1),
            "at": at,
            "pages": pages,
            "state": state if state in FILTERS else "",
            "search": search,
            "url_search": quote(search),
            "month": month.strftime("%Y-%m") if month else "",
            "months": self._get_months(company, partners),
            "states": self._get_state_filters(),
        }

    @api.model
    def _get_state_filters(self):
        """Return the filters of the history as (key, words)."""
        return [
            ("", self.env._("All")),
            ("open", self.env._("Under way")),
            ("delivered", self.env._("Delivered")),
            ("back", self.env._("Not delivered")),
        ]

    def _get_account_rows(self, topups):
        base = f"/portal/{topups[:1].company_id.pg_slug}"
        rows = self._get_portal_rows(topups)
        for topup, row in zip(topups, rows, strict=True):
            row["operator"] = self._get_operator_name(topup.operator_id)
            row["day"] = format_date(self.env, topup.create_date, date_format="d MMM y")
            row["receive"] = topup._get_received_words()
            row["tone"] = TONES.get(row["badge"], "plain")
            payable = self._can_pay_by_credit(topup)
            row["credit_url"] = f"{base}/pay/{topup.id}" if payable else ""
            row["refund"] = self._get_refund_words(topup)
            live = self._get_live_values(topup) if topup.state in MOVING else {"is_final": True}
            row["live_url"] = "" if live["is_final"] else f"{row['url']}/status"
            row["mark"] = "" if live["is_final"] else self._get_mark(live)
        return rows

    def _get_refund_words(self, topup):
        """Return where the money of a failed top-up is, in a few words, or ''."""
        if topup.state == "refunded":
            day = format_date(self.env, topup.refunded_at, date_format="d MMM y")
            return self.env._("Money back on %s", day)
        if topup.refund_state in ("due", "requested"):
            return self.env._("Money is on its way back")
        return ""

    def _get_months(self, company, partners):
        """Return the months with orders as (key, words), the latest first."""
        groups = self.env["pg.topup"]._read_group(
            self._get_own_domain(company, partners) & Domain("business_date", "!=", False),
            ["business_date:month"],
            order="business_date:month desc",
            limit=MONTHS_SHOWN,
        )
        return [
            (day.strftime("%Y-%m"), format_date(self.env, day, date_format="MMMM y"))
            for (day,) in groups
        ]

    # === CREDIT === #

    @api.model
    def _get_credit_words(self, company, partners):
        """Return what the customer has left to spend here, '' when nothing."""
        balance = sum((p._pg_credit_balance(company) for p in partners), Decimal())
        return self._format_money(balance, company.currency_id.name, whole=False) if balance else ""

    def _can_pay_by_credit(self, topup):
        """Return whether a waiting order could be paid by its customer's credit, whole."""
        if topup.state != "pending":
            return False
        balance = topup.partner_id._pg_credit_balance(topup.company_id, topup.currency_id)
        return balance >= D(topup.amount) > 0

    # === RECEIPTS === #

    @api.model
    def _render_month(self, company, partners, month):
        """Return the receipts of a month in one PDF as bytes, None when nothing was paid in it."""
        domain = self._get_own_domain(company, partners) & self._get_filter_domain(month=month)
        paid = self.env["pg.topup"].search(
            domain & Domain("paid_at", "!=", False), order="id", limit=MAX_RECEIPTS
        )
        return render_receipts([topup._prepare_receipt() for topup in paid]) if paid else None

    # === AGAIN === #

    @api.model
    def _get_repeat_url(self, topup):
        """Return the review of the same order at today's price; the offers when it is not sold."""
        company, offer = topup.company_id, topup.offer_id
        token = sealed.seal(self.env, company, topup.number)
        if not self._find_offer(company, offer.id):
            return self._get_again_url(topup)
        amount = f"&receive={topup.receive_value:.2f}" if offer.pg_is_range else ""
        return f"/topup/{company.pg_slug}/review?q={token}&offer={offer.id}{amount}"
