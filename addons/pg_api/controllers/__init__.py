from . import catalogue, topups
