"""What the payer does by hand at PGecom, for the control API. There are no refunds to make."""

from sandbox.pgecom import orders, page
from sandbox.pgecom.account import PgecomError


def find(registry, reference):
    """Return (account, order) of an order id or a token, or (None, None)."""
    try:
        return page.find(registry, reference)
    except PgecomError:
        return None, None


def click(account, order, values):
    """Click on the payer's page."""
    return page.click(account, order, values.get("outcome") or "pay")


ACTIONS = {}
ENDINGS = {
    "orders": (
        ("completed", "failed"),
        lambda account, order, outcome, values: orders.finish(account, order, outcome),
    ),
}
