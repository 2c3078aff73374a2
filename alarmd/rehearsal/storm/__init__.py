"""A storm: very many presses from outside, and everything that may go wrong meanwhile, by the doors that devices,
consoles, people and providers use. It knows nothing but the contract, so what it counts is what users would have met.

Read `weather.py` first (what storm it is to be), then `plan.py` (what follows from a seed) and `promises.py` (what is
judged). Between them stand the books, which are pure: `tally.py` of presses, `sight.py` of one console, `steps.py` of
the chains' clocks, `verdict.py` of what all that comes to, `page.py` and `plots.py` of how it is shown. The rest are
shells, each with one partner: `doors.py` presses, `consoles.py` looks on, `people.py` answers, `provider.py` is told,
`nodes.py` starts and kills daemons; `conductor.py` has them play together. Called by `commands/storm.py`.
"""
