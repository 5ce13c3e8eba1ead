from odoo import models

#: Whoever disputes one payment gets nothing more sent until a person has looked.
UNSENT = ("pending", "paid", "processing")


class PaymentTransaction(models.Model):
    """A dispute: what its customer ordered and was not sent yet waits for a person."""

    _inherit = "payment.transaction"

    def _pg_on_dispute(self, news, outcome=""):
        """Override of `pg_payments` to hold the customer's unsent top-ups, and to record and book
        the course of the dispute.

        Nothing is released by a dispute that was won: a person decides, as for every hold.
        """
        super()._pg_on_dispute(news, outcome)
        topup = self.sudo().pg_topup_id
        if not topup:
            return
        labels = dict(self._fields["pg_dispute_state"]._description_selection(self.env))
        text = self.env._(
            "Payment %(payment)s at %(gateway)s: %(state)s.",
            payment=self.reference,
            gateway=self.provider_id.name,
            state=labels[self.pg_dispute_state],
        )
        topup._post_dispute(self)
        topup._log_event("note", text)
        if not outcome:
            topup._find_unsent_of_customer()._hold(text)


class PgTopup(models.Model):
    _inherit = "pg.topup"

    def _find_unsent_of_customer(self):
        """Return what the same customer ordered at the same seller and was not sent yet.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        return self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "in", UNSENT),
                "|",
                ("id", "=", self.id),
                ("partner_id", "=", self.partner_id.id),
            ],
            limit=1000,
        )
