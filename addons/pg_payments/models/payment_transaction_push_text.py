from odoo import models


class PaymentTransaction(models.Model):
    """The gateway's codes as sentences that a payer understands."""

    _inherit = "payment.transaction"

    def _pg_get_failure_text(self, code):
        """Return why a payment failed, in words that a payer understands."""
        texts = {
            "insufficient_funds": self.env._(
                "There is not enough money in the wallet. Add some, then try again."
            ),
            "payer_not_found": self.env._(
                "This number has no wallet. Check the number or pay another way."
            ),
            "payer_not_registered": self.env._(
                "This number is not registered for mobile money yet."
            ),
            "payer_limit_reached": self.env._(
                "The wallet's limit is reached. Try a smaller amount, or tomorrow."
            ),
            "payer_rejected": self.env._(
                "You declined the payment on your phone. Nothing was charged."
            ),
            "payer_timeout": self.env._(
                "The request was not approved in time. Nothing was charged."
            ),
            "pin_incorrect": self.env._("The PIN was wrong. Nothing was charged."),
            "otp_incorrect": self.env._("The one-time code was wrong. Nothing was charged."),
            "account_blocked": self.env._("This wallet is blocked. Please ask its operator."),
            "operator_unavailable": self.env._(
                "The operator does not answer. Try again later or pay another way."
            ),
            "risk_declined": self.env._(
                "The operator declined this payment. Please pay another way."
            ),
            "internal_error": self.env._(
                "Something went wrong at the operator. Nothing was charged."
            ),
            "reversed": self.env._("The operator took the payment back."),
        }
        return texts.get(code) or self.env._("The payment did not go through. Nothing was charged.")

    def _pg_get_refusal_text(self, code):
        """Return why nobody could be asked, in words that a payer understands."""
        texts = {
            "msisdn_invalid": self.env._("This is not a number of this operator. Please check it."),
            "amount_below_minimum": self.env._("The amount is too small for this way to pay."),
            "amount_above_maximum": self.env._("The amount is too large for this way to pay."),
            "currency_unsupported": self.env._("This currency cannot be paid this way."),
        }
        return texts.get(code) or self.env._(
            "This way to pay is not available now. Please choose another."
        )
