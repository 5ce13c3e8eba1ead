import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .. import const

WORD = re.compile(r"\{([^{}]*)\}")
# What may stand in braces in a seller's own text.
WORDS = ("seller", "order", "number", "operator", "amount", "receives", "title", "detail")
HELP = (
    "Empty: the standard text. In braces: {seller}, {order}, {number}, {operator}, {amount}, "
    "{receives}, {title}, {detail}."
)
# Three parts of a message; more is cut by some operators.
LONGEST = 459


class ResCompany(models.Model):
    """The seller's own words of the text messages to its customers, one for each language."""

    _inherit = "res.company"

    pg_sms_delivered = fields.Char("SMS: delivered", translate=True, size=LONGEST, help=HELP)
    pg_sms_failed = fields.Char("SMS: not delivered", translate=True, size=LONGEST, help=HELP)
    pg_sms_refunded = fields.Char("SMS: refunded", translate=True, size=LONGEST, help=HELP)
    pg_sms_in_doubt = fields.Char("SMS: being checked", translate=True, size=LONGEST, help=HELP)

    # === CONSTRAINTS === #

    @api.constrains(*(f"pg_sms_{kind}" for kind, _label in const.NOTICE_KINDS))
    def _check_pg_sms(self):
        """Refuse what would stand in the message as it was typed."""
        for company in self:
            for kind, _label in const.NOTICE_KINDS:
                text = company[f"pg_sms_{kind}"] or ""
                unknown = set(WORD.findall(text)) - set(WORDS)
                if unknown or "{" in WORD.sub("", text) or "}" in WORD.sub("", text):
                    raise ValidationError(
                        self.env._(
                            "In braces only these words are known: %s.",
                            ", ".join(f"{{{word}}}" for word in WORDS),
                        )
                    )


class PgTopup(models.Model):
    _inherit = "pg.topup"

    def _get_sms_text(self, kind):
        """Return the text message of a kind of notice, in the customer's language."""
        self.ensure_one()
        topup = self.with_context(lang=self.lang or None)
        title, detail = topup._get_status_words()
        words = {
            "seller": topup.company_id.name,
            "order": topup.name,
            "number": topup.number,
            "operator": topup.operator_id.name,
            "amount": topup._format_money(topup.amount, topup.currency_id),
            "receives": topup._get_received_words(),
            "title": title,
            "detail": detail,
        }
        text = topup.company_id[f"pg_sms_{kind}"] or "{seller}: {title}. {detail} ({order})"
        return WORD.sub(lambda found: str(words.get(found.group(1), "")), text)
