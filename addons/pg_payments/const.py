"""Tables of the payment engine."""

from datetime import timedelta

#: How long a payment page stays open. Stripe allows 30 minutes to 24 hours.
CHECKOUT_LIFETIME = timedelta(hours=1)

#: Seconds between two questions to the gateway about one open payment; the last one repeats.
POLL_DELAYS = (60, 120, 300, 600, 1200, 1800, 3600)

#: The pause when a payer has just come back and the gateway gave no answer.
SOON = timedelta(seconds=10)

#: The same while a payer is asked to approve on a phone.
APPROVAL_POLL_DELAYS = (10, 15, 20, 30, 45, 60, 120, 300, 600, 1800, 3600)

#: How long after its expiry an approval may still be settled, at the usual pace of questions; then
#: it is asked about slowly until the gateway delivers no more news either.
APPROVAL_GRACE = timedelta(minutes=15)
APPROVAL_HORIZON = timedelta(hours=48)

#: Seconds between two questions about a fee that is not known yet; then it is given up.
FEE_DELAYS = (300, 900, 1800, 3600, 3600 * 3, 3600 * 12, 3600 * 24)

#: Seconds between two tries of a refund request whose outcome is not known yet.
REFUND_DELAYS = (30, 60, 300, 900, 1800, 3600)

#: Seconds between two looks at a capture whose outcome is not known yet.
CAPTURE_DELAYS = (5, 15, 30, 60, 120, 300, 600, 900, 1800)

#: While money is being taken, no other worker touches it.
CAPTURE_LEASE = timedelta(minutes=2)

#: How long the secret of a replaced webhook is still accepted.
WEBHOOK_OVERLAP = timedelta(hours=24)

#: Seconds between two tries of a webhook event that could not be processed.
EVENT_DELAYS = (60, 300, 900, 3600, 3600 * 3, 3600 * 6, 3600 * 12, 3600 * 24)

#: While a refund is being asked for, no other worker touches it.
REFUND_LEASE = timedelta(minutes=5)

#: An event about a transaction that is not committed yet is refused, so that it comes again; an
#: older one is about a transaction that never will be.
UNKNOWN_REFERENCE_GRACE = timedelta(minutes=15)

#: Largest webhook body that is read, in bytes.
WEBHOOK_MAX_BYTES = 256 * 1024

#: Days for which processed events are kept.
EVENT_RETENTION_DAYS = 30

#: Rows that one run of a cron handles before it makes room for others.
BATCH = 50


def pick_delay(delays, tries):
    """Return the pause before the next try, in seconds; the last one repeats."""
    return timedelta(seconds=delays[min(tries, len(delays) - 1)])
