"""Who is meant by a name: both scripts, the usual spellings, the cases of Russian, and never the wrong person."""

import pytest
from office import ANNA as WRITER
from office import NOW, TEAM, practice, ticket

from maild.people.names import who_is_meant
from maild.people.sounds import sounds
from maild.people.team import Agent, Team
from maild.threads.order_lines import split_orders
from maild.threads.orders.table import Carried, carry_out
from maild.threads.orders.work import Setting

SPELLINGS = """
Юлия Julia Yulia Iuliia Yuliya Juliya
Щукин Shchukin Schukin Shukin Ščukin
Ёлкин Elkin Yolkin Iolkin Jolkin
Сергей Sergey Sergei Sergej
Евгений Evgeny Yevgeniy Evgenii Jewgenij
Ксения Xenia Ksenia Kseniya Kseniia
Пётр Pyotr Petr Peter
Александр Alexander Aleksandr Alexandr
Михаил Mikhail Mihail Michail
Чайковский Chaikovsky Tchaikovsky Tschaikowski Chaykovskiy
Цветков Tsvetkov Tzvetkov Cvetkov
Анна Anna
Мария Maria Mariya Mariia Marija
Наталья Natalia Natalya Natalija
Дмитрий Dmitry Dmitri Dmitriy Dmitrii
Виктор Viktor Victor
Жанна Zhanna Žanna Janna
Хабенский Khabensky Habensky
Людмила Lyudmila Liudmila Ludmila
Алексеев Alekseev Alekseyev Alexeev
Воробьёв Vorobyov Vorobiev Vorobev
Юрий Yuri Yury Iurii
Филипп Filipp Philip
Иванов Ivanov Ivanoff Iwanow
Яна Yana Iana Jana
Илья Ilya Ilia
Борис Boris
""".strip().splitlines()
CASES = (
    "Борису-Борис Бориса-Борис Анне-Анна Анну-Анна Андрею-Андрей Игорю-Игорь Марии-Мария "
    "Марию-Мария Илье-Илья Юлии-Юлия Любови-Любовь Павлу-Павел Льву-Лев Петру-Пётр "
    "Иванову-Иванов Ивановой-Иванова Чайковскому-Чайковский Фёдору-Фёдор Чайковской-Чайковская "
    "Толстому-Толстой Толстой-Толстая Дарье-Дарья Кравцу-Кравец Юрию-Юрий Никите-Никита Зое-Зоя"
)
BORIS = Agent(id="boris", name="Boris Ivanov", address="boris@desk.example")
ANNA = Agent(id="anna", name="Анна Петрова", address="anna@desk.example")


def meant(words: str, *agents: Agent) -> list[str]:
    """The ids of those who are meant."""
    return [agent.id for agent in who_is_meant(words, agents)]


def ordered(text: str, team: Team, language: str = "en") -> Carried:
    """An agent's orders on a ticket, in this team."""
    setting = Setting(agent=WRITER, language=language, now=NOW, practice=practice(team=team))
    return carry_out(ticket(), split_orders(text)[0], setting)


def called(name: str, agent_id: str = "x1") -> Agent:
    """Somebody of this name, whose id says nothing."""
    return Agent(id=agent_id, name=name, address=f"{agent_id}@desk.example")


@pytest.mark.parametrize("line", SPELLINGS)
def test_the_usual_spellings_of_a_name_are_one_name(line: str) -> None:
    """Whichever of them stands in the files, each of the others finds the agent."""
    names = line.split()
    others = called("Кирилл Мефодьев", "x2")
    for own in names:
        assert all(meant(said, called(own), others) == ["x1"] for said in names), own


def test_names_that_are_not_one_do_not_sound_alike() -> None:
    """No two lines of the table above share the key of their first name."""
    keys = frozenset.union(*(sounds(line.split()[0]) for line in SPELLINGS))
    assert len(SPELLINGS) == len(keys)


@pytest.mark.parametrize("pair", CASES.split())
def test_a_name_in_the_dative_or_accusative_is_understood(pair: str) -> None:
    """As Russian says whom a ticket is given to."""
    said, own = pair.split("-")
    assert meant(said, called(own), BORIS if own != "Борис" else ANNA) == ["x1"]
    assert meant(f"{said} Кириллову", called(f"{own} Кириллов")) == ["x1"]


