"""Records of fields: the results of their fields, and the errors of their workers."""
