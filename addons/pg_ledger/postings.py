"""The postings of an entry as plain values."""

import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from .const import ACCOUNT_PATTERN, AMOUNT_DECIMALS, AMOUNT_LIMIT
from .exceptions import LedgerError, Unbalanced

_ACCOUNT = re.compile(ACCOUNT_PATTERN)
_QUANTUM = Decimal(1).scaleb(-AMOUNT_DECIMALS)


@dataclass(frozen=True)
class Posting:
    """One leg of an entry: debit positive, credit negative.

    ``amount`` is in ``currency`` (its three letter code), ``company_amount`` is the same value
    in the currency of the company.
    """

    account: str
    amount: Decimal
    currency: str
    company_amount: Decimal


@dataclass(frozen=True)
class Balance:
    """What one account holds in one currency, and its value in the company's currency."""

    account: str
    currency: str
    amount: Decimal
    company_amount: Decimal


def amount_text(value):
    """Write an amount with exactly four decimals.

    :param Decimal value: the amount
    :return: its text, as it is hashed
    :rtype: str
    :raise LedgerError: not a finite Decimal, more than four decimals, or out of range
    """
    if not isinstance(value, Decimal) or not value.is_finite() or abs(value) >= AMOUNT_LIMIT:
        raise LedgerError(f"an amount must be a finite Decimal, got {value!r}")
    exact = value.quantize(_QUANTUM)
    if exact != value:
        raise LedgerError(f"an amount has at most {AMOUNT_DECIMALS} decimals, got {value}")
    return f"{exact + 0:f}"


def check_postings(postings, company_currency):
    """Refuse postings that the database would refuse, with a clearer message.

    :param list[Posting] postings: at least two
    :param str company_currency: code of the company's currency
    :return: ``(account, amount, currency, company_amount)`` per posting, amounts as text
    :rtype: list[tuple]
    :raise Unbalanced: the sums are not zero
    :raise LedgerError: anything else that is wrong
    """
    if len(postings) < 2:
        raise Unbalanced("an entry has at least two postings")
    sums = defaultdict(Decimal)
    rows = []
    for posting in postings:
        rows.append(_check_posting(posting, company_currency))
        sums[posting.currency] += posting.amount
        sums["company value"] += posting.company_amount
    wrong = {name: total for name, total in sums.items() if total}
    if wrong:
        raise Unbalanced(f"postings do not balance: {wrong}")
    return rows


def _check_posting(posting, company_currency):
    if not _ACCOUNT.match(posting.account):
        raise LedgerError(f"not an account: {posting.account!r}")
    amount, company_amount = amount_text(posting.amount), amount_text(posting.company_amount)
    if not posting.amount and not posting.company_amount:
        raise LedgerError(f"an empty posting on {posting.account}")
    if posting.currency == company_currency and amount != company_amount:
        raise LedgerError(f"{posting.account}: the value in {company_currency} is the amount")
    return posting.account, amount, posting.currency, company_amount
