from . import pg_ledger_adjust, pg_ledger_trial, pg_ledger_verify_ask
