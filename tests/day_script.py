"""The day itself: forty people outside, five at the desk, and everything they write. Only data; `day.py` plays it."""

from __future__ import annotations

from datetime import timedelta

from clients import new_id
from day import SERVER, Act, Clock, Day, Press, Raw, Someone, Step, word
from mail_programs import (
    Program,
    apple_mail,
    gmail,
    iphone,
    k9,
    mail_ru,
    neomutt,
    outlook,
    outlook_mobile,
    outlook_without_references,
    samsung,
    thunderbird,
    thunderbird_html,
    yandex,
)

TEAMS = """
[[agent]]
id = "anna"
name = "Анна Петрова"
address = "anna@desk.example"
language = "ru"
line = 1

[[agent]]
id = "boris"
name = "Boris Novak"
address = "boris@desk.example"
language = "en"
line = 1

[[agent]]
id = "vera"
name = "Вера Соколова"
address = "vera@desk.example"
language = "ru"
line = 2

[[agent]]
id = "gleb"
name = "Gleb Marsh"
address = "gleb@desk.example"
language = "en"
line = 3

[[agent]]
id = "dina"
name = "Дина Лунина"
address = "dina@desk.example"
language = "ru"
line = 1

[[queue]]
name = "support"
agents = ["anna", "boris"]
lead = "vera"
default = true

[[queue]]
name = "billing"
address = "billing@desk.example"
agents = ["dina"]
lead = "anna"

[[queue]]
name = "technical"
agents = ["vera", "gleb"]
lead = "gleb"
"""
RULES = """
[[rule]]
name = "Casinos"
when.subject = { words = ["casino", "казино"] }
then.spam = true

[[rule]]
name = "Money"
when.subject = { words = ["счёт", "invoice", "charged"] }
then.queue = "billing"

[[rule]]
name = "Errors"
when.subject = { words = ["ошибка", "error", "сбой"] }
then.queue = "technical"
then.line = 2

[[rule]]
name = "Everything else"
default = true
"""
PROMISES = """
[[calendar]]
name = "office"
timezone = "Europe/Moscow"
hours = { mon-fri = ["09:00-18:00"] }

[[promise]]
name = "money"
calendar = "office"
first_response = "4h"
when.queue = "billing"

[[promise.step]]
target = "first_response"
at = "100%"
tell = ["lead"]
"""


def _customer(name: str, key: str, program: Program, language: str = "en") -> tuple[str, Someone]:
    address = f"{key}@{key}-house.example"
    return key, Someone(name=name, address=address, program=program, language=language)


def _agent(name: str, key: str, program: Program, language: str) -> tuple[str, Someone]:
    return key, Someone(name=name, address=f"{key}@desk.example", program=program, language=language, login=key)


