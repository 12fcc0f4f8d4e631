"""Where a child's lives are to be: further out after deaths on evidence, and back in when it is calm.

``policy`` is what a tree says, ``ladder`` decides, ``promoter`` carries out what it decides.
"""
