"""Module hooks."""

from .tools.legs import DROP_LEGS
from .tools.triggers import DROP_GUARDS


def uninstall_hook(env):
    """Remove triggers and functions, so that the tables can be dropped."""
    env.cr.execute(DROP_LEGS + DROP_GUARDS)
