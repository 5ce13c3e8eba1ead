from . import http, models, tools
