from odoo.exceptions import UserError


class IllegalTransition(Exception):
    """A change of state that the table does not allow; a fault of ours, not of a user."""


class OrderConflict(UserError):
    """The key of an order came again with another order; nothing was stored."""
