from . import waker
from .listener import CHANNEL, PRESENCE_LOCK, Listener
from .runner import Dispatcher
