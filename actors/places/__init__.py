"""Lives elsewhere: in a thread, in a process of their own, on another host, behind the same refs.

The place stays where it is: cell, mailbox, name, links, supervisor.  What lives in it is a *deputy*, which hands its
messages on to the life elsewhere and ends as that ends (:mod:`deputy`).  An *envoy* is the same for a ref that came
from elsewhere (:mod:`envoy`); on the other side an *export* serves them (:mod:`export`); an *endpoint* is what one link
needs of both (:mod:`endpoint`).
"""
