import hashlib

from odoo import api, models

from ..tools import sealed

# How a state looks: tone of the badge and its icon. A state that is not named looks like waiting.
LOOKS = {
    "pending": ("plain", "clock"),
    "paid": ("wait", ""),
    "processing": ("wait", ""),
    "in_doubt": ("warn", "shield"),
    "completed": ("good", "check"),
    "failed": ("warn", "refund"),
    "refunded": ("good", "refund"),
    "cancelled": ("plain", "cross"),
}
# States in which no further step of the list will be reached.
STOPPED = ("failed", "refunded", "cancelled")
# Bootstrap's colours of the states in the list of `/my`.
BADGES = {
    "pending": "warning",
    "paid": "info",
    "processing": "info",
    "in_doubt": "warning",
    "completed": "success",
    "failed": "danger",
    "refunded": "info",
}


class PgStorefront(models.AbstractModel):
    """The page of one order, and the part of it that is polled."""

    _inherit = "pg.storefront"

    @api.model
    def _get_live_values(self, topup):
        """Return the values of what changes on the page of an order."""
        status = topup._get_public_status()
        tone, icon = LOOKS.get(status["state"], ("wait", ""))
        if status["confirming"]:
            tone, icon = "wait", ""
        elif topup._is_declined():
            tone, icon = "bad", "cross"
        url = topup._get_status_url()
        is_payable = status["state"] == "pending" and not status["confirming"]
        return {
            "title": status["title"],
            "detail": status["detail"],
            "tone": tone,
            "icon": icon,
            "steps": self._mark_steps(status),
            "pin": status["pin"],
            "state": status["state"],
            "is_final": status["final"],
            "is_payable": is_payable,
            "undo_seconds": status["undo_seconds"],
            "undo_url": f"{url}/undo",
            "receipt_url": f"{url}/receipt.pdf" if status["has_receipt"] else "",
            "receipt_page_url": f"{url}/receipt" if status["has_receipt"] else "",
            "again_url": self._get_again_url(topup) if status["final"] or is_payable else "",
        }

    def _get_again_url(self, topup):
        """Return the address of the offers for the same number."""
        company = topup.company_id
        token = sealed.seal(self.env, company, topup.number)
        return f"/topup/{company.pg_slug}/offers?q={token}&operator={topup.operator_id.id}"

    def _mark_steps(self, status):
        """Return the steps, each marked `done`, `bad`, `now`, `next` or `off`."""
        # A failed top-up goes on: its money is on the way back.
        is_over = status["state"] in STOPPED and (status["state"] != "failed" or status["final"])
        steps, is_now = [], not is_over
        for step in status["steps"]:
            if step["done"]:
                mark = "bad" if step["key"] == "failed" else "done"
            elif is_over:
                mark = "off"
            else:
                mark, is_now = ("now" if is_now else "next"), False
            steps.append({"label": step["label"], "at": step["at"] or "", "mark": mark})
        return steps

    @api.model
    def _get_mark(self, live):
        """Return a short text that differs when the live part would look different."""
        marks = "".join(step["mark"][0] for step in live["steps"])
        flags = (live["is_final"], live["pin"], live["is_payable"], live["undo_seconds"])
        text = hashlib.sha256(f"{live['title']}{live['detail']}".encode()).hexdigest()[:6]
        return "-".join([live["state"], marks, *(str(int(bool(flag))) for flag in flags), text])

    @api.model
    def _get_order_values(self, topup, chosen_id=None):
        """Return the values of the page of an order."""
        live = self._get_live_values(topup)
        url = topup._get_status_url()
        company, operator = topup.company_id, topup.operator_id
        providers = topup._get_payment_providers() if live["is_payable"] else ()
        amount = (topup.amount, topup.currency_id, company)
        return {
            **live,
            "mark": self._get_mark(live),
            "name": topup.name,
            "number": self._format_number(topup.number),
            "operator": operator.name,
            "operator_logo_url": self._get_operator_logos(company, operator).get(operator.id, ""),
            "offer": {
                **self._get_offer_words(topup.offer_id),
                "receive": self._format_money(topup.receive_value, topup.receive_currency_id.name),
            },
            **self._get_price_values(topup.amount, topup.amount_tax, topup.currency_id.name),
            "converted": topup._get_converted() or "",
            "providers": self._get_provider_values(providers, chosen_id, amount)
            if providers
            else [],
            "order_url": url,
            "status_url": f"{url}/status",
            "pay_url": f"{url}/pay",
        }

    @api.model
    def _get_receipt_values(self, topup):
        """Return the values of the receipt's page: the very lines of the PDF."""
        receipt = topup._prepare_receipt(with_code=True)
        url = topup._get_status_url()
        return {"receipt": receipt, "order_url": url, "receipt_url": f"{url}/receipt.pdf"}

    # === PORTAL === #

    @api.model
    def _get_portal_rows(self, topups):
        """Return the customer's top-ups as rows of a list."""
        return [
            {
                "name": topup.name,
                "url": topup._get_status_url(),
                "date": topup.create_date,
                "seller": topup.company_id.name,
                "number": self._format_number(topup.number),
                "operator": topup.operator_id.name,
                "price": self._format_money(topup.amount, topup.currency_id.name, whole=False),
                "state": topup._get_public_status()["title"],
                "badge": BADGES.get(topup.state, "secondary"),
                "again_url": f"/portal/{topup.company_id.pg_slug}/again/{topup.id}",
                "receipt_url": f"{topup._get_status_url()}/receipt.pdf" if topup.paid_at else "",
            }
            for topup in topups
        ]
