from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# What a kind of bonus is called; suppliers may send others, which are shown as they are.
BONUS_SIGNS = {"%": "{} %", "+": "+{}", "x": "× {}", "MB": "{} MB", "GB": "{} GB", "SMS": "{} SMS"}


class PgPromotion(models.Model):
    """What an operator adds to top-ups for some time. Rows are written by the sync alone."""

    _name = "pg.promotion"
    _description = "Promotion"
    _order = "starts_at desc, id desc"

    name = fields.Char("Headline", required=True, translate=True, readonly=True)
    code = fields.Char(required=True, readonly=True)
    active = fields.Boolean(
        default=True, readonly=True, help="Archived by itself when the supplier drops it."
    )
    supplier_id = fields.Many2one(
        "pg.supplier", "Supplier", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="supplier_id.company_id", store=True, index="btree_not_null", string="Company"
    )
    operator_id = fields.Many2one(
        "pg.operator", "Operator", required=True, readonly=True, index=True, ondelete="cascade"
    )
    country_id = fields.Many2one(related="operator_id.country_id", store=True, index=True)
    starts_at = fields.Datetime("Starts", readonly=True)
    ends_at = fields.Datetime("Ends", readonly=True, help="Empty: its end is open.")
    is_current = fields.Boolean(
        "Running", compute="_compute_is_current", search="_search_is_current"
    )
    dates = fields.Char(
        "Only on", translate=True, readonly=True, help="Empty: from the start to the end."
    )
    kind = fields.Char("Kind", translate=True, readonly=True)
    terms = fields.Html("Terms", translate=True, readonly=True, sanitize=True)
    bonus_validity = fields.Char("Bonus lasts", translate=True, readonly=True)
    validity_iso = fields.Char("Validity", readonly=True, help="As P7D: 7 days.")
    minimum_send = fields.Float(
        "From price",
        digits=(18, 4),
        readonly=True,
        help="The least price, in the currency of the supplier's account, that takes part.",
    )
    currency_id = fields.Many2one("res.currency", "Currency", readonly=True)
    bonuses = fields.Json("Bonus data", readonly=True)
    bonus_text = fields.Char("Bonuses", compute="_compute_bonus_text")

    _code_unique = models.UniqueIndex(
        "(supplier_id, code)", "The supplier has this promotion already."
    )

    # === COMPUTE === #

    @api.depends("starts_at", "ends_at", "active")
    def _compute_is_current(self):
        now = fields.Datetime.now()
        for promotion in self:
            promotion.is_current = (
                promotion.active
                and (not promotion.starts_at or promotion.starts_at <= now)
                and (not promotion.ends_at or promotion.ends_at >= now)
            )

    def _search_is_current(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        current = (
            Domain("active", "=", True)
            & (Domain("starts_at", "=", False) | Domain("starts_at", "<=", now))
            & (Domain("ends_at", "=", False) | Domain("ends_at", ">=", now))
        )
        return current if True in value else ~current

    @api.depends("bonuses")
    @api.depends_context("lang")
    def _compute_bonus_text(self):
        for promotion in self:
            promotion.bonus_text = ", ".join(
                self._bonus_words(bonus) for bonus in promotion.bonuses or ()
            )

    def _bonus_words(self, bonus):
        """Return one bonus for people: "100 % (7 days)"."""
        sign = BONUS_SIGNS.get(bonus["kind"], "{} " + bonus["kind"]).format(bonus["quantity"])
        if not bonus["days"]:
            return sign
        return self.env._("%(bonus)s (%(days)s days)", bonus=sign, days=bonus["days"])

    # === BUSINESS === #

    @api.model
    @api.private
    def _running(self, company, operators):
        """Return the promotions of some operators that run now and that a company may sell."""
        if not operators:
            return self.browse()
        self.browse().check_access("read")
        self.flush_model(["active", "company_id", "operator_id", "starts_at", "ends_at"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM pg_promotion
                 WHERE operator_id IN %(operators)s AND active
                   AND (company_id IS NULL OR company_id = %(company)s)
                   AND (starts_at IS NULL OR starts_at <= %(now)s)
                   AND (ends_at IS NULL OR ends_at >= %(now)s)
              ORDER BY starts_at DESC, id DESC
                """,
                operators=tuple(operators.ids),
                company=company.id,
                now=fields.Datetime.now(),
            )
        )
        return self.browse(id_ for (id_,) in rows)
