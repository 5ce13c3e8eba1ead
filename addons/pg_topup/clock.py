from datetime import UTC, datetime


def now():
    """Return the moment as Odoo stores it (naive UTC), with its milliseconds."""
    moment = datetime.now(UTC).replace(tzinfo=None)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
