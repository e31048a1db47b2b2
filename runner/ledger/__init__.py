"""The memory of the project, schema `ops`: executions, what they did and said, and the connection that keeps them."""
