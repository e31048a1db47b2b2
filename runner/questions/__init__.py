"""Questions about places: what happened near a point, or within an area, and what it cost.

The answers are SQL functions of the schema `spatial` (dbt_project/macros/spatial), which anybody may call; this asks
them, and writes what they say as text or as a file.
"""
