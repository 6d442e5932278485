"""Non-delivery reports as mail servers write them, each in the shape of its own program; the words stand in for theirs."""

# ruff: noqa: E501, ISC004  the mails in here keep their long lines and their letters

from __future__ import annotations

import pytest

from maild.messages.mail import Bounce, Mail, MailClass
from maild.messages.read import read_mail

RETURNED = (
    "Received: from desk.example (desk.example [192.0.2.7])\n\tby mx.example with ESMTP id 1a2b3c; Sat, 21 Nov 2026 10:00:00 +0000\n"
    "Message-ID: <answer-1@desk.example>\nFrom: Support <support@desk.example>\nTo: olga@client.example\n"
    "Subject: Your ticket\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n"
)
"""The header of the mail that came back."""


def report(words: str, *, sender: str, subject: str, extra: str = "") -> Mail:
    """A report of one plain text; `{returned}` stands for the header of the mail that came back."""
    head = (
        f"From: {sender}\nTo: support@desk.example\nSubject: {subject}\nMessage-ID: <report-1@mx.example>\n"
        f"Date: Sat, 21 Nov 2026 10:00:09 +0000\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n{extra}\n"
    )
    return read_mail((head + words.replace("{returned}", RETURNED)).encode())


def found_in(mail: Mail) -> list[str]:
    """Address, status and kind of everybody in the report."""
    assert isinstance(mail.bounce, Bounce)
    return [f"{r.address} {r.status or '-'} {r.kind}" for r in mail.bounce.recipients]


DAEMON = "Mail Delivery Subsystem <MAILER-DAEMON@mx.example>"
RETURN = "--- Original message ---\n\n{returned}"

