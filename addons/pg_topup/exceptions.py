class IllegalTransition(Exception):
    """A change of state that the table does not allow; a fault of ours, not of a user."""
