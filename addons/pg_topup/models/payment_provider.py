from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .. import const


class PaymentProvider(models.Model):
    """The seller's own credit as a way to pay and to be paid back: a gateway without an outside."""

    _inherit = "payment.provider"

    code = fields.Selection(
        selection_add=[(const.CREDIT, "Credit with the seller")],
        ondelete={const.CREDIT: "set default"},
    )

    _pg_one_credit = models.UniqueIndex(
        "(company_id) WHERE code = 'pg_credit'", "A seller has one account of credit."
    )

    @api.model
    def _pg_get_credit(self, company):
        """Return the provider that stands for a seller's credit, made at its first use.

        It has no payment page, so no storefront offers it beside the gateways.
        """
        provider = self.sudo().search(
            [("code", "=", const.CREDIT), ("company_id", "=", company.id)], limit=1
        )
        if provider:
            return provider
        method = self.env.ref("pg_topup.payment_method_credit")
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                return self.sudo().create(
                    {
                        "name": self.env._("Credit"),
                        "code": const.CREDIT,
                        "company_id": company.id,
                        "state": "enabled",
                        "is_published": False,
                        "payment_method_ids": [(6, 0, method.ids)],
                    }
                )
        except IntegrityError as error:
            raise ConcurrencyError(self.env._("The credit account is being made.")) from error
