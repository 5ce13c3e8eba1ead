from odoo import models
from odoo.exceptions import UserError

# A payment or a top-up that is not over needs its number and address.
OPEN_STATES = ("paid", "processing", "in_doubt")
FORGOTTEN_FIELDS = {
    "name": "Deleted customer",
    "email": False,
    "phone": False,
    "street": False,
    "street2": False,
    "city": False,
    "zip": False,
    "state_id": False,
    "country_id": False,
    "vat": False,
    "comment": False,
    "image_1920": False,
    "website": False,
    "function": False,
}


class ResPartner(models.Model):
    _inherit = "res.partner"

    # === BUSINESS === #

    def _pg_forget(self, company):
        """Delete what is known of customers of a seller, but for what the law makes it keep.

        Amounts, dates, operator, references, payments and ledger entries stay as they are. What
        points to a person goes: name and contact, the address for the receipt, network address and
        browser, the middle of each number (country and last digits still prove a receipt).

        Note: in sudo mode, for a visitor who has proven to be these customers.

        :return: how many top-ups lost what they knew.
        :raise UserError: something is under way, or credit is left; nothing is deleted then.
        """
        partners = self.filtered(lambda partner: partner.company_id == company)
        topups = self.env["pg.topup"].search(
            [("company_id", "=", company.id), ("partner_id", "in", partners.ids)]
        )
        if any(t.state in OPEN_STATES or t.refund_state in ("due", "requested") for t in topups):
            raise UserError(
                self.env._("A top-up or a refund is still under way. Please come back after it.")
            )
        if any(partner._pg_credit_balance(company) for partner in partners):
            raise UserError(
                self.env._(
                    "You still have credit here, and nobody could give it back to you afterwards. "
                    "Please spend it, or have it paid out, first."
                )
            )
        partners._pg_forget_traces(company)
        topups._pg_forget_person()
        partners.message_ids.unlink()
        quiet = partners.with_context(tracking_disable=True, mail_notrack=True)
        quiet.write({**FORGOTTEN_FIELDS, "pg_no_email": True, "pg_no_sms": True})
        for partner in partners:
            self.env["pg.audit.log"]._log(
                "customer.forgotten",
                partner,
                self.env._(
                    "At the customer's own wish. Amounts of %s top-ups are kept.", len(topups)
                ),
                company=company,
            )
        return len(topups)

    def _pg_forget_traces(self, company):
        """Delete messages, login codes and what gateways keep for customers that come back."""
        values = [*self.mapped("email_normalized"), *self.mapped("phone_sanitized")]
        self.env["sms.sms"].search([("partner_id", "in", self.ids)]).unlink()
        self.env["pg.portal.code"].search(
            [("company_id", "=", company.id), ("value", "in", list(filter(None, values)))]
        ).unlink()
        self.env["pg.recipient"].search([("partner_id", "in", self.ids)]).unlink()
        self.env["pg.payment.customer"].search([("partner_id", "in", self.ids)]).unlink()