AGENTS = dict(
    (
        _agent("Анна Петрова", "anna", gmail, "ru"),
        _agent("Boris Novak", "boris", outlook, "en"),
        _agent("Вера Соколова", "vera", thunderbird_html, "ru"),
        _agent("Gleb Marsh", "gleb", iphone, "en"),
        _agent("Дина Лунина", "dina", yandex, "ru"),
    )
)
CUSTOMERS = dict(
    (
        _customer("Ольга Ручьёва", "olga", gmail, "ru"),
        _customer("Пётр Заозёрный", "petr", outlook, "ru"),
        _customer("Мария Снегова", "maria", outlook_without_references, "ru"),
        _customer("Hans Kupferdreher", "hans", k9, "de"),
        _customer("Тарас Загребельний", "taras", samsung, "uk"),
        _customer("John Thistlewood", "john", outlook_mobile),
        _customer("Kate Wrenfield", "kate", iphone),
        _customer("Rob Underhay", "rob", gmail),
        _customer("Liam Oakhurst", "liam", apple_mail),
        _customer("Нина Полозова", "nina", mail_ru, "ru"),
        _customer("Игорь Брусникин", "igor", yandex, "ru"),
        _customer("Инна Смородина", "inna", yandex, "ru"),
        _customer("Zoe Larkspur", "zoe", thunderbird),
        _customer("Max Hagebutte", "max", thunderbird_html, "de"),
        _customer("Лев Камышин", "lev", neomutt, "ru"),
        _customer("Иван Ковылёв", "ivan", gmail, "ru"),
        _customer("Олег Чабрецов", "oleg", outlook, "ru"),
        _customer("Рита Мятлева", "rita", mail_ru, "ru"),
        _customer("Sam Bramblecomb", "sam", iphone),
        _customer("Таня Облепихова", "tanya", gmail, "ru"),
        _customer("Uma Sorrelby", "uma", k9),
        _customer("Виктор Тысячелистов", "viktor", yandex, "ru"),
        _customer("Wendy Foxglove", "wendy", apple_mail),
        _customer("Ксения Черемшина", "xenia", samsung, "ru"),
        _customer("Юрий Багульников", "yuri", thunderbird, "ru"),
        _customer("Zara Meadowsweet", "zara", gmail),
        _customer("Adam Yarrowdale", "adam", outlook),
        _customer("Bella Hyssopton", "bella", iphone),
        _customer("Carl Wacholder", "carl", thunderbird_html, "de"),
        _customer("Dora Teaselworth", "dora", outlook_mobile),
        _customer("Егор Иванчаев", "egor", mail_ru, "ru"),
        _customer("Фёдор Зверобоев", "fedor", yandex, "ru"),
        _customer("Галина Пижмова", "galina", samsung, "ru"),
        _customer("Henry Cowslipper", "henry", apple_mail),
        _customer("Irma Holunder", "irma", k9, "de"),
        _customer("Jan Marshmallowe", "jan", neomutt),
        _customer("Кира Душицына", "kira", iphone, "ru"),
        _customer("Leon Burnetson", "leon", thunderbird),
        _customer("Shop of Offers", "shop", gmail),
        _customer("Lucky Seven", "lucky", outlook),
        _customer("Mallory Nightshade", "mallory", gmail),
    )
)
PEOPLE = CUSTOMERS | AGENTS
PROVEN = {"olga", "petr", "john", "kate", "zoe", "lev", "tanya", "nina", "rob"}
"""Whose own servers sign for them."""
PDF, PNG = ("счёт.pdf", "application/pdf", b"%PDF-1.4 a bill"), ("desk.png", "image/png", b"\x89PNG a picture")


def opens(who: str, subject: str, text: str, **more: object) -> Step:
    """A customer's first mail."""
    proof = "dmarc" if who in PROVEN else ""
    return Step(name=f"{who}1", who=who, subject=subject, text=text, by=proof, **more)  # type: ignore[arg-type]


def goes_on(name: str, about: int, text: str, **more: object) -> Step:
    """A customer's answer to the newest letter that he has about a ticket."""
    who = name.rstrip("0123456789")
    return Step(name=name, who=who, about=about, text=text, by="dmarc" if who in PROVEN else "", **more)  # type: ignore[arg-type]


def answers(name: str, about: int, text: str, **more: object) -> Step:
    """An agent's answer to the newest letter about a ticket: logged in, or vouched for by the desk's mail server."""
    who = name.rstrip("0123456789")
    by = "dmarc" if who in ("boris", "gleb") else "login"
    return Step(name=name, who=who, about=about, text=text, **({"by": by} | more))  # type: ignore[arg-type]


def orders(name: str, about: int, lines: str, **more: object) -> Step:
    """An agent's mail of orders alone."""
    return answers(name, about, "", orders=lines, marked=False, **more)


def asks(name: str, lines: str) -> Step:
    """A new mail of an agent's that only asks."""
    who = name.rstrip("0123456789")
    return Step(name=name, who=who, text="", subject="?", orders=lines, marked=False, by="login")


def waits(seconds: int = 20) -> Clock:
    """The answers' time to be taken back is over."""
    return Clock(by=timedelta(seconds=seconds))


