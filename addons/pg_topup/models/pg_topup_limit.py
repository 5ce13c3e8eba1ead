from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.pg_base.tools import memo
from odoo.addons.pg_base.tools.money import D
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from .. import const
from ..clock import now

#: Looked up once in a database transaction: the limits of a seller.
TOPIC = "pg_topup.limits"


class PgTopupLimit(models.Model):
    """How much a seller lets one number, one customer or all of them buy in a day.

    A day is the seller's business day. Orders that are paid count, and unpaid ones for half an
    hour: so two orders at once cannot both take the last place.
    """

    _name = "pg.topup.limit"
    _description = "Limit of top-ups"
    _inherit = ["mail.thread"]
    _order = "company_id, sequence, id"
    _rec_name = "sentence"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company",
        "Organisation",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    scope = fields.Selection(
        const.LIMIT_SCOPES, "Whose top-ups", required=True, default="number", tracking=True
    )
    max_count = fields.Integer("At most this many a day", tracking=True, help="0: any number.")
    max_amount = fields.Monetary("At most this amount a day", tracking=True, help="0: any amount.")
    currency_id = fields.Many2one(related="company_id.currency_id")
    reaction = fields.Selection(
        const.LIMIT_REACTIONS,
        "What is more",
        required=True,
        default="refuse",
        tracking=True,
        help="Refused: the customer is told before paying. Held: the customer pays, and a manager "
        "decides whether it is sent. The card or account is known once it has paid: what is "
        "refused then is not sent, and the money goes back at once.",
    )
    sentence = fields.Char("In words", compute="_compute_sentence")

    _positive = models.Constraint(
        "CHECK (max_count >= 0 AND max_amount >= 0)", "A limit cannot be negative."
    )

    # === COMPUTE === #

    @api.depends("scope", "max_count", "max_amount", "reaction", "currency_id")
    def _compute_sentence(self):
        whose = {
            "number": self.env._("One phone number gets"),
            "customer": self.env._("One customer buys"),
            "card": self.env._("One card or account pays"),
            "company": self.env._("All customers together buy"),
        }
        what = {
            "refuse": self.env._("more is refused"),
            "hold": self.env._("more is held for review"),
        }
        for limit in self:
            parts = []
            if limit.max_count:
                parts.append(self.env._("%s top-ups", limit.max_count))
            if limit.max_amount:
                amount = f"{limit.currency_id.name} {limit.max_amount:,.2f}"
                parts.append(self.env._("%s in all", amount))
            limit.sentence = self.env._(
                "%(whose)s at most %(what)s a day; %(more)s.",
                whose=whose.get(limit.scope, ""),
                what=self.env._(" and ").join(parts) or "…",
                more=what.get(limit.reaction, ""),
            )

    # === CONSTRAINT === #

    @api.constrains("max_count", "max_amount")
    def _check_something(self):
        if any(not limit.max_count and not limit.max_amount for limit in self):
            raise ValidationError(self.env._("Give a number of top-ups or an amount, or both."))

    # === ACTION === #

    def action_try(self):
        """Show whom this limit would have hit in the last 30 days."""
        self.ensure_one()
        self.check_access("read")
        trial = self.env["pg.topup.limit.trial"].create({"limit_id": self.id})
        trial._run()
        return trial._open()

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override to forget which limits there are."""
        memo.forget(self.env, TOPIC)
        return super().create(vals_list)

    def write(self, vals):
        """Override to forget which limits there are, and in which order."""
        memo.forget(self.env, TOPIC)
        return super().write(vals)

    def unlink(self):
        """Override to forget which limits there are."""
        memo.forget(self.env, TOPIC)
        return super().unlink()

    # === BUSINESS === #

    @api.model
    @api.private
    def _check_order(self, topup):
        """Hold a new order against the limits of its seller, in its own transaction.

        :return: the limits that hold it for review.
        :raise UserError: one of them refuses it; the caller's transaction stores nothing then.
        """
        hit = self._find_hit(topup)
        refusing = hit._get_refusing()
        if refusing:
            raise UserError(refusing[0]._get_refusal())
        return hit

    @api.model
    def _find_hit(self, topup):
        """Return the limits that an order is over; those of its card once the card is known."""
        # In sudo mode: the card is shown to managers only.
        topup = topup.sudo()
        limits = self._get_of(topup.company_id)
        if not topup.payer_key:
            limits = limits.filtered(lambda limit: limit.scope not in const.LATE_SCOPES)
        return limits.filtered(lambda limit: limit._is_over(topup))

    def _get_of(self, company):
        """Return the limits of a seller, in sudo mode."""
        domain = [("company_id", "=", company.id)]
        ids = memo.remember(self.env, TOPIC, company.id, lambda: self.sudo().search(domain).ids)
        return self.sudo().browse(ids)

    def _get_refusing(self):
        return self.filtered(lambda limit: limit.reaction == "refuse")

    def _get_refusal(self):
        """Return what the customer is told; nothing of other customers, nor of the figures."""
        return {
            "number": self.env._("This number has reached what can be sent to it in a day."),
            "customer": self.env._("You have reached what can be bought in a day."),
            "card": self.env._("This card or account has reached what it can pay in a day."),
            "company": self.env._("No more top-ups are sold today."),
        }[self.scope] + self.env._(" Nothing was charged. Please try again tomorrow.")

    def _is_over(self, topup):
        """Tell whether an order, which is stored already, takes more than its limit leaves.

        Near the limit one order at a time is judged: the second of two waits, and is run again
        with the first in sight.
        """
        count, amount = self._count_day(topup)
        near_count = self.max_count and count + const.LIMIT_NEAR >= self.max_count
        near = amount + D(topup.company_amount) * const.LIMIT_NEAR
        near_amount = self.max_amount and near >= D(self.max_amount)
        if near_count or near_amount:
            self._take_turn(topup)
        return self._is_exceeded(count, amount)

    def _is_exceeded(self, count, amount):
        is_many = self.max_count and count > self.max_count
        return bool(is_many or (self.max_amount and amount > D(self.max_amount)))

    def _take_turn(self, topup):
        """Let orders that fall under the same limit wait for each other.

        Two transactions that write the same row: the database lets the second fail once the first
        is committed, and Odoo runs it again.
        """
        self.env.cr.execute(
            SQL(
                """INSERT INTO pg_topup_limit_turn (limit_id, day, key, turn) VALUES (%s, %s, %s, 1)
                   ON CONFLICT (limit_id, day, key)
                   DO UPDATE SET turn = pg_topup_limit_turn.turn + 1""",
                self.id,
                topup.business_date,
                self._get_key(topup),
            ),
            log_exceptions=False,
        )

    def _get_key(self, topup):
        keys = {
            "number": topup.number,
            "customer": str(topup.partner_id.id),
            "card": topup.payer_key or "",
        }
        return keys.get(self.scope, "")

    def _count_day(self, topup):
        """Return (number, amount) of the orders of the day that count, this one included."""
        topup.flush_model(["state", "business_date", "company_amount", "payer_key"])
        whose = {
            "number": SQL("AND number = %s", topup.number),
            "customer": SQL("AND partner_id = %s", topup.partner_id.id),
            "card": SQL("AND payer_key = %s", topup.payer_key or None),
        }.get(self.scope, SQL())
        [[count, amount]] = self.env.execute_query(
            SQL(
                """SELECT count(*), COALESCE(sum(company_amount), 0) FROM pg_topup
                   WHERE company_id = %(company)s AND business_date = %(day)s %(whose)s
                     AND (state IN ('paid', 'processing', 'in_doubt', 'completed')
                          OR (state = 'pending' AND create_date > %(since)s) OR id = %(mine)s)""",
                company=topup.company_id.id,
                day=topup.business_date,
                whose=whose,
                since=now() - timedelta(seconds=const.LIMIT_KEPT),
                mine=topup.id,
            )
        )
        return count, D(amount)


class PgTopupLimitTurn(models.Model):
    """The row by which orders under one limit wait for each other; it says nothing else."""

    _name = "pg.topup.limit.turn"
    _description = "Turn of a limit"
    _log_access = False
    _rec_name = "day"

    limit_id = fields.Many2one("pg.topup.limit", required=True, index=True, ondelete="cascade")
    day = fields.Date(required=True)
    key = fields.Char(required=True)
    turn = fields.Integer(required=True)

    _turn_unique = models.UniqueIndex("(limit_id, day, key)")

    @api.autovacuum
    def _gc_turns(self):
        limit = fields.Date.today() - timedelta(days=3)
        self.search([("day", "<", limit)], limit=10000).unlink()


class PgTopup(models.Model):
    _inherit = "pg.topup"

    def _apply_limits(self):
        """Hold a new order against its seller's limits.

        :raise UserError: a limit refuses it.
        """
        hit = self.env["pg.topup.limit"]._check_order(self)
        if hit:
            self._hold(hit[0].sentence)

    def _apply_limits_late(self):
        """Hold a paid order against what could not be known, or has changed, since it was placed.

        That is the card or account; and all limits, when it is paid so late that it had lost its
        place of them.

        :return: why it must not be sent at all, '' when it may: its payment is there, so what a
            limit of cards refuses is given back.
        """
        Limit = self.env["pg.topup.limit"]
        kept_since = now() - timedelta(seconds=const.LIMIT_KEPT)
        is_kept = self.state == "pending" and self.create_date > kept_since
        if is_kept and not self.payer_key:
            return ""
        hit = Limit._find_hit(self)
        if is_kept:
            hit = hit.filtered(lambda limit: limit.scope in const.LATE_SCOPES)
        refusing = hit._get_refusing().filtered(lambda limit: limit.scope in const.LATE_SCOPES)
        if refusing:
            return refusing[0].sentence
        if hit:
            self._hold(hit[0].sentence)
        return ""
