"""Deadlines: armed and stopped in the use case's own transaction, fired once each by a sweep over an index.

What a state means:

| state | due_at | closed_at | what can still happen |
|---|---|---|---|
| open | set | none | everything; overdue is `due_at < now`, and stored nowhere |
| paused | none | none | resume, stop (met), cancel; the clock stands |
| missed | set | none | the breach was fired; rungs after it go on; a stop closes it, or retracts the breach |
| missed | set | set | a stop that occurred in time and comes later still retracts it |
| met | set, unless it was paused | set | nothing |
| cancelled, superseded | likewise | set | nothing; `missed_at` stays where the breach was a fact before |

Met or missed is decided by when a thing occurred, never by when its message arrived. Every judged row keeps the policy version and the
calendar version that it was judged by.
"""
