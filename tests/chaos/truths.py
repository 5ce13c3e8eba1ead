"""Compares, sale by sale, what our database, the ledger, MongoDB, gateway and supplier hold."""

from collections import Counter, defaultdict
from decimal import Decimal

import psycopg2.extras

FINAL = ("completed", "refunded", "cancelled", "pending")
ROWS = """
    SELECT t.id, t.name, t.uuid, t.state, t.refund_state, t.supplier_reference, t.amount,
           t.send_value, t.paid_at, t.next_probe_at, t.needs_person,
           array_agg(p.pg_checkout_ref) AS sessions, array_agg(p.pg_payment_ref) AS payments
      FROM pg_topup t LEFT JOIN payment_transaction p
           ON p.pg_topup_id = t.id AND p.operation <> 'refund'
     WHERE t.client_key LIKE %s GROUP BY t.id ORDER BY t.id"""
POSTINGS = """
    SELECT e.subject, e.kind, p.account, p.amount FROM pg_ledger_entry e
      JOIN pg_ledger_posting p ON p.entry_id = e.id
     WHERE e.subject IN (SELECT uuid FROM pg_topup WHERE client_key LIKE %s)"""
CHAIN = "SELECT company_id, seq, hash FROM pg_ledger_chain"
UNBALANCED = """
    SELECT entry_id FROM pg_ledger_posting GROUP BY entry_id, currency_id HAVING sum(amount) <> 0"""


class Truths:
    """The findings of one comparison.

    :param connection: psycopg2, autocommit. :param pattern: of the client keys of the run.
    :param paid_sessions: of the pages on which a customer paid.
    """

    def __init__(self, connection, sandbox, ding, stripe, mongo, pattern, paid_sessions):
        self.connection = connection
        self.pattern = pattern
        self.problems = []
        self.rows = self.sql(ROWS, pattern)
        self.entries = defaultdict(list)
        for row in self.sql(POSTINGS, pattern):
            self.entries[row["subject"]].append(row)
        self.transfers = defaultdict(list)
        for transfer in sandbox.transfers(ding):
            if transfer["state"] == "Complete":
                self.transfers[transfer["distributor_ref"]].append(transfer)
        self.charges = {
            intent["id"]: intent
            for intent in sandbox.payment_intents(stripe)
            if intent["status"] == "succeeded"
        }
        self.refunds = defaultdict(list)
        for refund in sandbox.refunds(stripe):
            if refund["status"] == "succeeded":
                self.refunds[refund["payment_intent"]].append(refund)
        self.sessions = {s["id"]: s for s in sandbox.sessions(stripe)}
        self.mongo = mongo
        self.paid_sessions = set(paid_sessions)

    def sql(self, query, *params):
        """Return rows as dicts."""
        with self.connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            cursor.execute(query, params or None)
            return cursor.fetchall()

    def judge(self):
        """Return the figures; ``problems`` says what each count is about."""
        figures = Counter(double_sends=0, lost=0, open_in_doubt=0)
        states = Counter()
        sums = Counter()
        for row in self.rows:
            states[row["state"]] += 1
            figures += self._judge_sale(row, sums)
        figures["lost"] += self._count_unknown_payments()
        unbalanced = len(self.sql(UNBALANCED))
        if unbalanced:
            self.problems.append(f"{unbalanced} entries do not balance")
        return {
            "topups": len(self.rows),
            "states": dict(states),
            "double_sends": figures["double_sends"],
            "lost": figures["lost"],
            "open_in_doubt": figures["open_in_doubt"],
            "money_difference": str(self._money_difference(sums)),
            "ledger_difference": self._ledger_difference() + unbalanced,
        }

    def _judge_sale(self, row, sums):
        """Hold one sale against what gateway and supplier did for it."""
        found = Counter()
        delivered = self.transfers[row["supplier_reference"]]
        charges = [self.charges[ref] for ref in set(row["payments"]) if ref in self.charges]
        refunds = [refund for charge in charges for refund in self.refunds[charge["id"]]]
        kinds = Counter(e["kind"] for e in self.entries[row["uuid"]] if e["account"] == "customer")
        sums["charged"] += sum(charge["amount"] for charge in charges)
        sums["returned"] += sum(refund["amount"] for refund in refunds)
        sums["sent"] += int(sum(Decimal(str(t["send"])) for t in delivered) * 100)
        sums["delivered"] += int(row["amount"] * 100) if row["state"] == "completed" else 0
        sums["open"] += int(row["amount"] * 100) if row["state"] == "in_doubt" else 0
        if len(delivered) > 1:
            found["double_sends"] += 1
            self._say(row, f"sent {len(delivered)} times")
        wanted = self._wanted(row, len(charges))
        actual = (len(delivered), len(charges), len(refunds), kinds)
        if row["state"] == "in_doubt":
            found["open_in_doubt"] += 1
            if not row["next_probe_at"]:
                found["lost"] += 1
                self._say(row, "in doubt without a planned look-up")
        elif actual != wanted:
            found["lost"] += 1
            self._say(row, f"has {actual}, wanted {wanted}")
        return found

    def _wanted(self, row, charges):
        """Return (transfers, charges, refunds, entries) that must stand for an ended sale."""
        if row["state"] == "completed":
            return 1, 1, 0, Counter(paid=1, delivered=1)
        if row["state"] == "refunded":
            return 0, 1, 1, Counter(paid=1, refunded=1)
        if row["state"] in ("pending", "cancelled"):
            return 0, 0, 0, Counter()
        return ()

    def _say(self, row, text):
        self.problems.append(f"{row['name']} ({row['state']}, {row['refund_state']}): {text}")

    def _count_unknown_payments(self):
        """Count payments that the gateway took and of which we know nothing."""
        known = {ref for row in self.rows for ref in row["payments"] if ref and row["paid_at"]}
        lost = 0
        for session in self.paid_sessions:
            intent = self.sessions[session].get("payment_intent")
            if intent in self.charges and intent not in known:
                lost += 1
                self.problems.append(f"payment {intent} is known to nobody")
        return lost

    def _money_difference(self, sums):
        """Return how far the books are from the gateway and the supplier, in all currencies."""
        books = Counter()
        for rows in self.entries.values():
            for row in rows:
                account = row["account"].split(":")[0]
                books[row["kind"], account] += int(row["amount"] * 100)
        paid = books["paid", "gateway"]
        returned = -books["refunded", "gateway"]
        differences = [
            paid - sums["charged"],
            returned - sums["returned"],
            -books["delivered", "supplier"] - sums["sent"],
            books["delivered", "customer"] - sums["delivered"],
            paid - sums["delivered"] - returned - sums["open"],
        ]
        if any(differences):
            self.problems.append(f"money differs (cents): {differences}")
        return Decimal(sum(abs(value) for value in differences)) / 100

    def _ledger_difference(self):
        """Return in how many documents MongoDB and PostgreSQL differ."""
        chain = {f"{row['company_id']}:{row['seq']:012d}": row["hash"] for row in self.sql(CHAIN)}
        documents = {d["_id"]: d["hash"] for d in self.mongo.ledger.events.find({}, {"hash": 1})}
        wrong = {
            key for key in chain.keys() | documents.keys() if chain.get(key) != documents.get(key)
        }
        waiting = self.sql("SELECT count(*) FROM pg_ledger_outbox")[0]["count"]
        if wrong or waiting:
            self.problems.append(f"MongoDB differs in {len(wrong)}, {waiting} wait in the outbox")
        return len(wrong) + waiting
