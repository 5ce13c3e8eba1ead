from . import pg_report_ledger
