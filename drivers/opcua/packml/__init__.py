"""A machine that speaks PackML or a neighbour of it says by itself what is what: `packml: auto`.

words      what a device with `packml: auto` has, without anybody writing it
walk       the address space, level by level
machine    what was found: word -> source
nodeset    OPC 30050     packtags   plain PackTags     machinery   OPC 40001-1
discovery  which of them a server shows
rules      what is made of a source's raw values; structures: those of OPC 30050
composing  columns off the wire -> columns with the values of the words
machines   of one driver: looked for in every session, and told to the operator
"""