SERVERS: dict[str, tuple[str, str, str, str]] = {
    "sendmail 8": (
        DAEMON, "Returned mail: see transcript for details",
        "The original message was received at Sat, 21 Nov 2026 10:00:00 GMT\nfrom desk.example [192.0.2.7]\n\n"
        "   ----- The following addresses had permanent fatal errors -----\n<olga@client.example>\n    (reason: 550 5.1.1 <olga@client.example>... User unknown)\n\n"
        "   ----- Transcript of session follows -----\n... while talking to mx.client.example.:\n>>> DATA\n<<< 550 5.1.1 <olga@client.example>... User unknown\n550 5.1.1 <olga@client.example>... User unknown\n\n"
        "   ----- Original message follows -----\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "sendmail 8 with an alias expanded": (
        DAEMON, "Returned mail: see transcript for details",
        "   ----- The following addresses had permanent fatal errors -----\nbox77@hosting.example\n    (reason: 552 5.2.2 mailbox is full)\n    (expanded from: <olga@client.example>)\n\n"
        "   ----- Transcript of session follows -----\n552 5.2.2 box77@hosting.example... mailbox is full\n\n   ----- Original message follows -----\n\n{returned}",
        "box77@hosting.example 5.2.2 hard, olga@client.example 5.2.2 hard",
    ),
    "sendmail 5": (
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.example>", "Returned mail: User unknown",
        "   ----- Transcript of session follows -----\nWhile talking to mx.client.example:\n>>> RCPT To:<olga@client.example>\n<<< 550 <olga@client.example>... User unknown\n550 olga@client.example... User unknown\n\n"
        "   ----- Unsent message follows -----\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "sendmail that gives up": (
        DAEMON, "Returned mail: Cannot send message within 5 days",
        "    ----- The following addresses had permanent fatal errors -----\n<olga@client.example>\n\n    ----- Transcript of session follows -----\n<olga@client.example>... Deferred: Connection timed out with mx.client.example.\nMessage could not be delivered for 5 days\nMessage will be deleted from queue\n\n    ----- Original message follows -----\n\n{returned}",
        "olga@client.example 4.4.7 soft",
    ),
    "postfix": (
        "MAILER-DAEMON@mx.example (Mail Delivery System)", "Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.example.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients. It's attached below.\n\nFor further assistance, please send mail to postmaster.\n\n                   The mail system\n\n"
        "<box77@hosting.example> (expanded from <olga@client.example>): host\n    mx.hosting.example[192.0.2.9] said: 550 5.7.1 Message rejected as spam by\n    Content Filtering. (in reply to end of DATA command)\n\n{returned}",
        "olga@client.example 5.7.1 hard",
    ),
    "postfix without a route": (
        "MAILER-DAEMON@mx.example (Mail Delivery System)", "Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.example.\n\n<olga@client.example>: Host or domain name not found. Name service error for\n    name=client.example type=AAAA: Host not found\n\n{returned}",
        "olga@client.example 5.1.2 hard",
    ),
    "exim": (
        "Mail Delivery System <Mailer-Daemon@mx.example>", "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  box77@hosting.example\n    (generated from olga@client.example)\n    host mx.hosting.example [192.0.2.9]\n    SMTP error from remote mail server after RCPT TO:<box77@hosting.example>:\n    550 no such user here\n\n------ This is a copy of the message, including all the headers. ------\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "exim that gives up": (
        "Mail Delivery System <Mailer-Daemon@mx.example>", "Mail delivery failed: returning message to sender",
        "A message that you sent could not be delivered to one or more of its\nrecipients. The following address(es) failed:\n\n  olga@client.example\n    retry timeout exceeded\n\n------ This is a copy of the message, including all the headers. ------\n\n{returned}",
        "olga@client.example 4.4.7 soft",
    ),
    "exim with an unrouteable address": (
        "Mail Delivery System <Mailer-Daemon@mx.example>", "Mail delivery failed: returning message to sender",
        "The following address(es) failed:\n\n  olga@client.example\n    Unrouteable address\n\n------ This is a copy of the message's headers. ------\n\n{returned}",
        "olga@client.example 5.1.2 hard",
    ),
    "exim with all hosts failing": (
        "Mail Delivery System <Mailer-Daemon@mx.example>", "Mail delivery failed",
        "The following address(es) failed:\n\n  olga@client.example\n    all hosts for 'client.example' have been failing for a long time (and retry time not reached)\n\n------ This is a copy of the message, including all the headers. ------\n\n{returned}",
        "olga@client.example 4.4.1 soft",
    ),
    "qmail": (
        "MAILER-DAEMON@mx.example", "failure notice",
        "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<olga@client.example>:\n192.0.2.9 does not like recipient.\nRemote host said: 550 Requested action not taken: mailbox unavailable\nGiving up on 192.0.2.9.\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <support@desk.example>\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "qmail that gives up": (
        "MAILER-DAEMON@mx.example", "failure notice",
        "Hi. This is the qmail-send program at mx.example.\n\n<olga@client.example>:\nSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\nI'm not going to try again; this message has been in the queue too long.\n\n--- Below this line is a copy of the message.\n\n{returned}",
        "olga@client.example 4.4.1 soft",
    ),
    "qmail-ldap": (
        "MAILER-DAEMON@mx.example", "failure notice",
        "Hi. This is the qmail-send program at mx.example.\n\n<olga@client.example>:\nMailaddress is administrativley disabled. (LDAP-ERR #220)\n\n--- Below this line is a copy of the message.\n\n{returned}",
        "olga@client.example 5.2.1 hard",
    ),
    "vpopmail": (
        "MAILER-DAEMON@mx.example", "failure notice",
        "Hi. This is the qmail-send program at mx.example.\n\n<olga@client.example>:\nuser is over quota\n\n--- Below this line is a copy of the message.\n\n{returned}",
        "olga@client.example 5.2.2 hard",
    ),
    "courier": (
        "Courier mail server at mx.example <@mx.example>", "NOTICE: mail delivery status.",
        "This is a delivery status notification from mx.example,\nrunning the Courier mail server, version 1.1.\n\nThe original message was received on Sat, 21 Nov 2026 10:00:00 +0000\nfrom desk.example (desk.example [192.0.2.7])\n\n---------------------------------------------------------------------------\n\n                           UNDELIVERABLE MAIL\n\nYour message to the following recipients cannot be delivered:\n\n<olga@client.example>:\n    mx.client.example [192.0.2.9]:\n>>> RCPT TO:<olga@client.example>\n<<< 550 User unknown.\n\n---------------------------------------------------------------------------\n\nThe original message follows as a separate attachment.\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "opensmtpd that gives up": (
        "Mailer Daemon <MAILER-DAEMON@mx.example>", "Delivery status notification: error",
        "    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this email.\n\n    An error has occurred while attempting to deliver a message for\n    the following list of recipients:\n\nolga@client.example: Message could not be delivered for 4 days: Network error on destination MXs\n\n    Below is a copy of the original message:\n\n{returned}",
        "olga@client.example 4.4.7 soft",
    ),
    "domino": (
        "Lotus Notes Mail Router <MAILER-DAEMON@mx.example>", "DELIVERY FAILURE: User olga (olga@client.example) not listed in Domino Directory",
        "Your message\n\n  Subject: Your ticket\n\nwas not delivered to:\n\n  olga@client.example\n\nbecause:\n\n  User olga (olga@client.example) not listed in Domino Directory\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "notes of old": (
        "Postmaster@mx.example", "NON-DELIVERY of: Your ticket",
        "------- Failure Reasons  --------\n\nUser not listed in public Name & Address Book\nolga@client.example\n\n------- Returned Message --------\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "groupwise": (
        "Mailer-Daemon@mx.example", "Message status - undeliverable",
        "\nThe message that you sent was undeliverable to the following:\n\tolga@client.example (user not found)\n\nPossibly truncated original message follows:\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "exchange 5.5": (
        "System Administrator <postmaster@mx.example>", "Undeliverable: Your ticket",
        "Your message\n\n  To:      olga@client.example\n  Subject: Your ticket\n  Sent:    Sat, 21 Nov 2026 10:00:00 -0000\n\ndid not reach the following recipient(s):\n\nolga@client.example on Sat, 21 Nov 2026 10:00:09 -0000\n    The recipient name is not recognized\n\tThe MTS-ID of the original message is: c=US;a= ;p=Desk;l=MX-261121\n    MSEXCH:IMS:Client:BERLIN:MX 0 (000C05A6) Unknown Recipient\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "exchange 2003": (
        "System Administrator <postmaster@mx.example>", "Undeliverable: Your ticket",
        "Your message did not reach some or all of the intended recipients.\n\n      Subject:\tYour ticket\n      Sent:\t21.11.2026 10:00\n\nThe following recipient(s) could not be reached:\n\n      olga@client.example on 21.11.2026 10:00\n            There was a SMTP communication problem with the recipient's email server.  Please contact your system administrator.\n            <mx.example #5.5.0 smtp;554 5.7.1 Relay access denied>\n\n{returned}",
        "olga@client.example 5.7.1 hard",
    ),
    "exchange 2010": (
        "Microsoft Exchange <postmaster@mx.example>", "Undeliverable: Your ticket",
        "Delivery has failed to these recipients or distribution lists:\n\nolga@client.example\nThe recipient's mailbox is full and can't accept messages now. Please try resending this message later, or contact the recipient directly.\n\nDiagnostic information for administrators:\n\nGenerating server: mx.example\n\nolga@client.example\n#550 5.2.2 QUOTA EXCEEDED ##rfc822;olga@client.example\n\nOriginal message headers:\n\n{returned}",
        "olga@client.example 5.2.2 hard",
    ),
    "iplanet": (
        "Internet Mail Delivery <postmaster@mx.example>", "Delivery Notification: Delivery has failed",
        "This report relates to a message you sent with the following header fields:\n\n  Message-id: <answer-1@desk.example>\n  Date: Sat, 21 Nov 2026 10:00:00 +0000\n  From: Support <support@desk.example>\n  To: other@client.example\n  Subject: Your ticket\n\nYour message cannot be delivered to the following recipients:\n\n  Recipient address: olga@client.example\n  Original address: olga@client.example\n  Reason: SMTP transmission failure has occurred\n  Diagnostic code: smtp;550 5.1.1 unknown or illegal alias: olga@client.example\n",
        "olga@client.example 5.1.1 hard",
    ),
    "mailenable": (
        "Postmaster@mx.example", "Message Delivery Failure",
        "MailEnable: Message Delivery Failure.\n\nReason: ME-E0197: Message could not be delivered to some recipients.\nThe following recipient(s) could not be reached:\n\n    [SMTP:olga@client.example] - Remote Server Returned: 550 No such recipient\n\nMessage contents follow:\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "imail": (
        "Postmaster <postmaster@mx.example>", "Undeliverable Mail",
        "Unknown user: olga@client.example\n\nRCPT TO generated following response:\n550 not local host client.example, not a gateway\n\nOriginal message follows.\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "imail with a full box": (
        "Postmaster <postmaster@mx.example>", "Undeliverable Mail",
        "Message could not be delivered to mailbox olga@client.example.\nUser mailbox exceeds allowed size: olga@client.example\n\nOriginal message follows.\n\n{returned}",
        "olga@client.example 5.2.2 hard",
    ),
    "mdaemon": (
        "MDaemon@mx.example", "Permanent Delivery Failure",
        "The attached message had PERMANENT fatal delivery errors!\n\nAfter one or more unsuccessful delivery attempts the attached message has\nbeen removed from the mail queue on this server.\n\nYOUR MESSAGE WAS NOT DELIVERED TO ONE OR MORE RECIPIENTS!\n\nFailed address: olga@client.example\n\n--- Session Transcript ---\n Sat 2026-11-21 10:00:00: --> RCPT To:<olga@client.example>\n Sat 2026-11-21 10:00:00: <-- 550 5.1.1 unknown user\n--- End Transcript ---\n\n: Message contains [1] file attachments\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "hmailserver": (
        "mailer-daemon@mx.example", "Message undeliverable: Your ticket",
        "Your message did not reach some or all of the intended recipients.\n\n   Sent: Sat, 21 Nov 2026 10:00:00 +0000\n   Subject: Your ticket\n\nThe following recipient(s) could not be reached:\n\nolga@client.example\n   Error Type: SMTP\n   Remote server (192.0.2.9) issued an error.\n   hMailServer sent: RCPT TO:<olga@client.example>\n   Remote server replied: 550 5.7.1 Service unavailable; client host blocked using a block list\n\nhMailServer\n\n{returned}",
        "olga@client.example 5.7.1 hard",
    ),
    "surgemail": (
        "mail delivery <postmaster@mx.example>", "Failed mail: olga@client.example",
        "Failed to deliver to '<olga@client.example>'\nSMTP module(domain client.example) reports:\n host mx.client.example:[192.0.2.9] says:\n 550 5.1.1 user not known\n\nReporting-MTA: dns; mx.example\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "communigate": (
        "<MAILER-DAEMON@mx.example>", "Undeliverable mail: Your ticket",
        "Failed to deliver to '<olga@client.example>'\nLOCAL module(account olga) reports:\n account is full (quota exceeded)\n\n{returned}",
        "olga@client.example 5.2.2 hard",
    ),
    "kerio": (
        "Mail Delivery Subsystem <postmaster@mx.example>", "Undeliverable Mail",
        "Your message \"Your ticket\" was not delivered to the following recipients:\n\n<olga@client.example>: mx.client.example: 550 5.1.1 User unknown\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "james": (
        "postmaster@mx.example", "Re: Your ticket",
        "Hi. This is the James mail server at mx.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.  Below\nI include the list of recipients and the reason why I was unable to deliver\nyour message.\n\nFailed recipient(s):\nolga@client.example\n\nError message:\n550 5.1.1 <olga@client.example>: Recipient address rejected: User unknown\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "powermta": (
        "mailer-daemon@mx.example", "Delivery report",
        "Hello, this is the mail server on mx.example.\n\nI am sending you this message to inform you on the delivery status of a\nmessage you previously sent.  Immediately below you will find a list of\nthe affected recipients;  also attached is a Delivery Status Notification\n(DSN) report in standard format, as well as the headers of the original\nmessage.\n\n  <olga@client.example>  delivery failed; will not continue trying\n\n{returned}",
        "olga@client.example - hard",
    ),
    "mailmarshal": (
        "Postmaster@mx.example", "Undeliverable Mail: Your ticket",
        "Your message:\n   From:    support@desk.example\n   Subject: Your ticket\n\nCould not be delivered because of\n\n550 5.1.1 User unknown\n\nThe following recipients were affected:\n   olga@client.example\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "interscan": (
        "MAILER-DAEMON@mx.example", "Mail delivery failed: returning message to sender (User unknown)",
        "Sent <<< RCPT TO:<olga@client.example>\nReceived >>> 550 5.1.1 <olga@client.example>... user unknown\n\nUnable to deliver message to <olga@client.example>.\n\n************************\n* Message Header *\n************************\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "zimbra": (
        "MAILER-DAEMON@mx.example (Mail Delivery System)", "Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.example.\n\n<olga@client.example>: host mx.client.example[192.0.2.9] said: 452 4.2.2 Over\n    quota (in reply to end of DATA command)\n\n{returned}",
        "olga@client.example 4.2.2 soft",
    ),
    "smtp32 of Windows": (
        "Postmaster <postmaster@mx.example>", "Undeliverable Mail",
        "User mailbox exceeds allowed size: olga@client.example\n\nOriginal message follows.\n\n{returned}",
        "olga@client.example 5.2.2 hard",
    ),
    "mmdf": (
        "MMDF Mail System <mmdf@mx.example>", "Failed mail (msg.aa01234)",
        "    Your message could not be delivered to\n'olga@client.example (host: client.example) (queue: smtp)' for the following\nreason:  '<olga@client.example>... User unknown'\n\n\n    Your message follows:\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "smail": (
        "<MAILER-DAEMON@mx.example>", "mail failed, returning to sender",
        "|------------------------- Message log follows: -------------------------|\n no valid recipients were found for this message\n|------------------------- Failed addresses follow: ---------------------|\n <olga@client.example> ... unknown user\n|------------------------- Message text follows: ------------------------|\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "mercury": (
        "Postmaster <postmaster@mx.example>", "Postmaster Notify: Delivery Failure.",
        "With reference to your message with the subject:\n   \"Your ticket\"\n\nThe local mail transport system has reported the following problems it\nencountered while trying to deliver your message:\n\n-------------------------------------------------------------------\n*** olga@client.example\nUser not known at this site.\n-------------------------------------------------------------------\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "argosoft": (
        "Mail Delivery Subsystem <postmaster@mx.example>", "Returned mail",
        "The original message was received on 11/21/2026 from 192.0.2.7\n\nThe following recipients could not be reached:\n   olga@client.example - no such mailbox\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "xmail": (
        "PostMaster@mx.example", "Error sending message [1163.mx] from [desk.example]",
        "[<00>] XMail bounce: Rcpt=[olga@client.example];Error=[550 5.1.1 unknown user]\n\n\n[<01>] Error sending message [1163.mx] from [desk.example].\n\nID:        <S1163>\nMail From: <support@desk.example>\nRcpt To:   <olga@client.example>\n\n\n[<02>] The reason of the delivery failure was:\n\n550 5.1.1 unknown user\n\n\n[<05>] Here is listed the initial part of the message:\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "merak": (
        "MAILER-DAEMON <MAILER-DAEMON@mx.example>", "Delivery status notification",
        "This is an automatically generated Delivery Status Notification.\n\nUnable to deliver message to the following recipients, due to being unable to connect successfully to the destination mail server.\n\n       olga@client.example\n\n{returned}",
        "olga@client.example 4.4.1 soft",
    ),
    "haraka": (
        "MAILER-DAEMON@mx.example", "failed mail",
        "This is the MAILER-DAEMON program at mx.example.\n\nI'm afraid I wasn't able to deliver your message to the following addresses.\n\nIntended Recipients: <olga@client.example>\nFailure Reason: 550 5.1.1 unknown\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
    "stalwart": (
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.example>", "Failed to deliver message",
        "Your message could not be delivered to the following recipients:\n\n<olga@client.example> (host 'mx.client.example' rejected command 'RCPT TO:<olga@client.example>' with code 550 (5.1.2) 'Host unknown')\n\n{returned}",
        "olga@client.example 5.1.2 hard",
    ),
    "maddy": (
        "Mail Delivery System <MAILER-DAEMON@mx.example>", "Undelivered Mail Returned to Sender",
        "This is the mail delivery system at mx.example.\n\nUnfortunately, your message could not be delivered to one or more\nrecipients. The usual cause of this problem is invalid\nrecipient address or maintenance at the recipient side.\n\nContact the postmaster for further assistance.\n\nDelivery to olga@client.example failed with error:\n\tcode=550, message=5.1.1 No such user\n\n{returned}",
        "olga@client.example 5.1.1 hard",
    ),
}  # fmt: skip


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_in_its_own_words_is_understood(server: str) -> None:
    """Class, recipient, status, hard or soft, and which of our mails came back, from one plain text."""
    sender, subject, words, expected = SERVERS[server]
    mail = report(words, sender=sender, subject=subject)
    assert mail.mail_class is MailClass.BOUNCE
    assert ", ".join(found_in(mail)) == expected
    assert mail.bounce is not None
    assert mail.bounce.original_message_id == "<answer-1@desk.example>"
