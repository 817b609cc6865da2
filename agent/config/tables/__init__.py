"""Tag tables: the tags of a device as an electrician keeps them, in a CSV file or a workbook."""

from agent.config.tables.rows import TableRow, read_table

__all__ = ["TableRow", "read_table"]
