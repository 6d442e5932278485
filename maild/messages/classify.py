"""What kind of sender wrote a mail: a person, or which sort of machine (RFC 3834, 3464, 8098, 5965, common practice).

Header fields decide, in the order of how sure they are; words decide only together with a second sign, and only words
that the sender wrote above any quote. The words themselves are data in auto_phrases.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from maild.messages import auto_phrases, machine_fields
from maild.messages.bounce_patterns import says_delayed
from maild.messages.mail import WORDS_ALONE, Bounce, MailClass

_LONGEST_TEXT = 20_000
_LONGEST_RECEIPT = 1_500
# A colon, a bracket or nothing follows where a program wrote the phrase; a letter where a person goes on speaking.
_MORE_WORDS = re.compile(r"[\s-]{0,4}(?![\s\S]{0,24}:)[^\W\d_]")
_COMMENT = re.compile(r"\([^()]*\)")
_PREFIX = re.compile(r"\s{0,4}[^\W\d_]{1,10}\s{0,2}(?:\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3})?\s{0,2}[:：]\s{0,4}")
_REPLY_WORDS = frozenset(
    {"re", "aw", "sv", "antw", "odp", "ha", "на", "отв", "ответ", "відп", "ynt", "rif", "res", "vs", "fwd", "fw", "wg"}
)
_SILENCED = frozenset({"all", "oof", "autoreply", "dr"})
_BULK = {
    "list": MailClass.LIST,
    "bulk": MailClass.BULK,
    "junk": MailClass.BULK,
    "auto_reply": MailClass.OUT_OF_OFFICE,
    "auto-reply": MailClass.OUT_OF_OFFICE,
}
_DAEMON_LOCAL = re.compile(r"(?:mailer-?daemon|postmaster|mail-?daemon|mailerdaemon)(?:[+-].*)?")
_LIST_LOCAL = re.compile(r"owner-.+|.+-(?:owner|bounces?|request)(?:[+=].*)?|bounces?(?:[+=-].*)?|.+-bounces?\+.*")
_SYSTEM_LOCAL = frozenset({"listserv", "majordomo", "listproc", "sympa", "mailman", "ecartis", "ezmlm"})
_NO_REPLY = re.compile(r"(?:.*[._+-])?(?:no[._-]?reply|do[._-]?not[._-]?reply|dont[._-]?reply)(?:[._+-].*)?")
_NOTIFIER = re.compile(
    r"(?:notif(?:y|ications?)|alerts?|monitor(?:ing)?|nagios|zabbix|icinga|grafana|jenkins|cron)(?:[+-].*)?"
)
_NEWSLETTER = re.compile(r"newsletters?(?:[+-].*)?")
# Old feedback loops: Outlook.com's before its reports were in ARF, AOL's, and those of SpamCop and abuse.net.
_COMPLAINT = re.compile(r"complaint about message from|email feedback report for ip|\[spamcop \(|abuse report:")


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassView:
    """What the judgement looks at. Header names as written, values decoded; `content_type` in lower case.

    `text` is all of the text, `said` what the sender wrote above any quote, `quoted` whether there is one; `told` says
    that the text is ours, since the mail has no words. `envelope_sender` is "" for the null return path and None where
    it is not known; `own` says that the mail carries our own signed mark; `calendar_method` is in upper case.
    """

    headers: tuple[tuple[str, str], ...]
    content_type: str
    content_type_params: Mapping[str, str]
    part_types: tuple[str, ...]
    subject: str
    text: str
    said: str
    quoted: bool
    sender: str | None
    envelope_sender: str | None
    own: bool
    bounce: Bounce | None
    told: bool = False
    calendar_method: str = ""


@dataclass(frozen=True, slots=True)
class _Fields:
    """The header fields by lower-case name, all values in order."""

    values: Mapping[str, tuple[str, ...]]

    def first(self, name: str) -> str:
        return next(iter(self.values.get(name, ())), "").strip()

    def named(self, *names: str) -> str | None:
        return next((name for name in names if name in self.values), None)


Verdict = tuple[MailClass, str] | None


def classify(view: ClassView) -> tuple[MailClass, str]:
    """The class of a mail and the reason in words; anything without a sign of a machine is a person's."""
    collected: dict[str, tuple[str, ...]] = {}
    for name, value in view.headers:
        key = name.strip().lower()
        collected[key] = (*collected.get(key, ()), value)
    fields = _Fields(collected)
    for rule in _RULES:
        verdict = rule(view, fields)
        if verdict is not None:
            return verdict
    return MailClass.PERSON, "nothing says that a machine wrote it"


