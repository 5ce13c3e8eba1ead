from werkzeug import exceptions


class TooManyRequests(exceptions.TooManyRequests):
    """Somebody asks too often; answered with status 429 by `ir.http`.

    :param int retry_after: seconds after which it makes sense to ask again.
    """

    # How `odoo.http` logs it: a refused request is not a fault of ours.
    loglevel = 20

    def __init__(self, retry_after, description=None):
        self.seconds = max(1, int(retry_after))
        super().__init__(description, retry_after=self.seconds)
