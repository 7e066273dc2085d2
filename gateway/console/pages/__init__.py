"""The pages: a file's name is the page's address, and `index.py` is the start page at `/`.

Each file has `mount(app, rt, address)`, which adds the page's routes at its address and below it.
"""
