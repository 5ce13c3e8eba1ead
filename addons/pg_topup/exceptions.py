from odoo.exceptions import UserError


class IllegalTransition(Exception):
    """A change of state that the table does not allow; a fault of ours, not of a user."""


class RepeatedOrder(UserError):
    """The same number got the same a moment ago: ask the customer, then place it ``confirmed``.

    :ivar previous: the earlier top-up.
    """

    def __init__(self, message, previous):
        super().__init__(message)
        self.previous = previous


class OrderConflict(UserError):
    """The key of an order came again with another order; nothing was stored."""
