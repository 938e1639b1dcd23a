"""What servers mean by what they say: rules as data (`*.toml`), and what reads and applies them.

loader    a TOML file to `Rule` values, or a `BouncelibError` that says where and what to do
matcher   which literals of all rules a text contains, found in one pass
"""
