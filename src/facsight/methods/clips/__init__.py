"""Papers that choose which clips of a video are trained on."""
