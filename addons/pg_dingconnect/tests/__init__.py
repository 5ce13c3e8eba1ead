from . import (
    test_client,
    test_fresh_price,
    test_health,
    test_lookup,
    test_outcomes,
    test_parsing,
    test_supplier,
    test_sync,
    test_sync_steps,
    test_transfer,
)