def _own(view: ClassView, _fields: _Fields) -> Verdict:
    return (MailClass.OWN, "it carries our own signed mark") if view.own else None


def _report(view: ClassView, fields: _Fields) -> Verdict:
    """Receipts (RFC 8098) and abuse reports (RFC 5965) say what they are in their top type."""
    kind = view.content_type_params.get("report-type", "").lower()
    if view.content_type != "multipart/report" and view.content_type != "message/disposition-notification":
        return None
    parts = set(view.part_types)
    if view.bounce is not None and "rejected" in fields.first("auto-submitted").lower():
        return None  # Dovecot reports a full mailbox as a disposition notification; it is a bounce
    if kind == "feedback-report" or (not kind and "message/feedback-report" in parts):
        return MailClass.ABUSE_REPORT, "a feedback report (RFC 5965)"
    if kind == "disposition-notification" or (not kind and "message/disposition-notification" in parts):
        return MailClass.RECEIPT, "a disposition notification (RFC 8098)"
    return None


def _complaint(view: ClassView, fields: _Fields) -> Verdict:
    """Complaints of another form: a feedback part in another multipart, X-ARF, the older feedback loops."""
    own_parts = (
        view.part_types[: view.part_types.index("message/rfc822")] if "message/rfc822" in view.part_types else ()
    )
    if "message/feedback-report" in (own_parts or view.part_types[:4]) and view.content_type.startswith("multipart/"):
        return MailClass.ABUSE_REPORT, "it holds a feedback report (RFC 5965)"
    name = fields.named(*machine_fields.ABUSE_FIELDS)
    if name is not None:
        return MailClass.ABUSE_REPORT, f"it carries {name}"
    if _COMPLAINT.match(view.subject.lower().strip()) and "message/rfc822" in view.part_types:
        return MailClass.ABUSE_REPORT, "its subject is that of a feedback loop, and it returns a mail"
    return None


def _challenge(view: ClassView, fields: _Fields) -> Verdict:
    """Challenges often dress as bounces or as replies, so they are looked for before both.

    TMDA, BoxTrapper, Spam Arrest and others write in the name of the person they protect.
    """
    if not (_from_robot(view, fields) or _second_sign(view, fields) or _is_auto_submitted(fields)):
        return None
    subject = view.subject.lower()
    if any(phrase in subject for phrase in auto_phrases.CHALLENGE_SUBJECTS):
        return MailClass.CHALLENGE, "its subject asks the sender to confirm that he is a person"
    text = view.text[:_LONGEST_TEXT].lower()
    if any(phrase in text for phrase in auto_phrases.CHALLENGE_TEXTS) and _no_address_fault(view.bounce):
        return MailClass.CHALLENGE, "it asks the sender to confirm that he is a person"
    return None


def _no_address_fault(bounce: Bounce | None) -> bool:
    """A report that gives a fault of the address or the mailbox is a bounce, whatever advice stands in it."""
    return bounce is None or not any((r.status or "")[:4] in ("5.1.", "5.2.", "5.4.") for r in bounce.recipients)


def _bounce(view: ClassView, _fields: _Fields) -> Verdict:
    if view.bounce is None:
        return None
    actions = {r.action for r in view.bounce.recipients}
    if actions and actions <= {"delivered", "relayed", "expanded"}:
        return MailClass.RECEIPT, "a delivery report that says delivered (RFC 3464)"
    subject = view.subject.lower()
    if actions == {"delayed"}:
        return MailClass.DELAY, "a delivery report that only says delayed (RFC 3464)"
    if not actions and (says_delayed(view.text) or any(p in subject for p in auto_phrases.DELAY_SUBJECTS)):
        return MailClass.DELAY, "a delivery report that says the server goes on trying"
    hard = any(r.kind == "hard" and r.status for r in view.bounce.recipients)
    if not hard and any(p in subject for p in auto_phrases.DELAY_SUBJECTS):
        return MailClass.DELAY, "its subject says that delivery is delayed"
    if not hard and _says_delivered(view):
        return MailClass.RECEIPT, "a report that the mail was delivered or passed on"
    return MailClass.BOUNCE, "a delivery report: the mail did not reach its recipient"


