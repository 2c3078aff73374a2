"""Rehearsal: simulated phones and buttons, so that the whole path can be tried without a telephone company.

It stands outside the daemon's trust like any provider: alarmd reaches it over HTTP and it answers with signed requests,
so nothing on the real path knows that it is a rehearsal. It never touches the store or the loop. Only `alarmd demo`,
the storm and tests start it.
"""
