from . import checkout, webhook
