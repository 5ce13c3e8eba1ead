"""Sums per account, currency and day, computed by each database and compared exactly.

A day is that of UTC: it must not depend on whose table of time zones is newer.
"""

from collections import defaultdict
from decimal import Decimal
from typing import NamedTuple

from odoo.tools import SQL

# Positions summed by one statement of either database.
SPAN = 50_000
DETAILS_KEPT = 100

# The ids of the links, and the positions that wait for their delivery, which neither side counts.
_SPAN = """
SELECT min(entry_id), max(entry_id),
       COALESCE(array_agg(seq ORDER BY seq) FILTER (WHERE mirrored_at IS NULL), '{}')
  FROM pg_ledger_chain WHERE company_id = %s AND seq BETWEEN %s AND %s
"""
# The range of ids spares reading the whole table for each span. IS TRUE keeps the planner from a
# join: it would take its size for a small part of what it is, and sort all postings.
_SUMS = """
SELECT account, currency_code, occurred_at::date, sum(amount)::text, sum(company_amount)::text
  FROM pg_ledger_posting
 WHERE entry_id BETWEEN %s AND %s
   AND (entry_id IN (SELECT entry_id FROM pg_ledger_chain
                      WHERE company_id = %s AND seq BETWEEN %s AND %s
                        AND seq <> ALL(%s::int[]))) IS TRUE
 GROUP BY 1, 2, 3
"""


class Span(NamedTuple):
    """Positions of one statement, the range of the ids of their entries, and who is not counted."""

    first: int
    last: int
    first_id: int | None
    last_id: int | None
    skipped: list


class Totals:
    """The sums of one company on both sides; ``known`` in PostgreSQL, ``found`` in MongoDB.

    Keys are ``(account, currency, day)``, values ``[amount, company amount]``.
    """

    def __init__(self, company_id):
        self.company_id = company_id
        self.known = defaultdict(lambda: [Decimal(0), Decimal(0)])
        self.found = defaultdict(lambda: [Decimal(0), Decimal(0)])

    @staticmethod
    def spans(after, head):
        """Return the first and last position of each part."""
        return [(first, min(first + SPAN - 1, head)) for first in range(after + 1, head + 1, SPAN)]

    def read_span(self, cr, first, last):
        """Return what both databases are told about one part.

        :rtype: Span
        """
        cr.execute(SQL(_SPAN, self.company_id, first, last))
        return Span(first, last, *cr.fetchone())

    def add_known(self, cr, span):
        """Add the sums of PostgreSQL."""
        cr.execute(
            SQL(
                _SUMS,
                span.first_id,
                span.last_id,
                self.company_id,
                span.first,
                span.last,
                span.skipped,
            )
        )
        for account, currency, day, amount, company_amount in cr.fetchall():
            sums = self.known[account, currency, day.isoformat()]
            sums[0] += Decimal(amount)
            sums[1] += Decimal(company_amount)

    def add_found(self, rows):
        """Add the sums of MongoDB, see :meth:`.store.Store.sum_postings`."""
        for key, amount, company_amount in rows:
            sums = self.found[key]
            sums[0] += amount
            sums[1] += company_amount

    def differences(self):
        """Say which sums differ, the first hundred of them."""
        keys = sorted(
            key
            for key in self.known.keys() | self.found.keys()
            if self.known.get(key) != self.found.get(key)
        )
        for account, currency, day in keys[:DETAILS_KEPT]:
            known = self.known.get((account, currency, day), [0, 0])
            found = self.found.get((account, currency, day), [0, 0])
            yield (
                f"{account} {currency} on {day}: {known[0]:f} (company value {known[1]:f}) in"
                f" PostgreSQL, {found[0]:f} ({found[1]:f}) in MongoDB."
            )
