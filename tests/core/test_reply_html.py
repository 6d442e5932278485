"""Quotes and signatures that mail clients mark in HTML."""

# ruff: noqa: E501  the mails in here keep their long lines

from __future__ import annotations

import time

import pytest

from maild.messages.reply import split_html

REPLY = "<p>Всё ещё не печатает.</p>"
TEXT = "Всё ещё не печатает.\n\nДобрый день!\n\nПерезагрузите принтер."
QUOTE = "<p>Добрый день!</p><p>Перезагрузите принтер.</p>"

CLIENTS = {
    "gmail": f'{REPLY}<div class="gmail_quote">{QUOTE}</div>',
    "gmail, nested divs": f'{REPLY}<div class="gmail_quote gmail_quote_container"><div><div>{QUOTE}</div></div></div>',
    "apple mail": f'{REPLY}<blockquote type="cite">{QUOTE}</blockquote>',
    "yahoo": f'{REPLY}<div id="yahoo_quoted_8412345">{QUOTE}</div>',
    "outlook web": f'{REPLY}<hr><div id="divRplyFwdMsg" dir="ltr"></div>{QUOTE}',
    "outlook web, newer": f"{REPLY}<div id='appendonsend'></div>{QUOTE}",
    "outlook, word": f"{REPLY}<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt'></div>{QUOTE}",
    "outlook express": f"{REPLY}<DIV CLASS=OutlookMessageHeader></DIV>{QUOTE}",
    "outlook for mac": f'{REPLY}<span id="OLK_SRC_BODY_SECTION">{QUOTE}</span>',
    "hotmail": f'{REPLY}<hr id="stopSpelling">{QUOTE}',
    "proton": f'{REPLY}<div class="protonmail_quote">{QUOTE}</div>',
    "zimbra": f'{REPLY}<hr id="zwchr" data-marker="__DIVIDER__">{QUOTE}',
    "zoho": f'{REPLY}<div class="zmail_extra">{QUOTE}</div>',
    "outlook on a phone": f'{REPLY}<div id="mail-editor-reference-message-container" class="x">{QUOTE}</div>',
    "gmx": f'{REPLY}<div name="quote" style="margin:10px 5px 5px 10px"><div name="quoted-content">{QUOTE}</div></div>',
    "netease on a phone": f'{REPLY}<div class="ntes-mailmaster-quote" style="x">{QUOTE}</div>',
    "netease": f'{REPLY}<blockquote id="isReplyContent" style="x">{QUOTE}</blockquote>',
    "airmail": f'{REPLY}<blockquote class="clean_bq"><div>{QUOTE}</div></blockquote>',
    "canary": f'{REPLY}<blockquote id="CanaryBlockquote">{QUOTE}</blockquote>',
    "mailbird": f'{REPLY}<div class="history_container">{QUOTE}</div>',
    "missive": f'{REPLY}<blockquote class="missive_quote">{QUOTE}</blockquote>',
    "aqua mail": f'{REPLY}<div id="aqm-original">{QUOTE}</div>',
    "roundcube": f'{REPLY}<p id="reply-intro"></p>{QUOTE}',
    "spark": f'{REPLY}<div name="messageReplySection">{QUOTE}</div>',
    "mail.ru": f'{REPLY}<blockquote class="mailru-blockquote">{QUOTE}</blockquote>',
    "yandex": f'{REPLY}<div class="yandex_quote">{QUOTE}</div>',
    "front": f'{REPLY}<blockquote class="front-blockquote">{QUOTE}</blockquote>',
    "evolution": f'{REPLY}<div class="-x-evo-cite">{QUOTE}</div>',
    "tuta": f'{REPLY}<blockquote class="tutanota_quote">{QUOTE}</blockquote>',
    "nylas": f'{REPLY}<div class="nylas-quote">{QUOTE}</div>',
    "mailspring": f'{REPLY}<div class="gmail_quote_attribution mailspring-quote">{QUOTE}</div>',
    "capitals that grow in lower case": f'<p>İİ {REPLY}</p><div class="gmail_quote">{QUOTE}</div>',
    "airmail's line": f'{REPLY}<p class="airmail_on">Добрый день!</p><blockquote type="cite">Перезагрузите принтер.</blockquote>',
    "comment with a tag in it": f'<!-- <div class="gmail_quote"> -->{REPLY}<div class="gmail_quote">{QUOTE}</div>',
    "styles first": f'<style>.gmail_quote {{ x }}</style>{REPLY}<div class="gmail_quote">{QUOTE}</div>',
}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_clients_mark_begins_the_quoted_mail(client: str) -> None:
    """The element that a client puts around or above the quoted mail cuts the text where its words begin."""
    split = split_html(CLIENTS[client], TEXT)
    assert split is not None
    assert (split.reply, split.quoted) == ("Всё ещё не печатает.", "Добрый день!\n\nПерезагрузите принтер.")