@pytest.mark.parametrize("words", ["Борис", "Борису", "борис иванов", "Иванову Борису", "Борису И", "Бор"])
def test_a_name_in_latin_letters_is_found_by_cyrillic_ones(words: str) -> None:
    """Whole, declined, in either order or begun."""
    assert meant(words, BORIS, ANNA) == ["boris"]


@pytest.mark.parametrize("words", ["Anna P", "Petrova", "petrova anna", "Pet", "@anna"])
def test_a_name_in_cyrillic_letters_is_found_by_latin_ones(words: str) -> None:
    """The other way round."""
    assert meant(words, BORIS, ANNA) == ["anna"]


def test_an_exact_id_address_or_whole_name_wins() -> None:
    """Whoever else is called alike."""
    smith, namesake = called("Anna Smith"), called("Борис Петров", "x2")
    assert meant("anna", ANNA, smith) == ["anna"]
    assert meant("Anna Smith", ANNA, smith) == ["x1"]
    assert meant("x2@desk.example", BORIS, namesake) == ["x2"]
    assert meant("Борис Петров", BORIS, namesake) == meant("Борису Петрову", BORIS, namesake) == ["x2"]


def test_who_is_not_told_apart_is_asked_about() -> None:
    """Spellings that sound alike, forms that two names share, and beginnings that two have."""
    assert meant("Shukin", called("Щукин"), called("Шукин", "x2")) == ["x1", "x2"]
    assert meant("Александра", called("Александр Белов"), called("Александра Белова", "x2")) == ["x1", "x2"]
    assert meant("Иванову", called("Борис Иванов"), called("Анна Иванова", "x2")) == ["x1", "x2"]
    assert meant("Jul", called("Юлия Белова"), called("Юлий Цезарь", "x2")) == ["x1", "x2"]


@pytest.mark.parametrize("words", ["", "@", "ььь", "!", "Щукин", "Анна Иванова", "Борис Борис", "Ия", "Bo Anna"])
def test_nobody_is_found_by_what_is_nobodys_name(words: str) -> None:
    """Neither by half a name beside another one, nor by a word said twice."""
    assert not meant(words, BORIS, ANNA)


def test_orders_find_a_colleague_over_both_scripts() -> None:
    """To whom a ticket is given, among whom it is shared out, and who stands in."""
    team = Team(agents=(*TEAM.agents, called("Щукина Юлия", "jsh")), queues=TEAM.queues)
    assert ordered("/назначить Борису", team).ticket.assignee == "boris"
    assert ordered("/assign Yulia Schukina", team).ticket.assignee == "jsh"
    assert ordered("/assign next of Юлии", team).ticket.assignee == "jsh"
    absence = ordered("/отпуск до пятницы Юлии Щукиной", team).work.absences[0]
    assert absence.deputy == "jsh"


def test_me_is_whoever_orders_and_not_a_colleague_whose_name_begins_so() -> None:
    """Unless that is somebody's very name."""
    team = Team(agents=(*TEAM.agents, called("Melissa Mneva", "melissa")), queues=TEAM.queues)
    for words in ("me", "мне"):
        assert ordered(f"/assign {words}", team).ticket.assignee == WRITER.id
    team = Team(agents=(*TEAM.agents, called("Me Nguyen", "nguyen")), queues=TEAM.queues)
    assert ordered("/assign me", team).ticket.assignee == "nguyen"


def test_an_order_that_may_mean_two_colleagues_names_both_and_is_not_done() -> None:
    """In the agent's language, each with the id by which he can be told."""
    team = Team(agents=(*TEAM.agents, called("Борис Петров", "bp"), called("Борис Сидоров", "bs")), queues=TEAM.queues)
    assert ordered("/assign Борису", team).ticket.assignee is None
    told = "под именем Борису есть несколько сотрудников; укажите, кто из них: bp (Борис Петров), bs (Борис Сидоров)"
    assert ordered("/assign Борису", team, "ru").done[0].effect == told
    assert "bp (Борис Петров), bs" in ordered("/away until friday Борис", team).done[0].effect
