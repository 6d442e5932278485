"""The language of a text, offline: script first, then letters that only one language has, then its commonest words.

It is meant for choosing between letters ready to send, not for linguistics: with too little to tell it says "".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

_LONGEST = 4_000
_WORDS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_LINE_CAP = 2_000

# Scripts that belong to one language (or to one that stands for the rest here), by their first and last characters.
_SCRIPTS = (
    ("ja", "\u3040", "\u30ff"), ("ko", "\uac00", "\ud7af"), ("zh", "\u4e00", "\u9fff"), ("el", "\u0370", "\u03ff"),
    ("he", "\u0590", "\u05ff"), ("ar", "\u0600", "\u06ff"), ("hy", "\u0530", "\u058f"), ("ka", "\u10a0", "\u10ff"),
    ("th", "\u0e00", "\u0e7f"), ("hi", "\u0900", "\u097f"),
)  # fmt: skip

# Letters that only some of the languages of a script have. The more telling a letter, the more it counts.
_CYRILLIC_LETTERS = {
    "ru": {"ы": 3, "э": 3, "ё": 2},
    "uk": {"і": 3, "ї": 6, "є": 6, "ґ": 6},
    "be": {"ў": 8, "і": 3, "ы": 3, "э": 2, "ё": 2},
    "sr": {"ј": 5, "љ": 6, "њ": 6, "ђ": 8, "ћ": 8, "џ": 6},
    "mk": {"ѓ": 8, "ќ": 8, "ѕ": 8, "ј": 4, "љ": 4, "њ": 4},
}
# In Russian this letter only stands before these four; in Bulgarian it is a vowel and stands anywhere.
_BULGARIAN_VOWEL = re.compile("ъ(?![еёюя])")
_FOREIGN = {
    "ru": "іїєґўјљњђћџѓќѕ",
    "uk": "ыэёъўјљњђћџ",
    "be": "їєґъщијљњђћ",
    "bg": "ыэёіїєґўјљњђћ",
    "sr": "ыэёъіїєґўщьюяй",
    "mk": "ыэёъіїєґўщьюяйђћ",
}
_CYRILLIC_WORDS = {
    "ru": "и в не на что я с как это по но вы у за так же из мы она они он то мне нет да уже если или есть для был при"
    " все когда где очень спасибо здравствуйте добрый день пожалуйста привет можно нужно почему только"
    " ещё еще меня вас",
    "uk": "і в не на що я з як це по але ви у за так же із ми вона вони він та мені ні вже якщо або є для був при"
    " все коли де дуже дякую добрий день будь ласка привіт можна потрібно чому тільки ще мене вас й доброго дня вітаю",
    "be": "і ў не на што я з як гэта па але вы у за так жа мы яна яны ён мне ці ужо калі або ёсць для быў дзякуй"
    " добры дзень калі ласка прывітанне можна трэба чаму толькі яшчэ вас вам",
    "bg": "виждам мога искам имам нямам получих поръчка фактура фактурата работи това този тази които какво също чрез"
    " и в не на че аз с как това по но вие у за така от ние тя те той ми да вече ако или е за беше при се ще ли си"
    " всичко кога къде много благодаря здравейте добър ден моля може трябва защо само още мен вас съм имам няма",
    "sr": "и у не на да ја са како то по али ви за тако из ми она они он нисам већ ако или је био при се ће ли би"
    " све кад где врло хвала здраво добар дан молим може треба зашто само још вас сам имам нема",
    "mk": "и во не на дека јас со како тоа по но вие за така од ние таа тие тој ми да веќе ако или е беше се ќе ли би"
    " сè кога каде многу благодарам здраво добар ден ве молам може треба зошто само уште вас сум имам нема",
}
# What people write to a helpdesk of, in the forms they use: two or three words must be enough.
_CYRILLIC_TRADE = {
    "ru": "работает работают принтер пароль почта почту почте доступ ошибка ошибку могу можете зайти войти вход забыл"
    " сбросить помогите помощь заявка счёт счет заказ нужен нужна прошу подскажите сломался открывается подключается",
    "uk": "працює працюють принтер пароль пошта пошту пошти доступ помилка помилку можу можете зайти увійти вхід забув"
    " забула скинути допоможіть допомога заявка рахунок замовлення потрібен потрібна прошу підкажіть зламався",
    "be": "працуе працуюць прынтар пароль пошта пошту доступ памылка магу можаце зайсці увайсці забыў дапамажыце"
    " дапамога заяўка рахунак замова патрэбны прашу",
    "bg": "работи работят принтер принтерът парола паролата поща пощата достъп грешка мога можете вляза вход забравих"
    " помощ заявка сметка поръчката нужен нужна помогнете проблем",
    "sr": "ради раде штампач лозинка лозинку пошта приступ грешка могу можете пријава заборавио помоћ рачун наруџбина"
    " потребан помозите проблем",
    "mk": "работи работат печатач печатачот лозинка лозинката пошта пристап грешка можам можете најава заборавив помош"
    " сметка нарачка потребен помогнете проблем",
}
_LATIN_TRADE = {
    "en": "printer password reset account login log cannot can't doesn't isn't work working broken error help need"
    " order invoice copy email mail server down request access file open new problem issue screen forgot sent send"
    " please missing arrived yet still after before",
    "de": "drucker passwort kennwort vergessen zugang rechnung bestellung fehler hilfe brauche benötige anmelden"
    " druckt geht fehlt vielen freundlichen grüßen grüße morgen rückruf konto datei meine meinen kein keine"
    " zugriff dank",
    "fr": "imprimante mot passe oublié compte commande facture erreur aide besoin connecter marche peux problème"
    " fichier cordialement accès ordinateur beaucoup fonctionne toujours depuis",
    "es": "impresora contraseña olvidé cuenta pedido factura error ayuda necesito entrar funciona problema archivo"
    " muchas saludos acceso ordenador puedo correo desde",
    "it": "stampante password dimenticato account ordine fattura errore aiuto bisogno accedere funziona problema file"
    " mille cordiali saluti accesso posso computer posta ancora",
    "pt": "impressora senha esqueci conta pedido fatura erro ajuda preciso entrar funciona problema arquivo muito"
    " atenciosamente acesso consigo computador correio ainda",
    "pl": "drukarka hasło hasła zapomniałem zapomniałam konto zamówienie faktura błąd pomoc pomocy potrzebuję zalogować"
    " mogę problem plik pozdrawiam dostęp komputer poczta",
    "nl": "printer wachtwoord vergeten account bestelling factuur fout hulp nodig inloggen kapot probleem bestand"
    " vriendelijke groet groeten toegang computer doet mijn",
    "cs": "tiskárna tiskárnu heslo zapomněl zapomněla účet objednávka faktura chyba pomoc potřebuji přihlásit nemohu"
    " problém soubor pozdravem přístup počítač pošta",
    "sk": "tlačiareň heslo zabudol zabudla účet objednávka faktúra chyba pomoc potrebujem prihlásiť nemôžem problém"
    " súbor pozdravom prístup počítač pošta",
    "sv": "skrivaren skrivare lösenord lösenordet glömt konto beställning faktura fel hjälp behöver logga problem fil"
    " hälsningar mvh åtkomst dator mitt mycket",
    "da": "printeren adgangskode glemt konto bestilling faktura fejl hjælp brug logge problem fil hilsen adgang"
    " computer mit meget",
    "no": "skriveren skriver passord glemt konto bestilling faktura feil hjelp trenger logge problem fil hilsen tilgang"
    " datamaskin mitt mye",
    "fi": "tulostin salasana unohdin tili tilaus lasku virhe apua tarvitsen kirjautua ongelma tiedosto terveisin",
    "tr": "yazıcı şifre şifremi unuttum hesap sipariş fatura hata yardım lazım giriş yapamıyorum sorun dosya saygılar"
    " erişim bilgisayar",
    "hu": "nyomtató jelszó elfelejtettem fiók rendelés számla hiba segítség kell belépni probléma fájl üdvözlettel",
    "ro": "imprimanta parola uitat cont comanda factura eroare ajutor nevoie conectez problemă fișier stimă"
    " funcționează",
}
_LATIN_LETTERS = {
    "de": {"ß": 8, "ä": 2, "ö": 2, "ü": 2},
    "fr": {"ç": 1, "è": 2, "ê": 2, "à": 1, "œ": 4, "ù": 3, "é": 1, "û": 2, "î": 2},
    "es": {"ñ": 6, "¿": 8, "¡": 8, "á": 1, "ó": 1, "í": 1, "ú": 1},
    "it": {"ò": 2, "ù": 2, "è": 2, "à": 1, "ì": 3},
    "pt": {"ã": 6, "õ": 6, "ç": 2, "ê": 1, "á": 1},
    "pl": {"ł": 6, "ą": 4, "ę": 4, "ś": 4, "ż": 4, "ź": 6, "ć": 3, "ń": 3},
    "nl": {"ĳ": 6},
    "cs": {"ř": 8, "ě": 6, "ů": 8, "č": 2, "š": 2, "ž": 2, "ý": 1},
    "sk": {"ľ": 8, "ĺ": 8, "ŕ": 8, "ô": 4, "č": 2, "š": 2, "ž": 2, "ť": 2, "ä": 1},
    "sv": {"å": 3, "ä": 2, "ö": 2},
    "da": {"å": 3, "æ": 4, "ø": 4},
    "no": {"å": 3, "æ": 3, "ø": 4},
    "fi": {"ä": 3, "ö": 1},
    "tr": {"ı": 6, "ş": 5, "ğ": 8, "ç": 1, "ü": 1, "ö": 1},
    "hu": {"ő": 8, "ű": 8, "á": 1, "é": 1},
    "ro": {"ă": 6, "ș": 8, "ț": 8, "ţ": 5, "â": 2, "î": 2},
}
_LATIN_WORDS = {
    "en": "the and is are you to of in that it for with my have this on not be can we please hello thanks"
    " thank hi i your"
    " was but me do how when what from would could there if has an our will no yes",
    "de": "der die das und ist nicht ich sie zu mit den von auf für es ein eine wir haben kann bitte danke"
    " hallo mein ihre"
    " bei wie auch sehr dem des nach wird noch mir aber oder wenn guten tag funktioniert seit",
    "fr": "le la les et est pas je vous de des un une pour que qui dans sur avec ne au ce mon ma votre merci"
    " bonjour nous"
    " être ai avez plus du en il elle mais comment bien s'il plaît ça j'ai n'est c'est",
    "es": "el la los las y es no de que un una para con por en mi su se lo gracias hola buenos días favor puede tengo"
    " está del al como pero más cuando donde necesito me ha muy",
    "it": "il la i gli le e è non di che un una per con del della mio sono ho grazie buongiorno ciao si come ma più in"
    " nel alla dal questo vorrei potete salve anche mi ci",
    "pt": "o a os as e é não de que um uma para com por em meu minha obrigado obrigada olá bom dia você se no na do da"
    " como mas mais está tenho gostaria favor ao foi estou",
    "pl": "i w nie na się że z do jest to jak mam proszę dziękuję dzień dobry o po czy od za jestem ale co mi dla przez"
    " tylko już może witam nie działa moje",
    "nl": "de het een en is niet ik u van dat te in op voor met zijn mijn kan hallo bedankt dank wij maar ook"
    " er aan naar"
    " heb bij als wat geen graag goedemorgen werkt kunt",
    "cs": "a je se na že v s z to do ne prosím děkuji dobrý den jsem ale jak mám si pro po by co nebo už od mi také"
    " nefunguje není",
    "sk": "a je sa na že v s z to do nie prosím ďakujem dobrý deň som ale ako mám si pre po by čo alebo už od mi tiež"
    " nefunguje nie",
    "sv": "och är det att i på jag inte en ett som med för av till har kan vi tack hej min men om den ni vad"
    " hur fungerar"
    " mig från var",
    "da": "og er det at i på jeg ikke en et som med for af til har kan vi tak hej min men om den hvad hvordan"
    " virker mig"
    " fra jer kunne",
    "no": "og er det at i på jeg ikke en et som med for av til har kan vi takk hei min men om den hva hvordan"
    " fungerer meg"
    " fra dere kunne",
    "fi": "ja on ei että se en kun ole mutta hei kiitos minun voi tämä ovat miten olen mikä niin voisitteko toimi ei",
    "tr": "ve bir bu için de da ne var mı mi ben çok ile merhaba teşekkürler lütfen nasıl değil ama olarak sayın iyi"
    " günler çalışmıyor benim",
    "hu": "a az és nem hogy egy is van meg de köszönöm jó napot kérem szia hogyan csak már volt mert vagy lenne nincs",
    "ro": "și de la nu este în cu pe un o să mai am pentru care mulțumesc bună ziua vă rog cum dar ce sunt din",
}


def _owners(*tables: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    """Each word with the languages that it is common in."""
    owners: dict[str, tuple[str, ...]] = {}
    for table in tables:
        for language, words in table.items():
            for word in set(words.split()):
                owners[word] = tuple(dict.fromkeys((*owners.get(word, ()), language)))
    return owners


def _letter_owners(table: Mapping[str, Mapping[str, int]]) -> Mapping[str, tuple[tuple[str, int], ...]]:
    """Each telling letter with its languages and what it counts for them."""
    owners: dict[str, tuple[tuple[str, int], ...]] = {}
    for language, letters in table.items():
        for letter, weight in letters.items():
            owners[letter] = (*owners.get(letter, ()), (language, weight))
    return owners


_CYRILLIC_OWNERS = _owners(_CYRILLIC_WORDS, _CYRILLIC_TRADE)
_LATIN_OWNERS = _owners(_LATIN_WORDS, _LATIN_TRADE)
_CYRILLIC_WEIGHTS = _letter_owners(
    {
        language: {
            letter: _CYRILLIC_LETTERS.get(language, {}).get(letter, 0) - 4 * (letter in foreign)
            for letter in {*_CYRILLIC_LETTERS.get(language, {}), *foreign}
        }
        for language, foreign in _FOREIGN.items()
    }
)
_LATIN_WEIGHTS = _letter_owners(_LATIN_LETTERS)


def guess(text: str) -> str:
    """The language's ISO 639-1 code, or "" where a text is too short or too mixed to tell."""
    text = _without_noise(text[: 4 * _LONGEST])[:_LONGEST].lower().replace("’", "'")
    letters = {char: count for char, count in Counter(text).items() if char.isalpha()}
    total = sum(letters.values())
    if not total:
        return ""
    cyrillic = sum(count for char, count in letters.items() if "\u0400" <= char <= "\u052f")
    latin = sum(count for char, count in letters.items() if char < "\u0250" or "\u1e00" <= char <= "\u1eff")
    if total - cyrillic - latin > 0.3 * total and (other := _by_script(letters)):
        return other
    # Russian mail is full of Latin names and words of the trade, hardly ever the other way round.
    if cyrillic >= 0.3 * total:
        return _cyrillic(text, letters)
    return _latin(text, letters) if latin >= 0.5 * total else ""


