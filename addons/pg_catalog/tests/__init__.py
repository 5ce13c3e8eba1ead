from . import (
    test_access,
    test_number,
    test_number_memory,
    test_offer,
    test_offer_add,
    test_patterns,
    test_pricing,
    test_sync,
    test_sync_kill,
    test_sync_prices,
    test_sync_reference,
)
