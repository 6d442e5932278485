"""Domains where anybody can have a mailbox: an address there says nothing about whose colleague its owner is."""

from __future__ import annotations

FREE_MAIL = frozenset({
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "yahoo.co.uk",
    "yahoo.co.jp", "ymail.com", "icloud.com", "me.com", "mac.com", "aol.com", "proton.me", "protonmail.com", "gmx.de",
    "gmx.net", "gmx.at", "gmx.com", "web.de", "t-online.de", "freenet.de", "mail.com", "zoho.com", "fastmail.com",
    "orange.fr", "free.fr", "laposte.net", "libero.it", "wp.pl", "o2.pl", "onet.pl", "interia.pl", "seznam.cz",
    "qq.com", "163.com", "126.com", "sina.com", "naver.com", "yandex.ru", "yandex.com", "yandex.by", "yandex.kz",
    "ya.ru", "mail.ru", "inbox.ru", "list.ru", "bk.ru", "internet.ru", "vk.com", "rambler.ru", "lenta.ru",
    "autorambler.ru", "ro.ru", "myrambler.ru", "ukr.net", "i.ua", "tut.by", "abv.bg", "inbox.lv", "mail.bg",
})  # fmt: skip
"""Where very many people who do not know each other have their mailboxes."""
