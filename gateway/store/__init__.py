"""All SQL of the gateway: tables, the unit of work, one file per subject, migrations."""
