"""Small wrongs of how each person is told: his ways, what becomes of them, and what follows when none of them works."""

from tests.simulation.mutants import Mutant

TELLING = (
    Mutant(
        "a step of which every way has failed is waited for",
        "alarmd.escalation.plan:give_up",
        "if not others:",
        "if False:",
    ),
    Mutant(
        "nobody is told in the place of those whose every way has failed",
        "alarmd.escalation.plan:give_up",
        "in _inside(draft, others):",
        "in ():",
    ),
    Mutant(
        "whose message was withdrawn is taken for told",
        "alarmd.escalation.plan:make_up",
        "in retry.missed(alarm):",
        "in ():",
    ),
    Mutant(
        "another try forgets which ways were tried",
        "alarmd.escalation.retry:other_contact",
        "if i not in tried",
        "if len(tried) < len(recipient.contact)",
    ),
    Mutant(
        "accepted is taken for delivered",
        "alarmd.escalation.retry:reached",
        "a.state in REACHED",
        "a.state in TAKEN",
    ),
    Mutant(
        "the all-clear is told by call",
        "alarmd.escalation.retry:all_clear_contacts",
        "if contact.kind in TEXTUAL",
        "if True",
    ),
    Mutant(
        "an old receipt undoes a newer one",
        "alarmd.escalation.receipts:receive",
        "RANK[reported.state] <= RANK[found[1].state]",
        "reported.state is found[1].state",
    ),
    Mutant(
        "a way that fails leads to no other",
        "alarmd.escalation.receipts:_go_on",
        "if retry.all_failed(notification):",
        "if False:",
    ),
    Mutant(
        "a call that was ended by an answer has told somebody",
        "alarmd.alarm.lifecycle:_told",
        "in_vain = not helps and",
        "in_vain = False and",
    ),
    Mutant(
        "whose call an answer has ended waits for its provider's word of that",
        "alarmd.alarm.lifecycle:Growing.stands",
        "if known.rings and",
        "if False and",
    ),
    Mutant(
        "who has answered is waited for",
        "alarmd.escalation.retry:lost",
        "if person not in answered]",
        "]",
    ),
    Mutant(
        "a step waits for a provider that cannot be asked",
        "alarmd.escalation.retry:_given_up",
        "_ways(notification) <= VAIN",
        "_ways(notification) <= DEAD",
    ),
    Mutant(
        "nobody looks whether a step is lost when somebody has answered",
        "alarmd.escalation.plan:look_for_lost",
        "give_up(draft, number, round)",
        "pass",
    ),
    Mutant(
        "another try goes by whatever channel comes first",
        "alarmd.escalation.receipts:_go_on",
        "attempt.channel, attempt.contact,",
        "recipient.contact[0].kind, 0,",
    ),
    Mutant(
        "what was unknown and tried again is tried twice when its failure is known",
        "alarmd.escalation.retry:may_try_again",
        "and not followed",
        "",
    ),
    Mutant(
        "what is not accepted is waited for as if it were",
        "alarmd.escalation.retry:judged_at",
        "DELIVERED_WITHIN if taken else ACCEPTED_WITHIN",
        "DELIVERED_WITHIN",
    ),
    Mutant(
        "a call that was taken after the answer rings on",
        "alarmd.escalation.receipts:receive",
        "if not draft.alarm.wants(notification):",
        "if False:",
    ),
    Mutant(
        "a step tells by one way where it names several",
        "alarmd.escalation.retry:first_contacts",
        "not by or recipient.contact[i].kind in by)",
        "not by or recipient.contact[i].kind in by)[:1]",
    ),
)
