"""What face, voice and transcript show, as plain sentences with numbers, from templates, and read back.

Text says what is shown, never what is felt. `cues` is what can be said, `languages/*.toml` how it is said,
`sentences` puts one into the other and reads it back.
"""