def _without_noise(text: str) -> str:
    """The text without quoted lines, links and addresses: they are not the sender's own words."""
    lines = text.split("\n")
    if ">" in text or "|" in text:
        lines = [line for line in lines if not line.lstrip(" \t").startswith((">", "|"))]
    if "@" not in text and "://" not in text and "www." not in text:
        return " ".join(lines)
    words = (word for line in lines for word in line[:_LINE_CAP].split())
    return " ".join(word for word in words if not ("@" in word or "://" in word or "www." in word))


def _by_script(letters: Mapping[str, int]) -> str:
    counts: Counter[str] = Counter()
    for char, count in letters.items():
        if char >= "\u0370":
            counts[next((code for code, first, last in _SCRIPTS if first <= char <= last), "")] += count
    counts.pop("", None)
    if not counts:
        return ""
    # Japanese is written with Chinese characters and kana; a few kana decide.
    if counts["ja"] and counts["ja"] * 10 >= counts["zh"]:
        return "ja"
    return counts.most_common(1)[0][0]


def _scores(
    text: str,
    letters: Mapping[str, int],
    owners: Mapping[str, tuple[str, ...]],
    weights: Mapping[str, tuple[tuple[str, int], ...]],
) -> dict[str, int]:
    """What words and letters say for each language."""
    scores: dict[str, int] = {}
    for word, count in Counter(_WORDS.findall(text)).items():
        for language in owners.get(word, ()):
            scores[language] = scores.get(language, 0) + 2 * count
    for letter, count in letters.items():
        for language, weight in weights.get(letter, ()):
            scores[language] = scores.get(language, 0) + weight * count
    return scores


def _cyrillic(text: str, letters: Mapping[str, int]) -> str:
    scores = dict.fromkeys(_FOREIGN, 0) | _scores(text, letters, _CYRILLIC_OWNERS, _CYRILLIC_WEIGHTS)
    if "ъ" in letters:
        vowels = len(_BULGARIAN_VOWEL.findall(text))
        for language in scores:
            scores[language] += vowels * (6 if language == "bg" else -4)
    # Where nothing tells, a Cyrillic text is most likely Russian.
    return max(scores, key=lambda language: (scores[language], language == "ru"))


def _latin(text: str, letters: Mapping[str, int]) -> str:
    scores = _scores(text, letters, _LATIN_OWNERS, _LATIN_WEIGHTS)
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    if not ranked or ranked[0][1] < 2 or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return ""
    return ranked[0][0]
