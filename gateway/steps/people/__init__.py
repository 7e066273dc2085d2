"""The steps about workers, coordinators, partners, clients and operators, and their numbers and keys."""