def _says_delivered(view: ClassView) -> bool:
    said = view.text[:_LONGEST_TEXT].lower()
    subject = view.subject.lower().strip()
    return subject.startswith(auto_phrases.DELIVERED_SUBJECTS) or any(p in said for p in auto_phrases.DELIVERED_TEXTS)


def _delivered(view: ClassView, fields: _Fields) -> Verdict:
    """Delivery receipts without a status part: Exchange's "Delivered:" and "Relayed:", Postfix's success reports."""
    subject = view.subject.lower().strip()
    if subject.startswith(auto_phrases.DELIVERED_SUBJECTS) and _from_robot(view, fields):
        return MailClass.RECEIPT, "its subject is that of a delivery receipt"
    return None


def _receipt(view: ClassView, fields: _Fields) -> Verdict:
    """Receipts that keep to no standard: a receipt's subject, and no own words, a receipt's words or a robot's sign."""
    if not view.subject.lower().lstrip().startswith(auto_phrases.RECEIPT_SUBJECTS):
        return None
    if (
        not view.text.strip()
        or fields.named("auto-submitted", "x-auto-response-suppress")
        or view.envelope_sender == ""
    ):
        return MailClass.RECEIPT, "its subject is that of a read receipt"
    text = view.text[:_LONGEST_RECEIPT].lower()
    says_read = len(view.text) < _LONGEST_RECEIPT and any(phrase in text for phrase in auto_phrases.RECEIPT_TEXTS)
    if says_read and any(phrase in text for phrase in auto_phrases.RECEIPT_ABOUT):
        return MailClass.RECEIPT, "its subject and its text are those of a read receipt"
    return None


def _calendar_answer(view: ClassView, _fields: _Fields) -> Verdict:
    """Accepted, declined: a button was pressed (RFC 5546). Whoever adds words of his own is a person."""
    if view.calendar_method not in ("REPLY", "COUNTER", "DECLINECOUNTER"):
        return None
    text = view.said[:_LONGEST_TEXT].lower()
    if view.told or not text.strip() or any(phrase in text for phrase in auto_phrases.CALENDAR_ANSWERS):
        return MailClass.AUTO_GENERATED, "a calendar's answer without words of its own (RFC 5546)"
    return None


def _submission(value: str) -> str:
    """The keyword of an Auto-Submitted field: parameters and comments do not count, neither does case."""
    return _COMMENT.sub(" ", value).split(";")[0].strip().lower()


def _is_auto_submitted(fields: _Fields) -> bool:
    return any(_submission(value) not in ("", "no") for value in fields.values.get("auto-submitted", ()))


def _auto_submitted(view: ClassView, fields: _Fields) -> Verdict:
    """RFC 3834, 5: anything but `no` is automatic."""
    for value in fields.values.get("auto-submitted", ()):
        word = _submission(value)
        if word in ("", "no"):
            continue
        if word == "auto-replied":
            return MailClass.OUT_OF_OFFICE, f"Auto-Submitted: {value.strip()[:80]} (RFC 3834)"
        away = _subject_opens(view, auto_phrases.OUT_OF_OFFICE_SUBJECTS + auto_phrases.AWAY_SUBJECTS)
        judged = MailClass.OUT_OF_OFFICE if away else MailClass.AUTO_GENERATED
        return judged, f"Auto-Submitted: {value.strip()[:80]} (RFC 3834)"
    return None


def _autoreply_fields(_view: ClassView, fields: _Fields) -> Verdict:
    name = fields.named(*machine_fields.AUTOREPLY_FIELDS)
    if name is not None and fields.first(name).lower() not in ("no", "false", "0"):
        return MailClass.OUT_OF_OFFICE, f"it carries {name}"
    if fields.first("x-precedence").lower() in _BULK:
        return _BULK[fields.first("x-precedence").lower()], f"X-Precedence: {fields.first('x-precedence')}"
    if fields.first("x-autogenerated").lower() == "reply" or fields.first("preference").lower() == "auto_reply":
        return MailClass.OUT_OF_OFFICE, "it carries an auto-reply field"
    return None


