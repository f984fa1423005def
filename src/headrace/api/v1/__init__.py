"""The API for new clients, `/api/v1`: camelCase, ISO dates, problems as in RFC 9457. It does what the old one does, by the
same functions of `runs/` and `results/`.
"""
