"""The steps about workers, coordinators, partners, clients and operators.

They concern also the numbers and keys of these roles.
"""
