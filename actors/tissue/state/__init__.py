"""What siblings know: values held in common by contact, warm in each (:mod:`.contact_state`).

:mod:`.inheritance` says what a successor starts with.
"""