def _bounce(day: Day) -> tuple[bytes, str, str]:
    """Rita's mail server sends our answer back."""
    lost = day.newest(CUSTOMERS["rita"].address, 1017, "answer")
    raw = f"""From: Mail Delivery Subsystem <mailer-daemon@relay.example>\r
To: <{lost.return_path}>\r
Subject: Undelivered Mail Returned to Sender\r
Date: {day.now:%a, %d %b %Y %H:%M:%S %z}\r
Message-ID: {new_id("relay.example")}\r
Auto-Submitted: auto-replied\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="=_r"\r
\r
--=_r\r
Content-Type: text/plain; charset=us-ascii\r
\r
I'm sorry to have to inform you that your message could not be delivered. bounce1zq\r
\r
--=_r\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; relay.example\r
\r
Final-Recipient: rfc822; {CUSTOMERS["rita"].address}\r
Action: failed\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 5.1.1 unknown user\r
\r
--=_r\r
Content-Type: message/rfc822\r
\r
""".encode()
    return raw + lost.raw + b"\r\n--=_r--\r\n", "", lost.return_path


_OOF = (("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All"), ("Precedence", "bulk"))
_NEWS = (
    ("List-Unsubscribe", "<https://shop.example/bye>"),
    ("Precedence", "bulk"),
    ("List-Id", "<offers.shop.example>"),
)

MORNING: tuple[Act, ...] = (
    opens("olga", "Не печатает принтер", "Здравствуйте! Принтер на втором этаже молчит.\nЧто делать?"),
    opens("petr", "Касса не открывается", "Добрый день!\nКасса в третьем зале не открывается с утра."),
    opens("maria", "Доступ к папке", "Коллеги, нужен доступ к общей папке отдела."),
    opens("hans", "Zugang zum Lager", "Guten Tag,\nmein Ausweis öffnet das Lager nicht mehr. Bitte um Hilfe."),
    opens("taras", "Вхід до порталу", "Добрий день! Не можу увійти до порталу, допоможіть, будь ласка."),
    opens("john", "VPN does not connect", "Hello,\nthe VPN says that my certificate is too old."),
    opens(
        "kate",
        "Screen in the meeting room",
        "The big screen shows nothing but blue. Could you have a look?",
        cc='"Rob Underhay" <rob@rob-house.example>',
        tells=("rob",),
    ),
    opens("liam", "Error 502 on export", "Every export ends with error 502 since this morning."),
    opens("nina", "Счёт за ноябрь", "Добрый день! В счёте за ноябрь лишняя строка.", files=(PDF,)),
    opens("igor", "Пропуск для гостя", "Здравствуйте, завтра к нам придёт гость, нужен пропуск."),
    opens("inna", "Пропуск в архив", "Здравствуйте! Мой пропуск в архив закончился."),
    opens("zoe", "Old laptop", "Where may I hand in my old laptop?"),
    opens("max", "Drucker im Flur", "Hallo,\nder Drucker im Flur druckt nur noch gelb."),
    opens("lev", "Два вопроса", "Здравствуйте!\nКогда обновят почту?\nИ можно ли мне второй монитор?"),
    opens("ivan", "Телефон молчит", "Добрый день! Телефон на столе не звонит.", twice=True),
    opens("oleg", "Отчёт не строится", "Коллеги, отчёт по складу не строится второй день."),
    opens("rita", "Смена адреса", "Здравствуйте! Мы переехали, запишите новый адрес офиса."),
    opens("sam", "Badge", "Hi, my badge stopped working at the north door."),
    Step(name="sam2", who="sam", subject="North door", text="It is the same with the side door, by the way."),
    opens("tanya", "Монитор мигает", "Добрый день! Монитор мигает каждые пять минут."),
    opens("uma", "Charged twice", "I was charged twice in November. The bill is attached.", files=(PDF,)),
    opens("viktor", "Ключ от шкафа", "Здравствуйте! Потерял ключ от шкафа 14."),
    opens("wendy", "New desk chair", "Hello! My chair has lost a wheel. May I have a new one?", files=(PNG,)),
    opens("xenia", "Подписка на журнал", "Добрый день! Продлите, пожалуйста, подписку на журнал."),
    opens("yuri", "Ошибка 500", "На странице отпусков ошибка 500."),
    opens("zara", "Parking", "Hello, is there a place to park on Friday?"),
    opens("adam", "Headset", "My headset crackles. Where do I get another one?"),
    opens("bella", "Guest network", "What is the name of the network for guests?"),
    opens("carl", "Kalender", "Hallo, mein Kalender zeigt die falsche Woche an. Danke für Hilfe."),
    opens("dora", "Invoice address", "Please use our new address on the invoice from now on."),
    opens("egor", "Не приходит почта", "Здравствуйте! Со вчерашнего дня не приходит почта."),
    opens("fedor", "Сбой в табеле", "Табель за пятницу потерялся, похоже, сбой."),
    opens("galina", "Кондиционер", "Добрый день! В комнате 12 очень холодно."),
    opens("henry", "Keyboard", "The letter E of my keyboard is gone."),
    opens("irma", "Schlüssel", "Guten Tag, ich brauche bitte einen Schlüssel für Raum 7."),
    opens("jan", "Mailing list", "Please put me on the list of the chess club."),
    opens("kira", "Справка", "Здравствуйте, нужна справка с места работы."),
    opens("leon", "Standing desk", "The standing desk in room 4 does not stand."),
    opens("shop", "Offers of the week", "Socks at half the price!", fields=_NEWS),
    opens("lucky", "Casino tonight", "You have won a million, come and get it."),
)
"""Tickets 1001 to 1041, in this order."""