def _out_of_office_words(view: ClassView, fields: _Fields) -> Verdict:
    machine = _second_sign(view, fields) or _is_auto_submitted(fields)
    if machine and _subject_opens(view, auto_phrases.OUT_OF_OFFICE_SUBJECTS):
        return MailClass.OUT_OF_OFFICE, "its subject is that of an absence note, and a machine sent it"
    if _second_sign(view, fields):
        if _subject_opens(view, auto_phrases.AWAY_SUBJECTS):
            return MailClass.OUT_OF_OFFICE, "its subject speaks of absence, and a machine sent it"
        said = view.said[:_LONGEST_TEXT].lower()
        if any(phrase in said for phrase in auto_phrases.OUT_OF_OFFICE_TEXTS):
            return MailClass.OUT_OF_OFFICE, "its text is that of an absence note, and a machine sent it"
    return None


def _absence_subject(view: ClassView, _fields: _Fields) -> Verdict:
    """Last of all: the words alone, which stand above many a robot's mail and above many a person's question.

    Only in the form that programs give them: "Automatic reply: ...", "Anna is out of the office", or nothing else; not
    behind a prefix, and not with other words behind them ("Automatic reply does not work").
    """
    subject, replied = _without_prefixes(view.subject)
    if replied:
        return None
    if subject.rstrip(" .!").endswith(auto_phrases.OUT_OF_OFFICE_ENDINGS):
        return MailClass.OUT_OF_OFFICE, WORDS_ALONE
    phrase = max((p for p in auto_phrases.OUT_OF_OFFICE_SUBJECTS if subject.startswith(p)), key=len, default=None)
    if phrase is None or _MORE_WORDS.match(subject[len(phrase) :]):
        return None
    return MailClass.OUT_OF_OFFICE, WORDS_ALONE


def _suppressed(_view: ClassView, fields: _Fields) -> Verdict:
    """X-Auto-Response-Suppress is a list (MS-OXCMAIL, 2.2.3.2.14); any of these members asks for silence."""
    for value in fields.values.get("x-auto-response-suppress", ()):
        asked = {word.strip().lower() for word in value.split(",")} & _SILENCED
        if asked:
            return MailClass.AUTO_GENERATED, f"X-Auto-Response-Suppress: {value.strip()[:80]}"
    return None


def _services(_view: ClassView, fields: _Fields) -> Verdict:
    name = fields.named(*machine_fields.SERVICES)
    if name is not None:
        return MailClass.AUTO_GENERATED, f"it carries {name} ({machine_fields.SERVICES[name]})"
    return None


def _lists(_view: ClassView, fields: _Fields) -> Verdict:
    name = fields.named(*machine_fields.LIST_FIELDS)
    if name is not None:
        return MailClass.LIST, f"it carries {name} (RFC 2919, RFC 2369)"
    name = fields.named(*machine_fields.LIST_SERVERS)
    if name is not None:
        return MailClass.LIST, f"it carries {name} ({machine_fields.LIST_SERVERS[name]})"
    for value in fields.values.get("precedence", ()):
        word = _COMMENT.sub(" ", value).strip().lower()
        if word in _BULK:
            return _BULK[word], f"Precedence: {word}"
    return None


def _bulk(_view: ClassView, fields: _Fields) -> Verdict:
    unsubscribe = fields.named("list-unsubscribe", "list-unsubscribe-post")
    if unsubscribe is not None:
        return MailClass.BULK, f"it carries {unsubscribe} (RFC 2369)"
    name = fields.named(*machine_fields.CAMPAIGN_FIELDS)
    if name is not None:
        return MailClass.BULK, f"it carries {name} ({machine_fields.CAMPAIGN_FIELDS[name]})"
    feedback = fields.first("feedback-id")
    if feedback and not feedback.lower().rpartition(":")[2].strip().startswith(machine_fields.PERSONAL_FEEDBACK):
        return MailClass.BULK, f"Feedback-ID: {feedback[:80]}"
    return None


def _machine_fields(_view: ClassView, fields: _Fields) -> Verdict:
    name = fields.named(*machine_fields.MACHINE_FIELDS)
    if name is not None:
        return MailClass.AUTO_GENERATED, f"it carries {name}"
    return None


