from . import pg_ledger_frozen

# isort: split
from . import (
    pg_ledger_anchor,
    pg_ledger_balance,
    pg_ledger_chain,
    pg_ledger_conflict,
    pg_ledger_entry,
    pg_ledger_entry_correction,
    pg_ledger_mirror,
    pg_ledger_mirror_alarm,
    pg_ledger_mirror_work,
    pg_ledger_outbox,
    pg_ledger_posting,
    pg_ledger_recovery,
    pg_ledger_seal,
    pg_ledger_verify,
    pg_ledger_verify_finding,
)
