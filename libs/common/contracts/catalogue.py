"""Every event there is, by its name on the wire, and the topic of each publisher."""

from common.contracts import assessments, consent, privacy, reporting, scheduling
from common.contracts.event import Event

EVENTS: dict[str, type[Event]] = {
    event.type: event
    for event in (
        consent.OptedIn,
        consent.Declined,
        consent.OptedOut,
        consent.SharingNarrowed,
        consent.SharingSuspended,
        consent.SharingResumed,
        scheduling.ClientRegistered,
        scheduling.SharingChosen,
        scheduling.ConsultationRequested,
        scheduling.RequestAccepted,
        scheduling.RequestDeclined,
        scheduling.RequestTimedOut,
        scheduling.RequestWithdrawn,
        scheduling.AlternativesOffered,
        scheduling.FitAssessed,
        scheduling.CareEnded,
        scheduling.CareSought,
        scheduling.SpeedToCareMeasured,
        scheduling.CareEpisodeEnded,
        scheduling.CareEpisodeReopened,
        scheduling.ClientWaitlisted,
        scheduling.WaitlistInvited,
        scheduling.EligibilityVerified,
        scheduling.AppointmentScheduled,
        scheduling.AppointmentMoved,
        scheduling.AppointmentCancelled,
        scheduling.AppointmentMissed,
        scheduling.AppointmentHeld,
        scheduling.VisitCovered,
        scheduling.VisitLimitReached,
        scheduling.CoverageChosen,
        scheduling.DeadlineMet,
        scheduling.DeadlineMissed,
        scheduling.DeadlineMissRetracted,
        assessments.AssessmentSent,
        assessments.AssessmentExpired,
        assessments.AssessmentCompleted,
        assessments.BaselineElevated,
        assessments.SatisfactionAnswered,
        assessments.SafetyFlagRaised,
        assessments.SafetyFlagEscalated,
        assessments.SafetyFlagAcknowledged,
        assessments.OutcomeMeasured,
        reporting.RedactionApplied,
        reporting.RecallAttested,
        reporting.RecallEscalated,
        privacy.StatutoryDeadlineMissed,
    )
}


def topic_of(source: str) -> str:
    """One topic a publisher: a client's facts stay in one order."""
    return f"{source}.events.v1"
