"""The database as a place: the embedded cluster or a server of the user's, connections, roles, emptying it."""
