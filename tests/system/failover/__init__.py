"""Several machines on one: the example of deploy/many-machines in network namespaces.

Its hosts are killed and cut off.
"""
