"""The public pages as finished bytes.

Drawn in advance and kept in memory (snapshots), or as files of a folder.
"""
