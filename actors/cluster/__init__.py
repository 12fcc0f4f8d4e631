"""Hosts: machines that know each other, run lives for each other, and notice when one of them is gone.

Every pair of hosts has one link with mutual TLS (:mod:`gate`, :mod:`peer`), over which they tell each other who there
is (:mod:`directory`).  A life at ``place=Host(...)`` runs in a process of the host that :mod:`placement` chooses; the
bytes between it and its deputy go through a tunnel in that link (:mod:`tunnel`, :mod:`cabins`, :mod:`lodgings`).  The
core imports nothing of this but when it is wanted.
"""
