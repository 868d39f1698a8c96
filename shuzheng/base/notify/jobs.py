"""Jobs of notices: receipts for many addressees, and the way out through the channels."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone, translation

from shuzheng.base.accounts.models import Account, PersonContact, Post
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.keys import decrypt, is_ciphertext
from shuzheng.base.jobs.declare import job
from shuzheng.base.notify import texts
from shuzheng.base.notify.channels import CHANNELS, Contact, Message, switched_on
from shuzheng.base.notify.models import Notice, Preference, Receipt
from shuzheng.base.notify.receipts import tell

CHUNK = 20_000
PUSHED = 1000


@job(scope="notify.deliver", atomic=False)
def spread(*, actor: Actor, notice_id: str, paths: list[str], nodes: list[str] | None) -> None:
    """Receipts for all organs below divisions, ``CHUNK`` at a time. Broken off, it goes on: a second receipt is none."""
    from shuzheng.base.notify.actions import organs_below

    chosen = [UUID(n) for n in nodes] if nodes is not None else None
    after = ""
    while True:
        with actor.scope.activate():
            notice = Notice.objects.get(pk=notice_id)
            found = list(organs_below(paths, chosen).filter(path__gt=after).order_by("path")[:CHUNK])
            tell(notice, found)
        if len(found) < CHUNK:
            break
        after = found[-1].path
    push.later(notice_id=notice_id)


@job(scope="notify.deliver", atomic=False)
def push(*, actor: Actor, notice_id: str, reminder: bool = False, after: str = "") -> None:
    """One job for each person who wants to hear of the notice by a channel that is on."""
    channels = {channel.name for channel in switched_on()}
    if not channels:
        return
    with actor.scope.activate():
        receipts = Receipt.objects.filter(notice_id=notice_id)
        if reminder:
            receipts = receipts.filter(read_at=None)
        if after:
            receipts = receipts.filter(pk__gt=UUID(after))
        page = list(receipts.order_by("pk")[:PUSHED])
        for person_id, wanted in _listeners(page):
            for name in sorted(channels & set(wanted)):
                once = f"notify:{notice_id}:{person_id}:{name}"
                say.later(notice_id=notice_id, person_id=str(person_id), channel=name, reminder=reminder, once=once)
        if len(page) == PUSHED:
            push.later(notice_id=notice_id, reminder=reminder, after=str(page[-1].pk))


def _listeners(receipts: list[Receipt]) -> list[tuple[UUID, list[str]]]:
    """People behind the receipts who have chosen channels."""
    today = timezone.localdate()
    posts = Post.objects.filter(valid__contains=today).filter(
        Q(pk__in=[r.post_id for r in receipts if r.post_id])
        | Q(node_id__in=[r.node_id for r in receipts if not r.post_id])
    )
    people = set(posts.values_list("person_id", flat=True))
    return list(Preference.objects.filter(person_id__in=people).values_list("person_id", "channels"))


@job(scope="notify.deliver", tries=6, atomic=False)
def say(*, actor: Actor, notice_id: str, person_id: str, channel: str, reminder: bool = False) -> None:
    """Tell one person by one channel, in their language. Tried again while the channel refuses."""
    with actor.scope.activate():
        notice = Notice.objects.filter(pk=notice_id).first()
        contact = PersonContact.objects.select_related("person").filter(person_id=person_id).first()
        account = Account.objects.select_related("person").filter(person_id=person_id).first()
        if notice is None or (contact is None and account is None):
            return
        name = contact.person.name if contact else account.person.name
        mobile = contact.mobile if contact else ""
        to = Contact(
            name=name,
            email=contact.email if contact else "",
            mobile=decrypt(mobile) if is_ciphertext(mobile) else mobile,
        )
    with translation.override((account.language if account else "") or settings.LANGUAGE_CODE):
        title = texts.title(notice)
    link = f"{settings.SZ_BASE_URL}/notify/{notice.id}/" if settings.SZ_BASE_URL else ""
    key = f"{notice.id}:{person_id}:{channel}{':reminder' if reminder else ''}"
    CHANNELS[channel].send(to, Message(key=key, title=title, link=link, sender=notice.sender_organ))
