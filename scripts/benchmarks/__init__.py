"""`scripts/bench`: how fast, as ratios in one run, for machines differ and are shared: figures stand beside floors.

One module a part (`landing`, `building`, `increments`, `spatial`, `macros`). Everything happens in throw-away clusters,
with the sample portal's rows, by the commands that users type.
"""
