"""Explanations with a contract: each clause names the cues that it states, and a checker holds it to them.

`measured` is a reading as plain data, `writing` makes clauses of it. `checking` and `free_text` judge
clauses, and any text, by it; they share nothing with the writer but the reading and the data files:
`languages` (templates), `lexicons` (words of free text), `limits.toml` and `thresholds.toml`.
"""
