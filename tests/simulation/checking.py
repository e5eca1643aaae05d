def check(run): return [str(e)[:300] for e in run.exceptions] + ([str(run.left)] if run.left else [])
