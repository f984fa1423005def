"""Bounds on the number of different names and errors of a run; what is over them is added up, never dropped.

A target that answers with a new address or message each time must not fill the memory or the database. The bounds are Visual
Studio's MaxRequestUrlsReported, MaxErrorsPerType and MaxThresholdViolations (reference: clt-service, section 6.3).
"""

from dataclasses import replace

from headrace.results.counters import THRESHOLD_KIND
from headrace.ticks.tick import ErrorName, ErrorStats, Name, PageStats, RequestStats, Tick, TransactionStats

MOST_NAMES = 1000
MOST_ERRORS = 1000
"""And so many different violations of thresholds, which have a bound of their own."""

OTHER_REQUESTS = Name("", "", "(other requests)")
OTHER_PAGES = Name("", "", "(other pages)")
OTHER_TRANSACTIONS = Name("", "", "(other transactions)")
FURTHER_ERRORS = "(further different errors)"


class Bounds:
    """Lets the first names of a run through and gathers all others under one each."""

    def __init__(self, most_names: int = MOST_NAMES, most_errors: int = MOST_ERRORS) -> None:
        self._most_names = most_names
        self._most_errors = most_errors
        self._requests: set[Name] = set()
        self._pages: set[Name] = set()
        self._transactions: set[Name] = set()
        self._errors: set[ErrorName] = set()
        self._violations: set[ErrorName] = set()
        self._kinds: set[tuple[str, str]] = set()

    def fold(self, tick: Tick) -> Tick:
        """The tick with what is over the bounds added up; the same tick where nothing is."""
        requests = {name: self._admit(name, self._requests, OTHER_REQUESTS) for name in tick.requests}
        pages = {name: self._admit(name, self._pages, OTHER_PAGES) for name in tick.pages}
        transactions = {name: self._admit(name, self._transactions, OTHER_TRANSACTIONS) for name in tick.transactions}
        errors = {error: self._admit_error(error) for error in tick.errors}
        if all(name is kept for names in (requests, pages, transactions, errors) for name, kept in names.items()):
            return tick
        folded = replace(tick, requests={}, pages={}, transactions={}, errors={})
        for name, request_stats in tick.requests.items():
            folded.requests.setdefault(requests[name], RequestStats()).add(request_stats)
        for name, page_stats in tick.pages.items():
            folded.pages.setdefault(pages[name], PageStats()).add(page_stats)
        for name, transaction_stats in tick.transactions.items():
            folded.transactions.setdefault(transactions[name], TransactionStats()).add(transaction_stats)
        for error, error_stats in tick.errors.items():
            folded.errors.setdefault(errors[error], ErrorStats()).add(error_stats)
        return folded

    def _admit(self, name: Name, known: set[Name], remainder: Name) -> Name:
        if name in known or name == remainder:
            return name
        if len(known) >= self._most_names:
            return remainder
        known.add(name)
        return name

    def _admit_error(self, error: ErrorName) -> ErrorName:
        known = self._violations if error.kind == THRESHOLD_KIND else self._errors
        if error in known or error.message == FURTHER_ERRORS:
            return error
        if len(known) >= self._most_errors:
            # Kind and sub-kind stay exact for all that were seen before the bound: the error counters are of kinds.
            subkind = error.subkind if (error.kind, error.subkind) in self._kinds else FURTHER_ERRORS
            return ErrorName(error.kind, subkind, "", "", "", "", FURTHER_ERRORS)
        known.add(error)
        self._kinds.add((error.kind, error.subkind))
        return error
