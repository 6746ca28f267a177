"""What Python's mailbox and email find in an mbox or Maildir: one JSON object a message, in the file's order.

Usage: reference.py mbox|maildir PATH, or reference.py copy MBOX MAILDIR. The attributes are named as the test that runs this compares them; "odd" marks
messages whose header Python itself finds broken.
"""
import email.header
import email.utils
import json
import mailbox
import re
import sys

QUIET = {
    "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature",
    "message/delivery-status", "message/global-delivery-status", "message/disposition-notification",
    "message/feedback-report", "text/rfc822-headers", "message/global-headers",
}


def text(value):
    try:
        return str(email.header.make_header(email.header.decode_header(value)))
    except Exception:
        return value


def ids(message, name):
    value = str(message.get(name, ""))
    bracketed = [re.sub(r"\s", "", i) for i in re.findall(r"<([^>]*)>", value) if i.strip()]
    return bracketed or [word.strip("<>") for word in value.split() if "@" in word]


def attachments(part):
    kind = part.get_content_type()
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        count = 0
        for inner in part.get_payload():
            related = kind == "multipart/related" and inner["content-id"] is not None and inner.get_content_disposition() != "attachment"
            returned = kind == "multipart/report" and inner.get_content_maintype() == "message"
            if inner.get_content_maintype() == "multipart" or not (related or returned):
                count += attachments(inner)
        return count
    if kind in QUIET:
        return 0
    named = part.get_content_disposition() == "attachment" or part.get_filename() is not None
    text_to_read = kind in ("text/plain", "text/html", "text/enriched") or kind.startswith("multipart/")
    return 0 if text_to_read and not named else 1


def when(message):
    try:
        return int(email.utils.parsedate_to_datetime(str(message["date"])).timestamp())
    except Exception:
        return None


def main(kind, path):
    box = mailbox.Maildir(path, create=False) if kind == "maildir" else mailbox.mbox(path, create=False)
    messages, parent = [], {}

    def root(x):
        parent.setdefault(x, x)
        while parent[x] != x:
            x = parent[x]
        return x

    keys = sorted(box.keys()) if kind == "maildir" else box.keys()
    for n, key in enumerate(keys):
        m = box[key]
        own = ids(m, "message-id")[:1]
        name = own[0] if own else f"#{n}"
        refs, replies = ids(m, "references"), ids(m, "in-reply-to")
        for other in refs + replies:
            parent[root(other)] = root(name)
        root(name)
        addresses = email.utils.getaddresses([str(v) for v in m.get_all("from", [])])
        messages.append({
            "key": name, "id": own[0] if own else "", "from": addresses[0][1] if addresses else "", "date": when(m),
            "subject": text(str(m.get("subject", ""))), "references": refs, "in_reply_to": replies,
            "attachments": attachments(m),
            "odd": [type(d).__name__ for p in m.walk() for d in p.defects],
        })
    for m in messages:
        m["thread"] = root(m["key"])
        json.dump(m, sys.stdout)
        print()


def copy(source, target):
    """Writes the messages of an mbox into a new Maildir and into a new mbox beside it, as Python writes them."""
    maildir, mbox = mailbox.Maildir(target, create=True), mailbox.mbox(target + ".mbox", create=True)
    for message in mailbox.mbox(source, create=False):
        maildir.add(message)
        mbox.add(message)
    mbox.close()


if sys.argv[1] == "copy":
    copy(*sys.argv[2:])
else:
    main(*sys.argv[1:])
