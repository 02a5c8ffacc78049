"""Tell which of a list's columns is which of ours, from its heading."""

from collections.abc import Sequence

from geo.countries import fold

# Our columns, in the order in which they are shown, with headings that mean them.
NAMES = {
    "given_name": "first name,given name,forename,vorname,prénom,nombre,nome,имя,名",
    "family_name": "last name,surname,family name,nachname,nom,apellidos,apellido,"
    "sobrenome,apelido,фамилия,姓",
    "birth_year": "year of birth,birth year,born,date of birth,geburtsjahr,"
    "geburtsdatum,année de naissance,date de naissance,fecha de nacimiento",
    "phone": "phone number,mobile,cell,telephone,telefon,handy,téléphone,teléfono,"
    "telefone,телефон,هاتف,电话",
    "email": "e mail,mail,email address,correo,courriel,почта",
    "language": "lang,sprache,langue,idioma,язык",
    "place": "town,city,ort,stadt,lieu,ville,lugar,ciudad,cidade,destination,место",
    "country": "land,pays,país,страна,country code",
    "arrives_on": "from,arrival,arrives,start,von,anreise,ab,du,arrivée,desde,llegada",
    "departs_on": "to,until,departure,departs,end,bis,abreise,au,départ,hasta,salida",
    "party": "family,group,booking,party number,gruppe,buchung",
    "needs": "medical needs,special needs,bedarf",
}
NEEDED = ("given_name", "country")


def guessed(columns: Sequence[str]) -> dict[str, int]:
    """Return the place of each of our columns that a heading names.

    Examples
    --------
    >>> guessed(["Vorname", "E-Mail", "given_name", "Shoe size"])
    {'given_name': 2, 'email': 1}
    """
    headings = [fold(column) for column in columns]
    found = {}
    for ours, others in NAMES.items():
        meant = [fold(ours), *(fold(each) for each in others.split(","))]
        for word in meant:
            if word in headings:
                found[ours] = headings.index(word)
                break
    return found
