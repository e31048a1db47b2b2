"""Generated rows: crashes with the people, vehicles and fatalities that belong to them, deterministic by seed.

`events.py` decides what happened (numbers only), one module a dataset words it as SODA JSON, `domains.py` holds the
portal's categories with the weights seen in real rows, `build.py` puts a store together. All of it is vectorised.
"""

# part of the cache's name: move it whenever the same seed would give other rows
VERSION = 2
