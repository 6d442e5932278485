"""What the words of mail servers mean, by enhanced status code (RFC 3463, RFC 7372): data only, no rule.

Regular expressions, looked for without regard to case. The first that is found counts, so the surer ones stand first:
what is said of us (rate, sender, signature) before what is said of the recipient, and plain "rejected" last.
"""

from __future__ import annotations

BY_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    # Of the moment: to be tried again.
    ("4.7.1", (
        r"gr[ea]y-?list", r"temporarily (?:deferred|rejected) (?:due to|because)",
        r"please try again in \d+ (?:sec|min)", r"серый список", r"грейлист",
    )),
    ("4.7.0", (
        r"rate[- ]?limit", r"too many (?:messages|mails|e-?mails|connections|concurrent|sessions)", r"throttl",
        r"sending (?:limit|rate|quota)", r"(?:hourly|daily) (?:\w+ ){0,3}(?:limit|quota)", r"mail rate exceed",
        r"unusual rate", r"excessive (?:rate|volume)", r"слишком много (?:писем|сообщений|соединений)",
        r"превышен лимит отправ", r"zu viele (?:nachrichten|verbindungen)", r"发送频率", r"ratelimited",
    )),
    # Of the sender, not of the recipient.
    ("5.1.8", (
        r"sender (?:\w+ ){0,3}?(?:rejected|failed|refused)",
        r"sender (?:\w+ ){0,3}?(?:denied|does not exist|unknown|invalid|not found)",
        r"sender (?:\w+ ){0,3}?must (?:exist|resolve)", r"(?:verify|resolve) (?:your |the )?sender",
        r"domain of (?:the )?sender", r"sender'?s? domain", r"(?:invalid|unknown|bad|unroutable) sender",
        r"from address .{0,80}not verified", r"address is not verified",
        r"отправител\w+ (?:не существует|не найден|отвергнут|отклон)",
        r"absender\w* (?:abgelehnt|unbekannt|ungültig)",
    )),
    ("5.7.26", (
        r"\bdmarc\b", r"unauthenticated e-?mail", r"not authenticated", r"multiple authentication checks failed",
    )),
    ("5.7.23", (
        r"\bspf\b", r"sender policy framework",
    )),
    ("5.7.20", (
        r"\bdkim\b", r"domainkeys",
    )),
    ("5.7.25", (
        r"reverse (?:dns|host|lookup|name)", r"\bptr\b", r"\brdns\b", r"no reverse",
        r"cannot find your (?:reverse )?host", r"cannot resolve your", r"ip name lookup failed",
        r"обратн\w+ (?:зон|запис|dns)",
    )),
    ("5.7.10", (
        r"(?:must issue|require\w*) (?:a )?(?:starttls|tls)",
        r"(?:starttls|tls|encryption) (?:is )?(?:required|needed)", r"tls (?:is )?mandatory",
    )),
    # Of the mailbox.
    ("5.2.2", (
        r"mail(?:box|folder|drop)?(?: \w+){0,3} (?:is |was )?(?:too )?full\b", r"full mailbox", r"mailbox\W+full",
        r"mailbox (?:\w+ ){0,3}exceed", r"in?box is full", r"over (?:the )?(?:\w+ ){0,2}quota", r"overquota",
        r"over the (?:maximum )?allowed (?:quota|size)",
        r"quota (?:has been |is |was |limit )?(?:exceed|full|reached|used up)", r"exceed\w* (?:\S+ ){0,4}quota",
        r"quota .{0,30}(?:exceeded|erreicht|überschritten)", r"out of (?:storage|disk|mailbox) ?(?:space|quota)?",
        r"not enough (?:storage|space|room)", r"insufficient (?:system |mailbox |disk )?(?:storage|space)",
        r"disk (?:full|quota|space)", r"account (?:is )?full", r"user is full", r"storage (?:limit|quota|space)",
        r"mailbox size limit", r"too much mail", r"no space left",
        r"(?:postfach|mailbox|konto)\w*(?: \S+){0,6}? (?:voll|überfüllt)", r"speicherplatz",
        r"boîte(?: \S+){0,6}? pleine", r"espace (?:\w+ ){0,2}insuffisant",
        r"(?:buzón|bandeja)(?: \S+){0,6}? llen[oa]", r"casella(?: \S+){0,5}? piena", r"caixa(?: \S+){0,8}? cheia",
        r"ящик(?: \S+){0,6}? (?:переполнен|полон|заполнен)", r"переполнен\w* (?:почтов\w+ )?ящик",
        r"превышен\w*.{0,40}квот", r"квота.{0,40}(?:превышен|исчерпан)", r"недостаточно места",
        r"нет (?:свободного )?места", r"скриньк\w+(?: \S+){0,4}? переповнен",
        r"skrzynk\w+(?: \S+){0,5}? (?:pełna|przepełniona)", r"容量.{0,12}(?:超|いっぱい|満)", r"いっぱい",
        r"邮箱.{0,6}已?满",
        r"邮箱空间不足", r"信箱.{0,6}(?:已滿|滿了)",
    )),
    ("5.2.1", (
        r"(?:mailbox|account|user|recipient|address)(?: \S+){0,4}? (?:disabled|inactive|suspended|locked|expired)\b",
        r"(?:mailbox|account|user|recipient|address)(?: \S+){0,4}? (?:deactivated|closed|not active|terminated)\b",
        r"(?:mailbox|account|user|recipient|address)(?: \S+){0,4}? (?:blocked|discontinued|frozen)\b",
        r"(?:disabled|inactive|suspended|deactivated|closed) (?:user|account|mailbox|recipient)",
        r"(?:blocked|discontinued|expired) (?:user|account|mailbox|recipient)",
        r"is (?:currently )?(?:disabled|inactive|not active|suspended)", r"administrativl?e?ly disabled",
        r"no longer (?:in use|active|valid|available|accept|works)",
        r"has been (?:disabled|suspended|deactivated|discontinued)", r"account that you tried to reach is disabled",
        r"not accepting (?:any )?(?:new )?(?:mail|messages)", r"user doesn'?t accept", r"no longer with",
        r"ящик (?:\S+ ){0,4}?(?:заблокирован|отключ[её]н|неактивен)",
        r"(?:пользовател\w+|аккаунт|запис\w+) (?:\S+ ){0,3}?(?:заблокирован|отключ[её]н|удал[её]н)",
        r"(?:postfach|konto|adresse) (?:\S+ ){0,4}?(?:deaktiviert|gesperrt)",
        r"compte (?:\S+ ){0,3}?(?:désactivé|suspendu|fermé)",
        r"cuenta (?:\S+ ){0,3}?(?:desactivada|suspendida|cerrada)",
    )),
    # Of the message.
    ("5.3.4", (
        r"(?:message|mail|size|attachment|file)(?: \S+){0,4}? (?:is |was )?too (?:large|big|long)",
        r"exceed\w* (?:\S+ ){0,4}(?:message |mail )?siz",
        r"(?:message|mail) (?:\S+ ){0,3}siz\w* (?:\S+ ){0,3}(?:exceed|limit|too)",
        r"larger than (?:the )?(?:\S+ ){0,3}(?:limit|size|allowed)", r"size limit",
        r"maximum (?:message|mail|allowed) (?:size|length)", r"message size", r"zu gro(?:ß|ss)",
        r"trop (?:volumineux|gros|grand)", r"demasiado grande", r"troppo grande", r"muito grande",
        r"слишком (?:большо|велик)", r"превыш\w* (?:\S+ ){0,3}размер", r"размер (?:письма|сообщения)",
        r"занадто велик", r"za duż", r"サイズ", r"过大", r"過大",
    )),
    # Of the address.
    ("5.1.1", (
        r"user unknown", r"unknown (?:local[- ]?(?:user|part)|user|recipient|mailbox|address|account|person)",
        r"user (?:is )?not (?:found|known|exist|local|here)",
        r"no such (?:local )?(?:user|recipient|mailbox|address|person|account|alias|id|name|e-?mail)",
        r"no (?:mailbox|user|account) (?:here|by|with)", r"unknown (?:or illegal )?alias",
        r"recipient (?:\S+ ){0,3}?(?:not (?:exist|recogni[sz]ed|valid)|does not)",
        r"(?:recipient|mailbox|user|account|address|alias|inbox)(?: \S+){0,6}? (?:does ?n[o']t|did not) exist",
        r"does ?n[o'`’]t (?:have|appear to have) (?:an?|any) (?:\S+ )?(?:account|mailbox|user)",
        r"(?:mailbox|account|address|user|recipient)(?: \S+){0,3}? (?:unavailable|not (?:available|found|known))",
        r"(?:mailbox|account|address|user|recipient)(?: \S+){0,3}? (?:unknown|invalid|unrecogni[sz]ed)",
        r"invalid (?:recipient|mailbox|address|user|e-?mail|final delivery)",
        r"not (?:a )?(?:valid|known) (?:user|recipient|mailbox|address)", r"not listed in (?:domino|public|the )?",
        r"(?:recipient|forward|your) address (?:was )?rejected", r"address rejected",
        r"address(?:ee)? (?:is )?unknown", r"recipient (?:\S+ )?rejected",
        r"bad (?:recipient|destination mailbox|address)", r"unable to relay for", r"no valid recipients",
        r"could not be (?:found|resolved)", r"couldn'?t be found", r"wasn'?t found",
        r"recipient name is not recogni[sz]ed", r"not our customer",
        r"not (?:in|on) (?:my|our|the) (?:list|database|directory)", r"user reject", r"does not like recipient",
        r"address does not exist", r"does ?n[o']t exist", r"unrouteable mail", r"not a local", r"n'existe pas",
        r"inconnue?\b", r"introuvable", r"unbekannt", r"existiert nicht", r"nicht gefunden", r"не существует",
        r"не найден", r"нет таког", r"неизвестн\w+ (?:пользовател|получател|адрес)", r"пользовател\w+ (?:не|нет)",
        r"не знайден", r"не існує", r"desconocid[oa]", r"no existe", r"no se (?:ha )?encontr",
        r"não (?:existe|encontrado)", r"desconhecid[oa]", r"onbekend", r"bestaat niet", r"sconosciut", r"inesistente",
        r"non esiste", r"nie istnieje", r"nieznany", r"neexistuje", r"neznám", r"okänd", r"finns inte", r"ukjent",
        r"ukendt", r"tuntematon", r"bulunamad", r"ismeretlen", r"necunoscut", r"άγνωστ", r"不明", r"存在しません",
        r"見つかりません",
        r"不存在", r"找不到", r"존재하지",
    )),
    ("5.1.2", (
        r"host (?:or domain name )?(?:not found|unknown)", r"unknown (?:host|domain|mail ?host)",
        r"(?:domain|host)(?: \S+){0,4}? (?:not found|does ?n[o']t exist|unknown|invalid)", r"unrouteable",
        r"name or service not known", r"no such (?:host|domain)",
        r"(?:bad|invalid) (?:destination )?(?:host|system|domain)", r"name service error", r"nxdomain",
        r"could ?n[o']t find (?:any|a) (?:host|mail|exchanger|mx)", r"no (?:valid )?(?:mx|mail exchanger)",
        r"(?:dns|mx) (?:error|lookup fail|record)", r"domain name .{0,60}not", r"домен (?:\S+ )?не",
    )),
    ("5.4.6", (
        r"too many hops", r"routing loop", r"mail loop", r"mail forwarding loop", r"loops? back", r"looping",
        r"hop count",
    )),
    # Of time and of the way.
    ("4.4.7", (
        r"(?:message|delivery|mail|queue|retry|time)\W+(?:\S+ ){0,4}?expired", r"expired (?:after|in|from)",
        r"not be delivered (?:\w+ ){0,3}(?:for|within|after|in) ", r"retry time(?:out)? (?:was )?exceeded",
        r"gave up", r"giving up", r"queue too long", r"in the queue (?:for )?too long",
        r"cannot send (?:message )?(?:within|for)", r"delivery (?:attempts?|time)",
        r"unable to deliver .{0,40}for \d+ (?:day|hour)", r"за \d+ (?:дн|час|сут)", r"в течение \d+ (?:дн|час|сут)",
        r"истек\w* (?:срок|врем)", r"too old", r"lifetime", r"maximum retries",
    )),
    ("4.3.2", (
        r"(?:system|server|service) (?:is )?(?:busy|not available|unavailable|shutting down)", r"too busy",
    )),
    ("4.4.1", (
        r"timed? ?out", r"connection (?:\w+ )?(?:refused|reset|closed|dropped|lost|failed|died)",
        r"could ?n[o']t connect", r"(?:unable|failed|failure) to connect", r"unable to be? ?(?:able to )?connect",
        r"being unable to connect", r"unable to establish", r"no route to host",
        r"(?:network|host|server)s? (?:is |are |was |were )?unreachable", r"deferred", r"unreachable",
        r"failing for a long time", r"not respond", r"did ?n[o']t respond", r"no answer from", r"network error",
        r"conversation with .{0,80} (?:timed|lost)", r"lost connection", r"temporar", r"try (?:again )?later",
        r"превышено время", r"не отвечает", r"недоступ", r"тайм-?аут", r"zeitüberschreitung",
    )),
    # Of what the server thinks of us.
    ("5.7.1", (
        r"spam", r"\bu[bc]e\b", r"junk mail", r"blacklist", r"black list", r"\b[dr]nsbl", r"\brbl\b", r"spamhaus",
        r"barracuda", r"blocked", r"block ?list", r"denied", r"not permitted", r"not allowed", r"prohibit",
        r"forbidden", r"policy", r"policies", r"reputation", r"virus", r"malware", r"infected", r"authenticat",
        r"not authori[sz]ed", r"unauthori[sz]ed", r"permission", r"administrat\w+ (?:prohibition|denied|reject)",
        r"banned", r"refused", r"not accepted", r"unacceptable", r"rejected", r"do not (?:accept|want)",
        r"content filter", r"phish", r"relay", r"спам", r"запрещ", r"отклон[её]н", r"отвергнут", r"вирус",
        r"ч[её]рн\w+ спис", r"abgelehnt", r"gesperrt", r"rejet[ée]", r"refusé", r"rechazad", r"rifiutat", r"rejeitad",
        r"geweigerd", r"odrzucon", r"拒否", r"拒绝", r"拒收", r"垃圾",
    )),
)  # fmt: skip
