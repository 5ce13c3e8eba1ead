from . import money, options, redact, secrets, steps
