from . import pg_ledger_trial
