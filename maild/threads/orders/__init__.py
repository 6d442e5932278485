"""What an agent may order: the first lines of a mail, or the words behind `maild ticket`. One implementation for both.

An order is a line that starts with "/". Orders stand above the text; the first line that is none ends them. All of them
are carried out or none is. `table.py` lists them; each of the other modules holds a kind of them.
"""
