"""Random deaths and faults under load, and the truths that must hold after it."""
