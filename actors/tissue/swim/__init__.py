"""Who is alive: membership by gossip that doubts itself first (:mod:`swim`); graded doubt of one link (:mod:`phi`)."""
