"""What the trials and winners of a study tell: comparison, verdict, diagnosis."""
