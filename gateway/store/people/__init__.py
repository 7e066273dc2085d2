"""The rows of workers, coordinators, partners, clients and operators."""