FORENOON: tuple[Act, ...] = (
    # A plain conversation that ends with thanks, on which nobody is told.
    answers("anna1", 1001, "Добрый день, Ольга! Откройте крышку и закройте снова.", orders="/take", tells=("olga",)),
    # Two at once: the second waits until its writer says so.
    answers("anna2", 1002, "Здравствуйте! Перезапустите кассу, пожалуйста.", tells=("petr",)),
    answers("boris1", 1002, "Please call us, we shall open it together.", tells=("petr",)),
    answers("boris2", 1006, "Please fetch a new certificate from the portal.", tells=("john",), program=gmail),
    answers("anna3", 1003, "Мария, доступ открыт, проверьте.", tells=("maria",)),
    answers("boris3", 1004, "Guten Tag! Der Ausweis ist wieder frei.", tells=("hans",)),
    answers("anna4", 1005, "Добрий день! Пароль скинуто, спробуйте ще раз.", tells=("taras",)),
    answers("boris4", 1006, "He has lost two certificates already, keep an eye on him.", orders="/note"),
    # What Gleb writes first is wrong; he takes it back in time.
    answers("gleb1", 1008, "Just wait until tomorrow."),
    orders("gleb2", 1008, "/undo"),
    answers("gleb3", 1008, "The export works again, please try it.", orders="/take\n/tag export", tells=("liam",)),
    answers("boris5", 1007, "We have restarted the screen, is it better now?", tells=("kate",)),
    waits(),
    answers("anna5", 1006, "Да, я помню, спасибо.", kind="notification"),
    orders("boris6", 1002, "/send", kind="collision"),
    goes_on("olga2", 1001, "Открыла, закрыла, молчит."),
    goes_on("maria2", 1003, "Папка открылась, но она пустая.", to="support@desk.example", subject="RE: Доступ к папке"),
    goes_on("john2", 1006, "That did it for the laptop, but what about my phone?"),
    # A colleague in Cc answers Kate's own mail, to all.
    Step(
        name="rob1",
        who="rob",
        text="I sit next to it: it is still blue.",
        subject="Re: Screen in the meeting room",
        by="dmarc",
        cc=CUSTOMERS["kate"].sender,
        tells=("kate",),
        after="kate1",
    ),
    goes_on("liam2", 1008, "It works, but half of the rows are missing."),
    goes_on("petr2", 1002, "Перезапустил, открылась. Позвонить всё-таки?"),
)

