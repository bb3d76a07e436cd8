"""The level `serial`: a sequential program in, an MPI program out. What is asked, what is read, what counts as parallel.

Limits: nothing here runs programs or engines; ``codepar.flows.parallelize`` does.
"""
