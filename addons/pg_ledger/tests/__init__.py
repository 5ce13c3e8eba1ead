from . import (
    test_access,
    test_canonical,
    test_entry,
    test_guards,
    test_mirror,
    test_seal,
    test_sequencer,
    test_verify,
    test_views,
)
