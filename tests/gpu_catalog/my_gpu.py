"""A GPU of a user's own, as TOML."""

MY_GPU = """
name = "My GPU"
aliases = ["mine"]
product = "a card"
vendor = "Me"
memory_MiB = 81559
bandwidth_GBps = 2000
dense_TFLOPS = { bf16 = 500 }
source = "data sheet"
checked = 2026-11-21
confidence = "low"
notes = ""
"""
