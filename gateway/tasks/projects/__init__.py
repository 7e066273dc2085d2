"""Projects: one large job is split into tasks, and the tasks' results become one result again.

This package is pure. A recipe (`recipe`) and its parameters (`parameters`) say how a client's file
(`sources`) becomes parts (`parts`), which stages ask about them (`plan`, `chain`), and how the
parts' outcomes become the result (`outcomes`, `assemble`).
"""