def _senders(view: ClassView, _fields: _Fields) -> Verdict:
    local, _, domain = (view.sender or "").lower().rpartition("@")
    if _DAEMON_LOCAL.fullmatch(local) or (view.sender or "").lower() == "mailer-daemon":
        return MailClass.AUTO_GENERATED, f"a mail system writes as {local or view.sender}"
    if local.replace("_", "-").startswith(auto_phrases.ROBOT_LOCAL_PARTS) or local.startswith(
        auto_phrases.ROBOT_LOCAL_PARTS
    ):
        return MailClass.AUTO_GENERATED, f"nobody reads {local}@"
    if _NO_REPLY.fullmatch(local) or _NOTIFIER.fullmatch(local):
        return MailClass.AUTO_GENERATED, f"a program writes as {local}@"
    if _NEWSLETTER.fullmatch(local) or domain.startswith(("newsletter.", "newsletters.")):
        return MailClass.BULK, f"{domain if domain.startswith('newsletter') else local} sends newsletters"
    if _LIST_LOCAL.fullmatch(local) or local in _SYSTEM_LOCAL:
        return MailClass.LIST, f"{local}@ is a mailing list's own address"
    if domain.startswith(("lists.", "list.")):
        return MailClass.LIST, f"{domain} is a list server"
    sent_by = (view.envelope_sender or "").lower().rpartition("@")[0]
    if sent_by.startswith("owner-") or _LIST_LOCAL.fullmatch(sent_by):
        return MailClass.LIST, f"its return path {sent_by}@ is that of a list or a bulk sender"
    return None


def _null_path(view: ClassView, fields: _Fields) -> Verdict:
    if _null_sender(view, fields):
        return MailClass.AUTO_GENERATED, "its return path is empty (RFC 5321, 4.5.5)"
    return None


def _monitoring(view: ClassView, _fields: _Fields) -> Verdict:
    if view.subject.lower().lstrip().startswith(auto_phrases.AUTO_SUBJECTS):
        return MailClass.AUTO_GENERATED, "its subject is that of a monitoring system"
    return None


def _null_sender(view: ClassView, fields: _Fields) -> bool:
    if view.envelope_sender is not None:
        return view.envelope_sender.strip() in ("", "<>")
    paths = fields.values.get("return-path", ())
    return bool(paths) and paths[0].strip() in ("<>", "< >")


def _from_robot(view: ClassView, fields: _Fields) -> bool:
    """A sender that no person writes from: null return path, a daemon, a no-reply address."""
    local = (view.sender or "").lower().rpartition("@")[0]
    robot = local.startswith(auto_phrases.ROBOT_LOCAL_PARTS) or _DAEMON_LOCAL.fullmatch(local) is not None
    return robot or _null_sender(view, fields) or view.content_type == "multipart/report"


def _second_sign(view: ClassView, fields: _Fields) -> bool:
    """A list passes on what people write, so its own fields are no sign."""
    precedence = {fields.first("precedence").lower(), fields.first("x-precedence").lower()}
    if fields.named(*machine_fields.LIST_FIELDS) or "list" in precedence:
        return False
    asks_silence = _suppressed(view, fields) is not None
    return _null_sender(view, fields) or asks_silence or any(word in _BULK for word in precedence)


def _subject_opens(view: ClassView, phrases: tuple[str, ...]) -> bool:
    """Does the subject open with one of these, in brackets too, behind at most two prefixes of a reply?"""
    subject, replied = _without_prefixes(view.subject)
    if not subject.startswith(phrases) and not subject.rstrip(" .!").endswith(auto_phrases.OUT_OF_OFFICE_ENDINGS):
        return False
    # "Re: Automatic reply: ..." with a quote below it is a person who answers the note.
    return not (replied and view.quoted)


def _without_prefixes(subject: str) -> tuple[str, bool]:
    """The subject in lower case without brackets and prefixes in front, and whether it had a prefix of a reply."""
    subject, replied = subject.lower().strip()[:300], False
    for _ in range(2):
        found = _PREFIX.match(subject)
        if found and found[0].strip(" :：\t0123456789[]()^") in _REPLY_WORDS:
            subject, replied = subject[found.end() :].strip(), True
    return subject.lstrip("[(*<-! "), replied


_RULES: tuple[Callable[[ClassView, _Fields], Verdict], ...] = (
    _own,
    _report,
    _complaint,
    _challenge,
    _bounce,
    _delivered,
    _receipt,
    _calendar_answer,
    _autoreply_fields,
    _out_of_office_words,
    _auto_submitted,
    _services,
    _lists,
    _bulk,
    _suppressed,
    _machine_fields,
    _senders,
    _null_path,
    _monitoring,
    _absence_subject,
)
"""Surest first; the words of an absence note stand before Auto-Submitted, which does not tell it from other robots."""
