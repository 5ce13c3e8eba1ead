from . import approve, checkout, webhook
