"""OPC UA: subscribes to what a server shows, by namespace URI or browse path, and reads what is wanted with a period.

Importing it costs little: asyncua is imported when a connection is opened.
"""
