"""One metric a file: counts of one program in, rates with names out. Limits: no files are read here, nothing is run."""
