"""The sample portal: a faithful SODA 2.1 server over HTTP on loopback, the project's one stand-in for the internet.

It serves the four Chicago crash datasets from given rows or generated ones, and changes them on request the way a
publisher would. Start it with `python -m sample_portal`, or in tests with `sample_portal.testing.running_portal`.
"""
