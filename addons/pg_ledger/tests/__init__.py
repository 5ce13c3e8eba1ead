from . import (
    test_access,
    test_adjust,
    test_balance,
    test_canonical,
    test_entry,
    test_guards,
    test_mirror,
    test_recovery,
    test_seal,
    test_sequencer,
    test_verify,
    test_views,
)
