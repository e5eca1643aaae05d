"""Which action of a policy tells whom what. Pure; the policies name the actions, the notifications' texts the words."""

from collections.abc import Mapping

from scheduling.notifications.rules import RecipientKind

Told = tuple[tuple[RecipientKind, str], ...]
"""Each recipient with the template of what they are told."""

ABOUT_REQUESTS: Mapping[str, Told] = {
    "remind_provider_to_answer": (("provider", "request_reminder_provider"),),
    "tell_unanswered": (("provider", "request_overdue_provider"), ("team", "request_overdue_team")),
    "tell_alternatives_overdue": (("team", "alternatives_overdue_team"),),
    "remind_provider_to_schedule": (("provider", "consultation_reminder_provider"),),
    "tell_consultation_overdue": (("team", "consultation_overdue_team"),),
    "remind_client_of_proposal": (("client", "times_proposed_client"),),
}

ABOUT_EPISODES: Mapping[str, Told] = {
    "warn_of_first_session": (("team", "first_session_reminder_team"),),
    "tell_first_session_overdue": (("team", "first_session_overdue_team"),),
}

ABOUT_APPOINTMENTS: Mapping[str, Told] = {
    "remind_of_appointment": (("client", "appointment_reminder_client"), ("provider", "appointment_reminder_provider")),
    "ask_for_outcome": (("provider", "appointment_outcome_provider"),),
}
