"""Links that expect loss: what is sent arrives, once, although packets are lost, doubled, late or out of order.

One hop is made reliable by sequence numbers and acknowledgements (:mod:`arq`), several by custody, re-routing and
receipts (:mod:`outbox`, :mod:`inbox`), and loop-free routes by distance vectors with a feasibility condition
(:mod:`routing`).
"""
