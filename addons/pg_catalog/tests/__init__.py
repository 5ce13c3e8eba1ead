from . import (
    test_access,
    test_number,
    test_offer,
    test_offer_add,
    test_patterns,
    test_pricing,
    test_sync,
)
