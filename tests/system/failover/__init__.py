"""Several machines on one: the example of deploy/many-machines in network namespaces, with its hosts killed and cut off."""
