"""What a change of the settings moves, before it is accepted: `make preview`.

The live warehouse was built with the accepted settings; the files in seeds/ hold the changed ones. `rebuild` builds a
copy of the warehouse with those, `compare` says how the two differ, and nothing else is written.
"""
