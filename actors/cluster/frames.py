"""What two hosts say to each other over their link, besides what endpoints do: the numbers of its frames."""

from __future__ import annotations


class Word:
    """What follows each in its frame:

    - ``HOSTS``: what the sender knows of hosts, each as :meth:`~.values.HostInfo.to_plain`;
    - ``PROBE``, ``ECHO``: a number, for the round trip;
    - ``BERTH``: number of a tunnel, name of the caller's system, bytes and seconds that the life may take;
      ``BERTHED``: the tunnel, why not or ``None``, pid;
    - ``BYTES``: tunnel, a piece; ``CREDIT``: tunnel, how many bytes more may come;
    - ``END``: tunnel: kill what runs there; ``GONE``: tunnel, how it ended, its ledger;
    - ``FIND``: a number, a name or path; ``FOUND``: the number, the ref or ``None``;
    - ``DATAGRAM``: channel, bytes;
    - ``DRAIN``: nothing: the receiver is to be emptied;
    - ``LACKED``: in words, what a life of the sender's needed to begin on the receiver, and did not find.
    """

    HOSTS = 64
    PROBE = 65
    ECHO = 66
    BERTH = 67
    BERTHED = 68
    BYTES = 69
    CREDIT = 70
    END = 71
    GONE = 72
    FIND = 73
    FOUND = 74
    DATAGRAM = 75
    DRAIN = 76
    LACKED = 77
