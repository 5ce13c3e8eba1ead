from collections import defaultdict
from datetime import timedelta

from odoo import fields, models
from odoo.addons.pg_base.tools.money import D

from ..clock import now

DAYS = 30
# Of what is hit, the newest are shown.
SHOWN = 200


class PgTopupLimitTrial(models.TransientModel):
    """Whom a limit would have hit in the last 30 days: a dry run, nothing is changed."""

    _name = "pg.topup.limit.trial"
    _description = "Dry run of a limit"

    limit_id = fields.Many2one("pg.topup.limit", required=True, readonly=True, ondelete="cascade")
    sentence = fields.Char(related="limit_id.sentence")
    currency_id = fields.Many2one(related="limit_id.currency_id")
    order_count = fields.Integer("Paid top-ups", readonly=True)
    hit_count = fields.Integer("Would have been hit", readonly=True)
    hit_amount = fields.Monetary("Worth", readonly=True)
    topup_ids = fields.Many2many("pg.topup", string="Which", readonly=True)

    def _run(self):
        """Go through the paid top-ups of the last 30 days in their order."""
        limit, used, hit = self.limit_id, defaultdict(lambda: [0, D(0)]), []
        rows = self._read_orders(limit)
        for id_, key, day, amount in rows:
            count, total = used[key, day]
            count, total = count + 1, total + D(amount)
            if limit._is_exceeded(count, total):
                hit.append((id_, D(amount)))
                if limit.reaction == "refuse":
                    # What is refused takes no place.
                    continue
            used[key, day] = [count, total]
        self.write(
            {
                "order_count": len(rows),
                "hit_count": len(hit),
                "hit_amount": float(sum(amount for _id, amount in hit)),
                "topup_ids": [(6, 0, [id_ for id_, _amount in hit[-SHOWN:]])],
            }
        )

    def _read_orders(self, limit):
        columns = {"number": "number", "customer": "partner_id", "card": "payer_key"}
        column = columns.get(limit.scope, "company_id")
        domain = [
            ("company_id", "=", limit.company_id.id),
            ("paid_at", ">", now() - timedelta(days=DAYS)),
        ]
        if column == "payer_key":
            domain.append((column, "!=", False))
        # In sudo mode: the card is shown to managers only, and no word of it leaves this method.
        topups = (
            self.env["pg.topup"]
            .sudo()
            .search_fetch(
                domain,
                [column, "business_date", "company_amount"],
                order="id",
            )
        )
        return [
            (topup.id, topup[column], topup.business_date, topup.company_amount) for topup in topups
        ]

    def _open(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("The last 30 days"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