def test_the_line_of_thunderbird_goes_with_its_quote() -> None:
    """moz-cite-prefix stands above the blockquote; both are one quote."""
    html = f'Ответ.<div class="moz-cite-prefix">21.11.2026 10:00, Иван пишет:</div><blockquote type="cite">{QUOTE}</blockquote>'
    split = split_html(html, "Ответ.\n\n21.11.2026 10:00, Иван пишет:\n\n> Добрый день!\n>\n> Перезагрузите принтер.")
    assert split is not None
    assert (split.reply, split.quoted[:14]) == ("Ответ.", "21.11.2026 10:")


def test_an_answer_below_the_marked_quote_is_kept() -> None:
    """Bottom posting in HTML."""
    split = split_html(
        f'<blockquote type="cite">{QUOTE}</blockquote><p>Перезагрузил.</p>',
        "> Добрый день!\n>\n> Перезагрузите принтер.\n\nПерезагрузил.",
    )
    assert split is not None
    assert split.reply == "Перезагрузил."


def test_answers_between_marked_quotes_are_left_to_the_text() -> None:
    """Several quotes with words between them: nothing may be cut here."""
    html = '<blockquote type="cite">A?</blockquote>yes<blockquote type="cite">B?</blockquote>no'
    assert split_html(html, "> A?\n\nyes\n\n> B?\n\nno") is None


@pytest.mark.parametrize(
    "html",
    [
        f"{REPLY}{QUOTE}",
        f"{REPLY}<blockquote>{QUOTE}</blockquote>",
        f'<div class="gmail_quote">{REPLY}{QUOTE}</div>',
        f'{REPLY}<div class="gmail_quote">---------- Forwarded message ---------<br>{QUOTE}</div>',
        f'{REPLY}<div class="quote">{QUOTE}</div>',
        f'{REPLY}<p title="quote cite signature">{QUOTE}</p>',
        f'{REPLY}<div class="moz-forward-container">{QUOTE}<blockquote type="cite">x</blockquote></div>',
        "<",
        "",
    ],
)
def test_html_without_a_clear_mark_says_nothing(html: str) -> None:
    """No mark, a plain blockquote, a quote of everything and a forward leave the judgement to the text."""
    assert split_html(html, TEXT) is None


def test_a_marked_signature_is_cut_from_the_reply() -> None:
    """Gmail marks the signature, above the quote as well."""
    html = f'{REPLY}<div class="gmail_signature">Анна, бухгалтерия</div><div class="gmail_quote">{QUOTE}</div>'
    split = split_html(html, "Всё ещё не печатает.\nАнна, бухгалтерия\n\nДобрый день!\n\nПерезагрузите принтер.")
    assert split is not None
    assert (split.reply, split.signature) == ("Всё ещё не печатает.", "Анна, бухгалтерия")


def test_the_marks_of_an_empty_quote_are_no_reply() -> None:
    """The sender's signature below the quote leaves the marks of an empty line behind."""
    html = f'{REPLY}<div class="gmail_quote">{QUOTE}</div><div>-- <br>Анна</div>'
    split = split_html(html, f"{TEXT}\n> >\n-- \nАнна")
    assert split is not None
    assert (split.reply, split.signature) == ("Всё ещё не печатает.", "--\nАнна")
    assert split.quoted == "Добрый день!\n\nПерезагрузите принтер.\n> >"


LINKED = {
    '<a href="https://example.org/manual">manual</a> 👍': "manual <https://example.org/manual> 👍",
    'or ask <a href="mailto:ivan@example.org">Ivan</a>.': "or ask Ivan <ivan@example.org>.",
}


