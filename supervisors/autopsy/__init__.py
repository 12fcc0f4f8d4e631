"""Why something died: every death keeps what is known of it, and the chain of causes can be walked across places.

``coroner`` collects, ``record`` is what one is told, ``sentences`` puts it into words; ``chronicle`` keeps it in a
file, ``door`` and ``client`` carry the question into a running process and the answer out of it.
"""
