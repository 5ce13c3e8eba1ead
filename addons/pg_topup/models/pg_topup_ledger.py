from odoo import models
from odoo.addons.pg_base.tools.money import D
from odoo.addons.pg_base.tools.redact import mask_numbers
from odoo.addons.pg_ledger.postings import Posting


class PgTopup(models.Model):
    """What happened to the money, told to the ledger in the transaction in which it happened."""

    _inherit = "pg.topup"

    def _post(self, kind, key, legs, payload):
        """Post one balanced entry of this top-up.

        :param legs: (account, amount, currency, company amount) each; debit is positive.
        """
        self.ensure_one()
        postings = [
            Posting(account, amount, currency.name, value)
            for account, amount, currency, value in legs
            if amount or value
        ]
        if not postings:
            return self.env["pg.ledger.entry"]
        return (
            self.env["pg.ledger.entry"]
            .sudo()
            ._post(
                company=self.company_id,
                kind=kind,
                key=key,
                subject=self.uuid,
                subject_ref=self.name,
                postings=postings,
                payload=self._describe_entry(payload),
            )
        )

    def _describe_entry(self, payload):
        return {
            "number": self.number_masked,
            "operator": self.operator_id.name,
            **self._prepare_decision(),
            **payload,
        }

    def _prepare_decision(self):
        """Return who ended the doubt of this top-up by hand, and why, for its entries."""
        if not self.decided_by_id:
            return {}
        reason = mask_numbers(self.decided_reason)
        return {"decided_by": self.decided_by_id.name, "decided_because": reason}

    def _value_of(self, amount, currency, payment):
        """Return an amount in the company's currency: what is given back or delivered has the
        value that it had when it came.

        In the currency of the order at its pinned rate, in others at that of the payment's day.
        """
        company_currency = self.company_id.currency_id
        if currency == company_currency:
            return amount
        if currency == self.currency_id:
            return self._in_books(amount)
        day = payment.create_date.date()
        return D(currency._convert(float(amount), company_currency, self.company_id, day))

    def _post_paid(self, transaction):
        """paid: gateway / customer."""
        amount, currency = D(transaction.amount), transaction.currency_id
        value = self._value_of(amount, currency, transaction)
        return self._post(
            "paid",
            f"paid:{transaction.id}",
            [
                (f"gateway:{transaction.provider_code}", amount, currency, value),
                ("customer", -amount, currency, -value),
            ],
            {"payment": transaction.reference},
        )

    def _post_delivered(self):
        """delivered: customer / sales + tax, cost / supplier."""
        amount, tax, currency = D(self.amount), D(self.amount_tax), self.currency_id
        value, tax_value, cost = (
            D(figure) for figure in (self.company_amount, self.company_tax, self.company_cost)
        )
        sent, account = D(self.send_value), f"supplier:{self.supplier_id.code}"
        return self._post(
            "delivered",
            "delivered:" + self.uuid,
            [
                ("customer", amount, currency, value),
                ("sales", tax - amount, currency, tax_value - value),
                ("tax", -tax, currency, -tax_value),
                ("cost", sent, self.send_currency_id, cost),
                (account, -sent, self.send_currency_id, -cost),
            ],
            {"transfer": self.transfer_ref or ""},
        )

    def _post_refunded(self, refund):
        """refunded: customer / gateway."""
        entries, standing = self._find_refund_entries(refund)
        if standing:
            # Told twice.
            return standing
        key = f"refunded:{refund.id}"
        return self._post(
            "refunded",
            f"{key}:{len(entries) + 1}" if entries else key,
            self._prepare_refund_legs(refund),
            {"refund": refund.reference},
        )

    def _post_refund_failed(self, refund):
        """Take back the entry of a refund that its gateway had called done: gateway / customer.

        :return: the entry; empty when the refund was never done.
        """
        _entries, standing = self._find_refund_entries(refund)
        if not standing:
            return standing
        payload = {"refund": refund.reference, "reason": "the gateway could not send it"}
        return standing._post_reversal(
            key=f"{standing.key}:failed", payload=self._describe_entry(payload)
        )

    def _prepare_refund_legs(self, refund):
        amount, currency = -D(refund.amount), refund.currency_id
        value = self._value_of(amount, currency, refund.source_transaction_id)
        return [
            ("customer", amount, currency, value),
            (f"gateway:{refund.provider_code}", -amount, currency, -value),
        ]

    def _find_refund_entries(self, refund):
        """Return the entries that say that a refund is done, and the one that was not taken back.

        Both are empty for a refund that was never done.
        """
        key = f"refunded:{refund.id}"
        Entry = self.env["pg.ledger.entry"].sudo()
        entries = Entry.search(
            [
                ("subject", "=", self.uuid),
                ("kind", "=", "refunded"),
                "|",
                ("key", "=", key),
                ("key", "=like", f"{key}:%"),
            ],
            order="id",
        )
        taken_back = Entry.search([("corrects_id", "in", entries.ids)]).corrects_id
        return entries, (entries - taken_back)[-1:]

    def _post_fee(self, transaction):
        """fee: fee / gateway, in the currency in which the gateway settles."""
        fee = D(transaction.gateway_fee)
        currency = transaction.gateway_fee_currency_id
        if not fee or not currency:
            return self.env["pg.ledger.entry"]
        value = self._value_of(fee, currency, transaction)
        code = transaction.provider_code
        return self._post(
            "fee",
            f"fee:{transaction.id}",
            [
                (f"fee:{code}", fee, currency, value),
                (f"gateway:{code}", -fee, currency, -value),
            ],
            {"payment": transaction.reference},
        )

    def _post_dispute(self, transaction):
        """Book how a dispute stands: what the gateway holds, and what became of it.

        opened: dispute / gateway, for what was not given back by then. Ended: that entry is undone
        when the money came back, or when the gateway takes it as a refund, which has an entry of
        its own; else chargeback / dispute.
        """
        state, code = transaction.pg_dispute_state, transaction.provider_code
        key, payload = f"dispute:{transaction.id}", {"payment": transaction.reference}
        opened = self.env["pg.ledger.entry"].sudo()._find_by_key(self.company_id, key)
        if not opened and state in ("open", "lost"):
            held = self._read_held(transaction)
            legs = self._move(held, transaction.currency_id, f"dispute:{code}", f"gateway:{code}")
            opened = self._post("dispute", key, legs, payload)
        if not opened or state == "open":
            return opened
        self._undo_other_ends(key, state)
        payload["outcome"] = state
        if state != "lost" or transaction._pg_is_lost_as_refund():
            payload = self._describe_entry(payload)
            return opened._post_reversal(key=f"{key}:{state}", kind="dispute", payload=payload)
        held = opened._read_postings()[0]
        legs = self._move(
            (held.amount, held.company_amount),
            transaction.currency_id,
            f"chargeback:{code}",
            f"dispute:{code}",
        )
        return self._post("dispute", f"{key}:lost", legs, payload)

    def _undo_other_ends(self, key, state):
        """Undo what was booked for another end: a gateway may think again, once."""
        Entry = self.env["pg.ledger.entry"].sudo()
        for other in {"won", "lost", "closed"} - {state}:
            if ended := Entry._find_by_key(self.company_id, f"{key}:{other}"):
                ended._post_reversal(key=f"{key}:{other}:undone", kind="dispute")

    def _read_held(self, transaction):
        """Return what of a payment was not given back yet, and its value."""
        currency = transaction.currency_id
        amount = D(transaction.amount) + sum(
            D(child.amount)
            for child in transaction.child_transaction_ids
            if child.operation == "refund" and child.state == "done"
        )
        return amount, self._value_of(amount, currency, transaction)

    @staticmethod
    def _move(held, currency, debit, credit):
        amount, value = held
        return [(debit, amount, currency, value), (credit, -amount, currency, -value)]
