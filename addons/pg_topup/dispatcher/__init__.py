from .runner import Dispatcher
