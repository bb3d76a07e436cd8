"""MPI completion: removal and insertion of calls, headers, encoding, rules, oracles."""
