from .client import Answer, HttpClient, check_endpoint
