"""Workers: states, consent, enrolment rules."""
