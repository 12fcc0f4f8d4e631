"""Hormones: levels that cells secrete, sense and act on, each by itself, so that together they do what is needed.

``hormones`` is the core that a cell owns; ``scaling`` decides from what it senses whether to grow or to shrink a group.
The others hold one idea each: ``secretion`` (levels that decay and spread), ``push_sum`` (the average of all),
``heard`` (what others said of themselves), ``quorum`` (what most of them agree on) and ``receptor`` (when to respond).
"""
