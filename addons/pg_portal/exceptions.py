class WidgetError(Exception):
    """A refusal of the widget's JSON; raised, never returned, so that nothing is stored.

    :param int status: of HTTP.
    :param str code: one word for the widget.
    :param str message: one sentence for the customer, may be empty.
    """

    # How `odoo.http` logs it: a refusal of a request is not a fault of ours.
    loglevel = 20

    def __init__(self, status, code, message=""):
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message
