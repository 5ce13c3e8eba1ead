"""What can be wrong with an entry that somebody wants to post."""


class LedgerError(ValueError):
    """The entry cannot be posted; nothing was written."""


class Unbalanced(LedgerError):
    """The postings do not sum to zero per currency and in the company's currency."""


class KeyConflict(LedgerError):
    """The key was used before, for another event."""
