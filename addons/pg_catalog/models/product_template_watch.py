from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from odoo import api, fields, models
from odoo.addons.pg_base.tools.money import D
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..const import ALERTS
from ..tools.cost_watch import alert_of, raised_price

# An activity for each offer beyond this would bury the seller; the mail counts them all.
MAX_ACTIVITIES = 50
MAX_MAIL_LINES = 50


@dataclass(frozen=True)
class CostNews:
    """What a new cost did to one offer; amounts in the seller's currency."""

    offer: Any
    alert: str
    cost: Decimal
    price: Decimal
    new_price: Decimal
    is_paused: bool


class ProductTemplate(models.Model):
    """Watches what new costs do to offers: flags, tells, pauses or reprices.

    Offers that follow price rules are priced anew before; what is left to watch of them is the
    margin that the rules leave. An own margin on any amount cannot be harmed by a cost.
    """

    _inherit = "product.template"

    pg_alert = fields.Selection(
        ALERTS,
        "Needs attention",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="What a new cost did to this offer.",
    )
    pg_alert_told = fields.Selection(
        ALERTS, "Told", readonly=True, copy=False, help="What the seller was last told."
    )

    # === ACTION === #

    def action_pg_dismiss(self):
        """Take the flag off offers that somebody has looked at."""
        self.check_access("write")
        self.write({"pg_alert": False})
        self.activity_feedback(["pg_catalog.activity_cost"])

    # === BUSINESS === #

    @api.model
    @api.private
    def _pg_on_cost_changed(self, skus):
        """Hook: the supplier's price of these SKUs has changed; their new prices are written.

        Called once per sync, in its transaction, only when there is such a SKU. The sellers of
        offers that are no longer worth their cost are told, and it is done what they chose.
        """
        self._pg_watch(self.search(self._pg_watched_domain() & Domain("pg_sku_id", "in", skus.ids)))

    @api.model
    def _cron_follow_rules(self):
        """Price anew what follows rules (they start and end, rates move), and watch the rest."""
        for company in self.env["res.company"].search([("pg_is_seller", "=", True)]):
            of_seller = Domain("company_id", "=", company.id)
            self.search(self._pg_followers_domain(company))._pg_follow_rules()
            self.search(
                of_seller & self._pg_ranges_domain() & Domain("pg_sku_id.active", "=", True)
            )._pg_follow_sku()
            self._pg_watch(self.search(of_seller & self._pg_watched_domain()))
            self.env["ir.cron"]._commit_progress(1)

    def _pg_ranges_domain(self):
        return Domain("pg_price_mode", "=", "own") & Domain("pg_sku_id.is_range", "=", True)

    def _pg_watched_domain(self):
        """Return the domain of what a new cost can harm: on sale, and no range of own margin."""
        return (
            Domain("pg_price_mode", "!=", False)
            & (Domain("pg_price_mode", "=", "rules") | Domain("pg_sku_id.is_range", "=", False))
            & Domain("sale_ok", "=", True)
            & Domain("pg_sku_id.active", "=", True)
        )

    @api.model
    def _pg_watch(self, offers):
        """Flag the offers that their cost has harmed, act and tell; once for each harm."""
        for company, group in offers.grouped("company_id").items():
            news = group._pg_find_harm(company)
            if news:
                self._pg_tell_seller(company, news)

    def _pg_find_harm(self, company):
        """Flag what is newly harmed among the offers of one seller, and do what was chosen.

        :rtype: list of CostNews
        """
        pricer, floor, news = company._pg_get_pricer(), D(company.pg_margin_floor), []
        for offer in self:
            try:
                cost = pricer.rounded_cost(offer.pg_sku_id)
            except UserError:
                continue  # No exchange rate: `pg_problem` of the offer says so.
            alert = alert_of(cost, D(offer.list_price), floor)
            if alert and alert != offer.pg_alert_told:
                news.append(offer._pg_react(pricer, cost, alert, floor))
            elif not alert and offer.pg_alert_told:
                offer._pg_clear_alert()
        return news

    def _pg_clear_alert(self):
        """Take the flag off an offer that is worth its cost, and end what asked for a look."""
        self.write({"pg_alert": False, "pg_alert_told": False})
        self.activity_feedback(["pg_catalog.activity_cost"])

    @api.private
    def _pg_refresh_alert(self):
        """Take the flag off offers that are worth their cost again: somebody priced them."""
        for company, offers in self.filtered("pg_sku_id").grouped("company_id").items():
            pricer, floor = company._pg_get_pricer(), D(company.pg_margin_floor)
            for offer in offers:
                cost = pricer.rounded_cost(offer.pg_sku_id)
                if not alert_of(cost, D(offer.list_price), floor):
                    offer._pg_clear_alert()

    def _pg_react(self, pricer, cost, alert, floor):
        """Flag one offer and do with it what its seller chose.

        A price that rules have made is theirs: it is not raised against them.

        :rtype: CostNews
        """
        reaction, price = self.company_id.pg_cost_reaction, D(self.list_price)
        vals, new_price = {"pg_alert": alert, "pg_alert_told": alert}, price
        if reaction == "reprice" and self.pg_price_mode == "own":
            before = self._pg_cost_before(pricer)
            new_price = raised_price(before, cost, price, floor, pricer.decimals)
            vals = {"pg_alert": "repriced", "pg_alert_told": False, "list_price": float(new_price)}
        elif reaction == "pause":
            vals["sale_ok"] = False
        self.with_context(pg_price_settled=True).write(vals)
        return CostNews(self, alert, cost, price, new_price, reaction == "pause")

    def _pg_cost_before(self, pricer):
        """Return the cost before the SKU's last change, at today's rate; None when unknown."""
        last = self.env["pg.sku.price"].sudo().search([("sku_id", "=", self.pg_sku_id.id)], limit=2)
        if len(last) < 2 or last[1].send_currency_id != self.pg_sku_id.send_currency_id:
            return None
        before = D(last[1].send_min) + D(last[1].distributor_fee)
        return before * pricer.rate(last[1].send_currency_id)

    # === TELL === #

    @api.model
    def _pg_tell_seller(self, company, news):
        """Give the seller an activity on each offer and one mail about all of them."""
        user = company._pg_get_offer_user()
        self = self.with_context(lang=user.lang or company.partner_id.lang)  # noqa: PLW0642
        for item in news[:MAX_ACTIVITIES] if user else ():
            item.offer.with_env(self.env)._pg_schedule_activity(user, self._pg_describe(item))
        self._pg_mail_seller(company, user, news)

    def _pg_schedule_activity(self, user, summary):
        """Make one open activity on an offer, or refresh the one that is open."""
        known = self.activity_search(["pg_catalog.activity_cost"])
        if known:
            known.write({"summary": summary})
            return
        self.activity_schedule("pg_catalog.activity_cost", summary=summary, user_id=user.id)

    @api.model
    def _pg_describe(self, item):
        """Return one sentence about what a new cost did."""
        values = {
            "currency": item.offer.company_id.currency_id.name,
            "cost": f"{item.cost:,.2f}",
            "price": f"{item.price:,.2f}",
            "new": f"{item.new_price:,.2f}",
        }
        if item.new_price != item.price:
            return self.env._(
                "Costs %(currency)s %(cost)s now: price raised from %(price)s to %(new)s", **values
            )
        if item.is_paused:
            return self.env._(
                "Costs %(currency)s %(cost)s now, sold at %(price)s: paused", **values
            )
        if item.offer.pg_price_mode == "rules":
            return self.env._(
                "Costs %(currency)s %(cost)s now, your price rules make it %(price)s", **values
            )
        return self.env._("Costs %(currency)s %(cost)s now, sold at %(price)s", **values)

    @api.model
    def _pg_mail_seller(self, company, user, news):
        """Put one mail about the new costs into the queue."""
        to = user.email_formatted or company.email
        if not to:
            return
        body = self.env["ir.qweb"]._render(
            "pg_catalog.mail_cost_changed",
            {
                "company": company,
                "lines": [(item.offer, self._pg_describe(item)) for item in news[:MAX_MAIL_LINES]],
                "more": max(len(news) - MAX_MAIL_LINES, 0),
                "url": f"{company.get_base_url()}/odoo/prepaid-offers-attention",
            },
        )
        self.env["mail.mail"].sudo().create(
            {
                "subject": self.env._(
                    "New costs concern %(count)s of your offers", count=len(news)
                ),
                "body_html": body,
                "email_to": to,
                "email_from": company.email_formatted or self.env.user.email_formatted,
                "auto_delete": False,
            }
        )
