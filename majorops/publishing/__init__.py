"""The public pages as finished bytes: drawn in advance and kept in memory (snapshots),
or as files of a folder.
"""
