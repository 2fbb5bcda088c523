"""Access of a company's own tools to its figures with SQL: the schema ``bi`` (migration 0021).

domain           names of roles, passwords and how PostgreSQL keeps them
repository       which role stands for which company
role_repository  the roles themselves, as the server's superuser makes them
granting         grants, lists and revokes access
"""
