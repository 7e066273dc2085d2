"""The commands about clients, partners, workers, coordinators and persons with keys."""
