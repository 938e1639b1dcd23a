"""A laboratory of real mail servers: it provokes every failure on purpose and keeps what the servers write about it.

`python3 corpus/lab` runs it. It needs the standard library only. The way of the data:

    scenarios.py, servers/*.py ─plan─▶ Case* ─submit─▶ servers ─collect─▶ report* ─expectations─▶ .eml + .toml

`scenarios.py` says what is done, `servers/` what is special about each server; everything else is machinery.
"""
