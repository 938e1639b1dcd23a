"""Other programs' doors to this library; each module imports what it needs, an extra of the same name installs it."""
