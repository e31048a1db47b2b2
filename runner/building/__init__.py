"""dbt: building the tables, asking the data tests, and knowing when there is nothing to build."""
