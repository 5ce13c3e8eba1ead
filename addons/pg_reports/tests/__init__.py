from . import test_ledger_summary, test_report_sale
