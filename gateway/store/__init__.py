"""All SQL: tables, the unit of work, one file per subject, migrations."""
