"""What a load reports, held against a server that knows what it did; and what it does when a server means it harm.

The parts are real: engine processes, started as an agent starts them; a server that is a process of its own, so that its
clock is disturbed as little as can be; and where it says so, the service with its database.

- `server.py`: the server, with its own record of every request. `performing.py`: running plans against it.
  `hostility.py`: what hostile servers do, and how each should be told.
- `test_delays.py`: percentiles of the service time against the server's record.
- `test_stall.py`: response times under a server that stands still, against what arithmetic says and what the server saw.
- `test_counts.py`: nothing is lost and nothing is counted twice, from the wire to the database.
- `test_stop.py`: a stop is carried out whatever the servers do.
- `test_hostile.py`: hostile servers are told by name, cost bounded memory, and do not slow the load on the others.
- `test_bytes.py`: any bytes, cut anywhere.

Times are real here, on machines that others use too. A measurement is therefore repeated, three times at most, and one that
holds is enough: noise makes a true measurement look false, never the contrary. The bounds are not widened for noise.

`pytest -m long tests/truth` runs those that take long.
"""
