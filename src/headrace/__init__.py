"""Headrace: self-hosted load testing that answers the retired Cloud Load Test REST API."""

__version__ = "0.1.0"
