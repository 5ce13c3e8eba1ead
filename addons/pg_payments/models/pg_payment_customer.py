import hashlib
import logging

from odoo import api, fields, models
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.tools import SQL

from ..ports import CustomerRequest

_logger = logging.getLogger(__name__)


class PgPaymentCustomer(models.Model):
    """What a gateway calls one of our customers: one per partner and account."""

    _name = "pg.payment.customer"
    _description = "Customer at a gateway"
    _rec_name = "reference"

    partner_id = fields.Many2one(
        "res.partner", "Customer", required=True, readonly=True, index=True, ondelete="cascade"
    )
    provider_id = fields.Many2one(
        "payment.provider", "Gateway", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="provider_id.company_id", store=True, index=True)
    reference = fields.Char("Gateway's id", required=True, readonly=True)
    email = fields.Char("E-mail at the gateway", readonly=True)

    _partner_uniq = models.UniqueIndex(
        "(provider_id, partner_id)", "This customer is known at this gateway already."
    )

    @api.model
    def _ensure(self, provider, partner, name, email):
        """Return the customer of a partner, made at the gateway when there is none with this
        e-mail; empty when the gateway keeps none or gives none now.

        Making one moves no money and has a key that never changes, so it may run again.
        """
        if not provider._pg_get_gateway_class().keeps_customers or not partner or not email:
            return self.browse()
        known = self.search(
            [("provider_id", "=", provider.id), ("partner_id", "=", partner.id)], limit=1
        )
        if known.email == email:
            return known
        request = self._prepare(provider, partner, name, email)
        try:
            reference = provider._pg_get_gateway().create_customer(request)
        except OutsideError as error:
            _logger.warning("no customer at %s for partner #%s: %r", provider, partner.id, error)
            return self.browse()
        return self._keep(provider, partner, reference, email)

    @api.model
    def _keep(self, provider, partner, reference, email):
        """Write down a customer. Of two sessions with the same one the later is run again."""
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """INSERT INTO pg_payment_customer
                     (provider_id, partner_id, company_id, reference, email, create_date)
                   VALUES (%s, %s, %s, %s, %s, %s)
                   ON CONFLICT (provider_id, partner_id) DO UPDATE
                     SET reference = EXCLUDED.reference, email = EXCLUDED.email
                   RETURNING id""",
                provider.id,
                partner.id,
                provider.company_id.id,
                reference,
                email,
                fields.Datetime.now(),
            )
        )
        customer = self.browse(rows[0])
        customer.invalidate_recordset()
        return customer

    def _prepare(self, provider, partner, name, email):
        database = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        account = hashlib.sha256(provider._pg_reveal("pg_secret_key").encode()).hexdigest()
        text = "|".join((database, "customer", str(partner.id), name, email, account))
        return CustomerRequest(
            key=hashlib.sha256(text.encode()).hexdigest(),
            name=name,
            email=email,
            database=database,
            provider_id=provider.id,
        )
