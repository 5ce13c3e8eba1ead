from . import test_outcomes, test_parsing, test_supplier, test_sync, test_transfer
