from odoo import api, fields, models
from odoo.addons.pg_base.tools.money import D

from ..const import COST_REACTIONS, DEFAULT_MARGIN
from ..tools.pricer import Pricer

# More offers than this are repriced in the background.
REPRICE_AT_ONCE = 1000


class ResCompany(models.Model):
    """What a seller prefers about the prices of its offers."""

    _inherit = "res.company"

    pg_usual_margin = fields.Float(
        "Usual margin %",
        digits=(16, 4),
        default=float(DEFAULT_MARGIN),
        help="For offers that follow price rules when no rule applies.",
    )
    pg_margin_floor = fields.Float(
        "Lowest margin %",
        digits=(16, 4),
        help="When a new cost takes the margin of an offer below this, the offer is flagged.",
    )
    pg_cost_reaction = fields.Selection(
        COST_REACTIONS,
        "When a new cost takes the margin",
        default="pause",
        required=True,
        help="Done with an offer of own price when its supplier's new price passes its sell price "
        "or takes its margin under the lowest one. You are told in any case.",
    )
    pg_offer_user_id = fields.Many2one(
        "res.users",
        "Looks after the offers",
        domain="[('company_ids', 'in', id)]",
        help="Is told when a cost changes. Empty: the first manager of the organisation.",
    )

    _pg_margins_not_negative = models.Constraint(
        "CHECK (COALESCE(pg_usual_margin, 0) >= 0 AND COALESCE(pg_margin_floor, 0) >= 0)",
        "A margin cannot be negative: offers would be sold under cost.",
    )

    # === CRUD === #

    def write(self, vals):
        """Override of `base` to let the offers follow a new usual margin."""
        result = super().write(vals)
        if "pg_usual_margin" in vals:
            self._pg_follow_rules()
        return result

    # === BUSINESS === #

    @api.private
    def _pg_get_pricer(self):
        """Return what prices the SKUs of this seller by its rules, today.

        :rtype: pricer.Pricer
        """
        self.ensure_one()
        return Pricer(self, usual_margin=D(self.pg_usual_margin))

    @api.private
    def _pg_follow_rules(self):
        """Reprice the offers of these sellers that follow rules; many of them in the background."""
        Offer = self.env["product.template"].sudo()
        domain = Offer._pg_followers_domain(self)
        if Offer.search_count(domain, limit=REPRICE_AT_ONCE + 1) > REPRICE_AT_ONCE:
            self.env.ref("pg_catalog.cron_follow_rules").sudo()._trigger()
            return
        Offer.search(domain)._pg_follow_rules()

    @api.private
    def _pg_get_offer_user(self):
        """Return who looks after the offers of a seller, or an empty recordset.

        The seller's own people come before those who only may enter it, as the platform's do.
        """
        self.ensure_one()
        user = self.sudo().pg_offer_user_id
        if user.active:
            return user
        managers = self.env.ref("pg_base.group_manager").all_user_ids.sudo()
        managers = managers.filtered(lambda u: u.active and not u.share and self in u.company_ids)
        platform = self.env.ref("pg_base.group_platform_admin").all_user_ids.sudo()
        own = managers.filtered(lambda u: u.company_id == self) - platform
        return (own or managers).sorted("id")[:1]

    @api.private
    def _pg_get_storefront_url(self):
        """Hook: return the path of the seller's storefront, '' when there is none."""
        self.ensure_one()
        return ""
