"""The steps of the gateway: one file per action that it takes.

A step reads, lets the pure core decide, and writes in one transaction.
"""
