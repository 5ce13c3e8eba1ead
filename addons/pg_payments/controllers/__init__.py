from . import approve, checkout, status, webhook