@pytest.mark.parametrize("link", LINKED)
@pytest.mark.parametrize(
    ("below", "rest"),
    [
        ('<div class="gmail_signature">-- <br>Anna</div>', "-- \nAnna"),
        (f'<div class="gmail_quote">{QUOTE}</div>', "Добрый день!\n\nПерезагрузите принтер."),
    ],
)
def test_a_link_right_above_a_signature_or_a_quotation_is_the_writers(link: str, below: str, rest: str) -> None:
    """With its target, which the text has and the HTML shows to nobody."""
    split = split_html(f"<div>See {link}</div>{below}", f"See {LINKED[link]}\n\n{rest}")
    assert split is not None
    assert split.reply == f"See {LINKED[link]}"


def test_the_dashes_above_a_signature_below_the_quote_are_no_reply() -> None:
    """Thunderbird puts them into the element that it marks as its signature."""
    html = f'{REPLY}<blockquote type="cite">{QUOTE}</blockquote><div class="moz-signature">-- <br>Best regards,<br>Anna</div>'
    split = split_html(html, f"{TEXT}\n\n-- \nBest regards,\nAnna")
    assert split is not None
    assert split.reply == "Всё ещё не печатает."
    assert split.signature.endswith("Best regards,\nAnna")


def test_a_signature_of_one_word_below_the_quote_is_no_reply() -> None:
    """And what is written below a quotation on top is."""
    quote, sign = f'<blockquote type="cite">{QUOTE}</blockquote>', '<pre class="moz-signature">-- \nAnna</pre>'
    split = split_html(f"{REPLY}{quote}{sign}", f"{TEXT}\n\n-- \nAnna")
    assert split is not None
    assert (split.reply, split.signature) == ("Всё ещё не печатает.", "--\nAnna")
    below = split_html(f"{quote}<p>Anna</p>", "Добрый день!\n\nПерезагрузите принтер.\n\nAnna")
    assert below is not None
    assert below.reply == "Anna"


def test_samsungs_signature_is_marked() -> None:
    """The phone's own element."""
    html = f'{REPLY}<div id="composer_signature">Анна с телефона</div><div class="gmail_quote">{QUOTE}</div>'
    split = split_html(html, "Всё ещё не печатает.\nАнна с телефона\n\nДобрый день!\n\nПерезагрузите принтер.")
    assert split is not None
    assert (split.reply, split.signature) == ("Всё ещё не печатает.", "Анна с телефона")


@pytest.mark.parametrize("original", ["-------- Исходное сообщение --------", "-------- Original message --------"])
@pytest.mark.parametrize("above", ["Всё ещё не печатает.", ""])
def test_the_header_block_right_below_a_marked_signature_is_no_reply(original: str, above: str) -> None:
    """Samsung marks its own line, and nothing of what it quotes; a mail of nothing else keeps it."""
    block = f"{original}\nОт: Ivan <ivan@x.example>\nДата: 22.11.26  10:30  (GMT+03:00)\nКому: Анна <anna@x.example>\nТема: Принтер"
    html = f'<p>{above}</p><div id="composer_signature">Анна с телефона</div><div>{block}</div>{QUOTE}'
    split = split_html(html, f"{above}\n\nАнна с телефона\n\n{block}\n\nПерезагрузите принтер.")
    assert split is not None or not above
    if split is not None:
        assert ("Кому: Анна" in split.reply, "Кому: Анна" in split.quoted) == (not above, bool(above))
        assert (split.reply == above) is bool(above)


def test_links_and_hidden_words_do_not_move_the_cut() -> None:
    """The text shows link targets that are no words of the HTML, and lacks what is hidden."""
    html = '<p>См. <a href="https://x.example/a/b">сайт</a> <i style="display:none">тайное слово</i>тут.</p><div class="gmail_quote">Где?</div>'
    split = split_html(html, "См. сайт <https://x.example/a/b> тут.\n\nГде?")
    assert split is not None
    assert (split.reply, split.quoted) == ("См. сайт <https://x.example/a/b> тут.", "Где?")


@pytest.mark.parametrize(
    "piece",
    [
        "<div>",
        "<",
        "<!--",
        "<blockquote type=cite>x",
        "<div class=gmail_quote>a</div>b ",
        '<div class="',
        "&#x3c;",
        "<style>",
    ],
)
def test_a_megabyte_of_html_is_walked_in_no_time(piece: str) -> None:
    """No HTML makes the walk slow."""
    started = time.process_time()
    split_html((piece * (1_000_000 // len(piece)))[:1_000_000], "a b x " * 50_000)
    assert time.process_time() - started < 1.5
