from .const import ERRORS


class ApiError(Exception):
    """A refusal with its status; raised, never returned, so that nothing of the request is stored.

    :param int status: a key of ``const.ERRORS``.
    :param str message: one sentence for people, without anything secret.
    :param str code: one word for programs.
    """

    # How `odoo.http` logs it: a refusal of a request is not a fault of ours.
    loglevel = 20

    def __init__(self, status, message="", *, code=""):
        default_code, default_message = ERRORS[status]
        self.status = status
        self.code = code or default_code
        self.message = message or default_message
        super().__init__(f"{self.status} {self.code}")
