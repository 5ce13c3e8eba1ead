from . import bulk, feed, numbering, patterns, pricing
