"""What the ledger summary says, read from the database; as plain values. Amounts are cast to text
in SQL and to Decimal here: Odoo's cursor would make floats of them.

Two ways to date things: by the day of the entry in the seller's timezone (what happened in the
period), or by the business day of the top-up (how the sales of the period stand today).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from odoo.addons.pg_base.tools.redact import mask_number
from odoo.tools import SQL

FETCH = 2000


@dataclass(frozen=True)
class AccountRow:
    """One account in one currency; ``closing = opening + debit - credit``, debit positive."""

    account: str
    currency: str
    opening: Decimal
    debit: Decimal
    credit: Decimal
    closing: Decimal
    company_closing: Decimal


@dataclass(frozen=True)
class TopupRow:
    """One top-up in one currency; ``open = paid - delivered - refunded`` at the period's end."""

    order: str
    day: date
    operator: str
    number: str
    state: str
    gateway: str
    currency: str
    paid: Decimal
    delivered: Decimal
    refunded: Decimal
    open: Decimal
    tax: Decimal
    cost: Decimal
    margin: Decimal
    fee: Decimal


class LedgerSummary:
    """Reads one seller's period. The ledger's side and the top-ups' side are read apart: accounts
    from postings alone, top-ups from orders and payments, so that a difference shows.

    :param company: one seller; rights are the caller's matter.
    :param str basis: ``entry`` or ``business``.
    """

    def __init__(self, company, date_from, date_to, basis):
        self.env, self.company = company.env, company
        self.date_from, self.date_to, self.basis = date_from, date_to, basis
        self.env.flush_all()

    # === LEDGER === #

    def accounts(self):
        """Return the accounts that ever moved until the end of the period.

        :rtype: list[AccountRow]
        """
        self.env.cr.execute(
            SQL(
                """SELECT account, currency_code,
                          (sum(amount) FILTER (WHERE day < %(start)s))::text,
                          (sum(amount) FILTER (WHERE day >= %(start)s AND amount > 0))::text,
                          (-sum(amount) FILTER (WHERE day >= %(start)s AND amount < 0))::text,
                          sum(amount)::text, sum(company_amount)::text
                     FROM (SELECT posting.account, posting.currency_code, posting.amount,
                                  posting.company_amount, %(day)s AS day
                             FROM pg_ledger_posting posting
                             JOIN pg_ledger_entry entry ON entry.id = posting.entry_id
                             LEFT JOIN pg_topup topup ON topup.uuid = entry.subject
                            WHERE posting.company_id = %(company)s) AS dated
                    WHERE day <= %(end)s
                    GROUP BY account, currency_code ORDER BY account, currency_code""",
                day=self._day(SQL("entry.occurred_at")),
                **self._period(),
            )
        )
        return [
            AccountRow(account, currency, *(Decimal(value or 0) for value in values))
            for account, currency, *values in self.env.cr.fetchall()
        ]

    # === TOP-UPS === #

    def topups(self):
        """Yield the top-ups with a payment, a delivery or a refund in the period, and those that
        are open at its end, oldest first; never more than ``FETCH`` in memory.

        :rtype: Iterator[TopupRow]
        """
        states = dict(self.env["pg.topup"]._fields["state"]._description_selection(self.env))
        self.env.cr.execute(
            SQL("DECLARE pg_ledger_summary NO SCROLL CURSOR FOR %s", self._query_topups())
        )
        try:
            while True:
                self.env.cr.execute(SQL("FETCH FORWARD %s FROM pg_ledger_summary", FETCH))
                if not (rows := self.env.cr.fetchall()):
                    return
                for order, day, operator, number, state, gateway, currency, *amounts in rows:
                    yield TopupRow(
                        order,
                        day,
                        operator,
                        mask_number(number),
                        states[state],
                        gateway,
                        currency,
                        *(Decimal(amount) for amount in amounts),
                    )
        finally:
            self.env.cr.execute(SQL("CLOSE pg_ledger_summary"))

    def _query_topups(self):
        """Return the statement: movements of each top-up by currency, its pin and its fee."""
        return SQL(
            """WITH movement AS (%(movements)s),
               dated AS (
                   SELECT movement.*, topup.business_date, %(day)s AS day
                     FROM movement
                     JOIN pg_topup topup ON topup.id = movement.topup_id
                     LEFT JOIN pg_ledger_entry entry
                       ON entry.company_id = %(company)s AND entry.key = movement.key
               ),
               summed AS (
                   SELECT topup_id, currency_id,
                          COALESCE(sum(amount) FILTER (WHERE kind = 'paid'), 0) AS paid,
                          COALESCE(sum(amount) FILTER (WHERE kind = 'delivered'), 0) AS delivered,
                          COALESCE(sum(amount) FILTER (WHERE kind = 'refunded'), 0) AS refunded
                     FROM dated WHERE day <= %(end)s
                    GROUP BY topup_id, currency_id
                   HAVING bool_or(day >= %(start)s)
                       OR sum(CASE kind WHEN 'paid' THEN amount ELSE -amount END) <> 0
               )
               SELECT topup.name, topup.business_date, operator.name, topup.number, topup.state,
                      COALESCE(provider.code, ''), currency.name, paid::text, delivered::text,
                      refunded::text, (paid - delivered - refunded)::text,
                      (CASE WHEN delivered <> 0 THEN topup.amount_tax ELSE 0 END)::text,
                      (CASE WHEN delivered <> 0 THEN topup.cost ELSE 0 END)::text,
                      (CASE WHEN delivered <> 0
                            THEN topup.amount - topup.amount_tax - topup.cost ELSE 0 END)::text,
                      (%(fee)s)::text
                 FROM summed
                 JOIN pg_topup topup ON topup.id = summed.topup_id
                 JOIN pg_mobile_operator operator ON operator.id = topup.operator_id
                 JOIN res_currency currency ON currency.id = summed.currency_id
                 LEFT JOIN payment_transaction payment ON payment.id = topup.payment_tx_id
                 LEFT JOIN payment_provider provider ON provider.id = payment.provider_id
                ORDER BY topup.id, currency.name""",
            movements=self._query_movements(),
            day=self._day(SQL("COALESCE(entry.occurred_at, movement.at)")),
            fee=self._query_fee(),
            **self._period(),
        )

    def _query_movements(self):
        """Return the statement of what payments and orders say moved, with the key of the entry
        that must exist for it.
        """
        return SQL(
            """SELECT payment.pg_topup_id AS topup_id, 'paid' AS kind, payment.amount,
                      payment.currency_id, 'paid:' || payment.id AS key,
                      payment.last_state_change AS at
                 FROM payment_transaction payment
                 JOIN pg_topup topup ON topup.id = payment.pg_topup_id
                WHERE topup.company_id = %(company)s AND payment.state = 'done'
                  AND payment.operation IS DISTINCT FROM 'refund'
               UNION ALL
               SELECT topup.id, 'delivered', topup.amount, topup.currency_id,
                      'delivered:' || topup.uuid, topup.completed_at
                 FROM pg_topup topup
                WHERE topup.company_id = %(company)s AND topup.state = 'completed'
               UNION ALL
               SELECT payment.pg_topup_id, 'refunded', -refund.amount, refund.currency_id,
                      'refunded:' || refund.id, refund.last_state_change
                 FROM payment_transaction refund
                 JOIN payment_transaction payment ON payment.id = refund.source_transaction_id
                 JOIN pg_topup topup ON topup.id = payment.pg_topup_id
                WHERE topup.company_id = %(company)s AND refund.state = 'done'
                  AND refund.operation = 'refund'""",
            company=self.company.id,
        )

    def _query_fee(self):
        """Return the expression of the fees booked for a top-up, in the company's currency."""
        return SQL(
            """CASE WHEN summed.currency_id = topup.currency_id THEN COALESCE((
                   SELECT sum(posting.company_amount)
                     FROM pg_ledger_entry entry
                     JOIN pg_ledger_posting posting ON posting.entry_id = entry.id
                    WHERE entry.subject = topup.uuid AND entry.company_id = %(company)s
                      AND entry.kind = 'fee' AND posting.account LIKE %(account)s
                      AND %(day)s <= %(end)s), 0) ELSE 0 END""",
            account="fee:%",
            day=self._day(SQL("entry.occurred_at")),
            **self._period(),
        )

    # === BOTH === #

    def _day(self, moment):
        """Return the expression of the day that counts.

        :param SQL moment: of the event, in UTC.
        """
        day = SQL(
            "(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", moment, self.company.pg_tz or "UTC"
        )
        if self.basis == "business":
            return SQL("COALESCE(topup.business_date, %s)", day)
        return day

    def _period(self):
        return {"start": self.date_from, "end": self.date_to, "company": self.company.id}
