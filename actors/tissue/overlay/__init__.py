"""Who is close, with no registry, and how one says something to all.

Views that survive the loss of most (:mod:`hyparview`), the close ones by any measure (:mod:`tman`, :mod:`closeness`,
:mod:`vivaldi`), broadcast (:mod:`broadcast`), and all of it as one core (:mod:`overlay`).
"""