AFTERNOON: tuple[Act, ...] = (
    # The desk moves things about: to another queue with a note, to a person, to another line.
    answers("anna6", 1015, "Это к технике: та же история, что в марте.", orders="/queue technical\n/note"),
    orders("vera1", 1015, "/assign gleb"),
    answers("gleb4", 1015, "Your phone is on again.", tells=("ivan",)),
    Press(who="anna", about=1010, label="Беру себе", kind="notification"),
    Press(who="anna", about=1010, label="Беру себе", kind="notification"),
    answers("anna7", 1010, "Пропуск для гостя готов, он у охраны.", tells=("igor",), files=(PDF,)),
    answers("anna8", 1011, "Пропуск в архив продлён до мая.", tells=("inna",)),
    answers("dina1", 1009, "Лишняя строка убрана, новый счёт во вложении.", tells=("nina",), files=(PDF,)),
    answers("boris7", 1012, "Just bring it to room 3.", tells=("zoe",)),
    answers("boris8", 1013, "Die gelbe Patrone war es. Bitte noch einmal drucken.", tells=("max",)),
    answers("anna9", 1014, "Почту обновят в среду.\nМонитор привезём завтра.", tells=("lev",)),
    answers("anna10", 1016, "Отчёт строится, посмотрите.", tells=("oleg",)),
    answers("anna11", 1017, "Адрес записали, спасибо.", tells=("rita",)),
    # The same matter twice is one ticket; two matters in one are two.
    orders("anna12", 1019, "/merge SUP-1018"),
    answers("boris9", 1018, "Both doors know your badge again.", tells=("sam",)),
    answers("anna13", 1020, "Добрый день! Поменяем кабель.", tells=("tanya",)),
    orders("boris10", 1023, "/snooze tomorrow 10:00"),
    answers("anna14", 1022, "Новый ключ на стойке.", orders="/close", tells=("viktor",)),
    answers("boris11", 1001, "Has anybody looked at the drum?", orders="/note"),
    answers("anna15", 1001, "Тогда мы придём сами, в три.", shows="olga2", tells=("olga",)),
    answers("gleb5", 1008, "All rows are there now.", orders="/solve", tells=("liam",)),
    orders("boris12", 1007, "/add rob@rob-house.example"),
    answers("boris13", 1007, "We bring a new cable at two.", tells=("kate", "rob")),
    waits(),
    goes_on("igor2", 1010, "Спасибо, гость прошёл. А второй пропуск?"),
    # Inna takes the wrong mail: the tag of Igor's ticket in a subject of hers opens nothing.
    Step(name="inna2", who="inna", text="А это чей пропуск?", subject="Re: Пропуск для гостя [SUP-1010]"),
    goes_on("zoe2", 1012, "Room 3 was locked."),
    goes_on("max2", 1013, "Jetzt druckt er gar nicht mehr."),
    goes_on("lev2", 1014, "В среду так в среду.\nЗавтра меня не будет, лучше в пятницу."),
    goes_on(
        "oleg2", 1016, "Я в отпуске до понедельника.", fields=_OOF, sent_from="", subject="Автоматический ответ: Отчёт"
    ),
    Raw(make=_bounce),
    goes_on("sam3", 1018, "Both work. One more thing: the lift?"),
    goes_on("tanya2", 1020, "Кабель помог. И ещё: сломался замок в ящике."),
    goes_on("nina2", 1009, "Теперь всё верно, благодарю."),
    goes_on("liam3", 1008, "Thank you very much!", marked=False),
    goes_on("viktor2", 1022, "Ключ не подошёл."),
    goes_on("rob2", 1007, "Two is fine, thanks for asking me as well.", cc=CUSTOMERS["kate"].sender, tells=("kate",)),
    # Somebody has got hold of a mail of Olga's, and answers it.
    Step(
        name="mallory1",
        who="mallory",
        text="Send me all that you have on this.",
        subject="Re: Не печатает принтер",
        after="olga1",
    ),
    # Nobody is Anna because he says so, not even who has got hold of a letter to her.
    Step(
        name="mallory3",
        who="mallory",
        text="Go away.",
        about=1014,
        whose="anna",
        orders="/close",
        forged='"Анна Петрова" <anna@desk.example>',
    ),
    Step(
        name="mallory2",
        who="mallory",
        text="Please send the keys to me.",
        subject="Keys",
        forged='"Анна Петрова" <anna@desk.example>',
        fields=(("Authentication-Results", f"{SERVER}; dmarc=fail header.from=desk.example"),),
    ),
    orders("anna16", 1020, "/split"),
    Press(who="anna", about=1001, label="Оставить в заявке", kind="notification"),
    answers("boris14", 1018, "The lift is back on Thursday.", tells=("sam",)),
    answers("boris15", 1012, "Try again, it is open now.", tells=("zoe",)),
    answers("anna17", 1014, "Договорились: пятница.", shows="lev2", tells=("lev",)),
    answers(
        "boris16",
        1013,
        "Der Techniker kommt um drei.",
        orders="/priority high\n/pending until tomorrow",
        tells=("max",),
    ),
    orders("boris17", 1013, "/clsoe"),
    asks("boris18", "/list mine"),
    asks("anna18", "/show 1001\n/search принтер"),
)
FILLERS = (
    answers("anna20", 1024, "Подписка продлена на год.", tells=("xenia",)),
    answers("vera2", 1025, "Страница снова работает.", tells=("yuri",)),
    answers("boris20", 1026, "Place 12 is yours on Friday.", tells=("zara",)),
    answers("boris21", 1027, "You find a new one in room 3.", tells=("adam",)),
    answers("boris22", 1028, "It is called guests, without a password.", tells=("bella",)),
    answers("anna21", 1029, "Bitte den Kalender neu öffnen.", tells=("carl",)),
    answers("dina2", 1030, "The new address stands on all invoices from now on.", tells=("dora",)),
    answers("anna22", 1031, "Почта снова приходит, ящик был полон.", tells=("egor",)),
    answers("gleb6", 1032, "The time sheet is back.", tells=("fedor",)),
    answers("anna23", 1033, "Прибавили два градуса.", tells=("galina",)),
    answers("boris23", 1034, "A new keyboard is on its way to you.", tells=("henry",)),
    answers("anna24", 1035, "Der Schlüssel liegt am Empfang.", tells=("irma",)),
    answers("boris24", 1036, "You are on the list.", tells=("jan",)),
    answers("anna25", 1037, "Справка готова, заберите в отделе.", tells=("kira",)),
    answers("boris25", 1038, "It stands again.", tells=("leon",)),
    waits(),
)
EVENING: tuple[Act, ...] = (
    # Uma was forgotten, and the promise of four hours is over.
    Clock(by=timedelta(hours=4), until="escalation"),
    answers("dina3", 1021, "One of the two is on its way back to you.", orders="/take", tells=("uma",)),
    orders("anna19", 1001, "/solve"),
    goes_on("olga3", 1001, "Спасибо!", marked=False),
    waits(),
    # The next morning what was put off comes back.
    Clock(by=timedelta(hours=21), until="notification", letters=4),
    answers("boris26", 1023, "Your new chair comes in December.", orders="/pending until 2026-12-20", tells=("wendy",)),
    waits(),
    # Five weeks later what was solved breaks again.
    Clock(by=timedelta(days=35), until="notification", letters=2),
    goes_on("olga4", 1001, "Принтер опять молчит."),
    # Zara has written to Boris himself, and he passes it on; what he says of it is for colleagues.
    Step(
        name="boris30",
        who="boris",
        subject="Fwd: Locker",
        by="login",
        tells=("zara",),
        program=neomutt,
        text=f"""{word("boris4")} is not hers.

---------- Forwarded message ---------
From: Zara Meadowsweet <zara@zara-house.example>
Date: Tue, Dec 29, 2026 at 8:00 AM
Subject: Locker
To: Boris Novak <boris@desk.example>


May I have a locker?""",
    ),
    answers("anna30", 1046, "Number 7 is yours.", tells=("zara",)),
    waits(),
)
DAY = (*MORNING, *FORENOON, *AFTERNOON, *FILLERS, *EVENING)
