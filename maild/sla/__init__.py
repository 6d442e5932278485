"""Service levels: working time, promises, and the clocks that measure tickets against them.

Pure: no wall clock, no database. The mail and the ticket are unknown here; statuses are plain strings.
"""
