"""Fair pay: hourly pay as measured and as expected, the floor, top-ups and even earnings. Pure.

Decision 71 states the model.
"""
