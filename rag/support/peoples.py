"""What no library says of countries: their peoples, capitals and other names, in Spanish and English; and a few bodies.

The names themselves are CLDR's, which Babel brings.
"""

from __future__ import annotations

# code | peoples in Spanish, masculine singular | peoples in English, singular | capitals that stand for the government
# in the news, and names that CLDR doesn't use.
# Left out: capitals better known as something else (San José, Georgetown, Sofía, Brussels), and "inglés", which is
# mostly the language.
PEOPLES = """
AD | andorrano | Andorran |
AE | emiratí | Emirati | Abu Dabi, Abu Dhabi, Emiratos, Emirates
AF | afgano | Afghan | Kabul
AG | antiguano | Antiguan |
AL | albanés | Albanian | Tirana
AM | armenio | Armenian | Ereván, Yerevan
AO | angoleño, angolano | Angolan | Luanda
AR | argentino | Argentine, Argentinian, Argentinean | Buenos Aires
AT | austriaco | Austrian | Viena, Vienna
AU | australiano | Australian | Canberra, Camberra
AZ | azerbaiyano, azerí | Azerbaijani, Azeri | Bakú, Baku, Azerbaijan, Azerbaiyán
BA | bosnio, bosnioherzegovino | Bosnian | Sarajevo, Bosnia, Bosnia-Herzegovina, Bosnia and Hercegovina
BB | barbadense | Barbadian | Bridgetown
BD | bangladesí | Bangladeshi | Daca, Dacca, Dhaka, Bangladesh
BE | belga | Belgian |
BF | burkinés, burkinabé | Burkinabe | Uagadugú, Ouagadougou, Burkina
BG | búlgaro | Bulgarian |
BH | bareiní, bahreiní | Bahraini | Manama, Bahréin
BI | burundés | Burundian | Buyumbura, Bujumbura
BJ | beninés | Beninese | Porto-Novo
BN | bruneano | Bruneian |
BO | boliviano | Bolivian | La Paz
BR | brasileño, brasilero | Brazilian | Brasilia
BS | bahameño | Bahamian | Nasáu, Nassau
BT | butanés | Bhutanese | Timbu, Thimphu
BW | botsuano | Botswanan | Gaborone
BY | bielorruso | Belarusian, Belarussian, Byelorussian | Minsk, Belarús, Byelorussia
BZ | beliceño | Belizean | Belmopán, Belmopan
CA | canadiense | Canadian | Ottawa, Otawa
CD | | | RD Congo, DR Congo, Democratic Republic of the Congo, Democratic Republic of Congo, Kinsasa, Kinshasa, Zaire
CF | centroafricano | Central African | Bangui
CG | | | República del Congo, Republic of the Congo, Republic of Congo, Brazzaville
CH | suizo | Swiss | Berna, Bern, Berne
CI | marfileño, costamarfileño | Ivorian, Ivoirian | Costa de Marfil, Ivory Coast, Yamusukro, Yamoussoukro
CL | chileno | Chilean | Santiago de Chile
CM | camerunés | Cameroonian | Yaundé, Yaoundé
CN | chino | Chinese | Pekín, Beijing, República Popular China, People's Republic of China
CO | colombiano | Colombian | Bogotá
CR | costarricense | Costa Rican |
CU | cubano | Cuban | La Habana, Havana
CV | caboverdiano | Cape Verdean, Cabo Verdean | Cabo Verde
CY | chipriota | Cypriot | Nicosia
CZ | checo | Czech | Praga, Prague, República Checa, Czech Republic
DE | alemán | German | Berlín
DJ | yibutiano | Djiboutian |
DK | danés | Dane, Danish | Copenhague, Copenhagen
DM | dominiqués | |
DO | dominicano | Dominican | Santo Domingo
DZ | argelino | Algerian | Argel, Algiers
EC | ecuatoriano | Ecuadorian, Ecuadorean | Quito
EE | estonio | Estonian | Tallin, Tallinn
EG | egipcio | Egyptian | El Cairo, Cairo
EH | saharaui | Sahrawi |
ER | eritreo | Eritrean | Asmara
ES | español | Spanish, Spaniard | Madrid
ET | etíope | Ethiopian | Adís Abeba, Addis Ababa
FI | finlandés | Finn, Finnish | Helsinki
FJ | fiyiano | Fijian |
FK | malvinense | Falkland Islander | Falklands, Malvinas
FO | feroés | Faroese | Faroes, Faeroe Islands, Feroe
FR | francés | French, Frenchman, Frenchmen | París, Paris
GA | gabonés | Gabonese | Libreville
GB | británico | British, Briton | Londres, London, Inglaterra, England, Britain, Great Britain, Gran Bretaña
GB-NIR | norirlandés | Northern Irish | Irlanda del Norte, Northern Ireland
GB-SCT | escocés | Scottish, Scot | Escocia, Scotland, Edimburgo, Edinburgh
GB-WLS | galés | Welsh | Gales, Wales
GD | | Grenadian |
GE | georgiano | Georgian | Tiflis, Tbilisi
GH | ghanés | Ghanaian | Acra, Accra
GL | groenlandés | Greenlandic, Greenlander | Nuuk
GM | gambiano | Gambian | Banjul
GN | guineano | Guinean | Conakri, Conakry, Guinea Conakry, Guinea-Conakry
GQ | ecuatoguineano | Equatoguinean, Equatorial Guinean | Malabo
GR | griego | Greek | Atenas, Athens
GT | guatemalteco | Guatemalan | Guatemala City, Ciudad de Guatemala
GW | bisauguineano | Bissau-Guinean | Bisáu, Bissau
GY | guyanés | Guyanese |
HK | hongkonés | Hong Konger, Hongkonger | Hong Kong, Hongkong
HN | hondureño | Honduran | Tegucigalpa
HR | croata | Croat, Croatian | Zagreb
HT | haitiano | Haitian | Puerto Príncipe, Port-au-Prince
HU | húngaro, magiar | Hungarian | Budapest
ID | indonesio | Indonesian | Yakarta, Jakarta
IE | irlandés | Irish, Irishman, Irishmen | Dublín, Dublin
IL | israelí | Israeli |
IN | indio | Indian | Nueva Delhi, New Delhi, Delhi
IQ | iraquí | Iraqi | Bagdad, Baghdad, Iraq
IR | iraní | Iranian | Teherán, Tehran, Teheran
IS | islandés | Icelandic, Icelander | Reikiavik, Reykjavik
IT | italiano | Italian | Roma, Rome
JM | jamaicano, jamaiquino | Jamaican |
JO | jordano | Jordanian | Amán, Ammán, Amman
JP | japonés, nipón | Japanese | Tokio, Tokyo
KE | keniano, keniata | Kenyan | Nairobi
KG | kirguís, kirguiso | Kyrgyz, Kirghiz | Biskek, Bishkek, Kirguizistán
KH | camboyano | Cambodian | Nom Pen, Phnom Penh
KM | comorense | Comorian, Comoran |
KP | norcoreano | North Korean, Northern Korean | Pyongyang, Pionyang, RPD de Corea, \
República Popular Democrática de Corea, Democratic People's Republic of Korea
KR | surcoreano | South Korean, Southern Korean | Seúl, Seoul, República de Corea, Republic of Korea
KW | kuwaití | Kuwaiti | Kuwait City, Ciudad de Kuwait
KZ | kazajo | Kazakh, Kazakhstani | Astaná, Astana, Kazajstán
LA | laosiano | Laotian | Vientián, Vientiane
LB | libanés | Lebanese | Beirut
LI | liechtensteiniano | Liechtensteiner | Vaduz
LK | esrilanqués, ceilandés | Sri Lankan | Colombo
LR | liberiano | Liberian | Monrovia
LS | lesotense | Basotho |
LT | lituano | Lithuanian | Vilna, Vilnius
LU | luxemburgués | Luxembourger, Luxembourgish |
LV | letón | Latvian | Riga
LY | libio | Libyan | Trípoli
MA | marroquí | Moroccan | Rabat
MC | monegasco | Monegasque |
MD | moldavo | Moldovan | Chisináu, Chisinau, Moldova
ME | montenegrino | Montenegrin | Podgorica
MG | malgache | Malagasy | Antananarivo
MK | macedonio, normacedonio | Macedonian, North Macedonian | Skopie, Skopje, Macedonia
ML | maliense, malí | Malian | Bamako
MM | birmano | Burmese | Naipyidó, Naypyidaw, Myanmar, Birmania, Burma
MN | mongol | Mongolian, Mongol | Ulán Bator, Ulaanbaatar, Ulan Bator
MO | macaense | Macanese | Macao, Macau
MR | mauritano | Mauritanian | Nuakchot, Nouakchott
MT | maltés | Maltese | La Valeta, Valletta
MU | mauriciano | Mauritian | Port Louis, Isla Mauricio, República de Mauricio
MV | maldivo | Maldivian |
MW | malauí | Malawian | Lilongüe, Lilongwe
MX | mexicano, mejicano | Mexican | Méjico, Ciudad de México, Mexico City, Estados Unidos Mexicanos, \
United Mexican States
MY | malasio | Malaysian | Kuala Lumpur
MZ | mozambiqueño | Mozambican | Maputo
NA | namibio | Namibian | Windhoek
NC | neocaledonio | New Caledonian | Numea, Noumea
NE | nigerino | Nigerien | Niamey
NG | nigeriano | Nigerian | Abuya, Abuja
NI | nicaragüense | Nicaraguan | Managua
NL | neerlandés, holandés | Dutch, Dutchman, Dutchmen | Ámsterdam, Amsterdam, Holanda, Holland
NO | noruego | Norwegian | Oslo
NP | nepalí, nepalés | Nepali, Nepalese | Katmandú, Kathmandu
NZ | neozelandés | New Zealander | Wellington, Nueva Zelandia
OM | omaní | Omani | Mascate, Muscat
PA | panameño | Panamanian | Ciudad de Panamá, Panama City
PE | peruano | Peruvian | Lima
PG | | Papua New Guinean | Port Moresby, Puerto Moresby
PH | filipino | Filipino, Filipina, Philippine | Manila
PK | pakistaní, paquistaní | Pakistani | Islamabad, Paquistán
PL | polaco | Pole, Polish | Varsovia, Warsaw
PR | puertorriqueño, portorriqueño | Puerto Rican |
PS | palestino | Palestinian | Palestina, Palestine, Estado de Palestina, State of Palestine
PT | portugués | Portuguese | Lisboa, Lisbon
PW | palauano | Palauan | Palau, Palaos
PY | paraguayo | Paraguayan | Asunción
QA | catarí, qatarí | Qatari | Doha, Qatar
RO | rumano | Romanian, Rumanian | Bucarest, Bucharest, Rumania
RS | serbio | Serb, Serbian | Belgrado, Belgrade
RU | ruso | Russian | Moscú, Moscow, Kremlin, Federación Rusa, Federación de Rusia, Russian Federation
RW | ruandés | Rwandan | Kigali
SA | saudí, saudita | Saudi, Saudi Arabian | Riad, Riyadh, Arabia Saudita
SC | seychellense | Seychellois |
SD | sudanés | Sudanese | Jartum, Khartoum
SE | sueco | Swede, Swedish | Estocolmo, Stockholm
SG | singapurense | Singaporean |
SI | esloveno | Slovene, Slovenian | Liubliana, Ljubljana
SK | eslovaco | Slovak, Slovakian | Bratislava
SL | sierraleonés | Sierra Leonean | Freetown
SM | sanmarinense | Sammarinese |
SN | senegalés | Senegalese | Dakar
SO | somalí | Somali | Mogadiscio, Mogadishu
SR | surinamés | Surinamese | Paramaribo, Surinam, Suriname
SS | sursudanés | South Sudanese | Yuba, Juba
ST | santotomense | São Toméan |
SV | salvadoreño | Salvadoran, Salvadorean, Salvadorian | San Salvador
SY | sirio | Syrian | Damasco, Damascus
SZ | suazi, esuatiniano | Swazi | Suazilandia, Swaziland
TD | chadiano | Chadian | Yamena, N'Djamena, Ndjamena
TG | togolés | Togolese | Lomé
TH | tailandés | Thai | Bangkok
TJ | tayiko | Tajik, Tajikistani | Dusambé, Dushanbe
TL | timorense | Timorese, East Timorese | Dili, Timor Oriental, East Timor
TM | turkmeno, turcomano | Turkmen | Asjabad, Ashgabat
TN | tunecino | Tunisian | Tunis
TO | tongano | Tongan |
TR | turco | Turk, Turkish | Ankara, Turkey
TT | trinitense | Trinidadian | Puerto España, Port of Spain, Trinidad and Tobago
TW | taiwanés | Taiwanese | Taipéi, Taipei
TZ | tanzano | Tanzanian | Dodoma
UA | ucraniano | Ukrainian | Kiev, Kyiv
UG | ugandés | Ugandan | Kampala
US | estadounidense, norteamericano | American | Estados Unidos de América, United States of America, Washington, \
Washington D.C., Casa Blanca, White House
UY | uruguayo | Uruguayan | Montevideo
UZ | uzbeko | Uzbek | Taskent, Tashkent
VA | vaticano | | Vaticano, Vatican, Santa Sede, Holy See
VE | venezolano | Venezuelan | Caracas
VN | vietnamita | Vietnamese | Hanói, Hanoi
VU | vanuatuense | |
WS | samoano | Samoan |
XK | kosovar | Kosovar | Pristina
YE | yemení | Yemeni | Saná, Sanaa, Sana'a
ZA | sudafricano | South African | Pretoria
ZM | zambiano | Zambian | Lusaka
ZW | zimbabuense | Zimbabwean | Harare
SU | soviético | Soviet | Unión Soviética, Soviet Union
"""

# Bodies and regions whose names in the two languages have no letters in common; code | names.
BODIES = """
EZ | eurozona, eurozone
UN | Consejo de Seguridad, Security Council
OECD | Organización para la Cooperación y el Desarrollo Económicos, \
Organisation for Economic Co-operation and Development
IMF | Fondo Monetario Internacional, International Monetary Fund
WHO | Organización Mundial de la Salud, World Health Organization, World Health Organisation
WTO | Organización Mundial del Comercio, World Trade Organization, World Trade Organisation
IAEA | Organismo Internacional de Energía Atómica, International Atomic Energy Agency
West | occidente, occidental, occidentales, oeste, west, western
Far East | Lejano Oriente, Extremo Oriente, Far East
Middle East | Oriente Medio, Oriente Próximo, Middle East
West Bank | Cisjordania, West Bank
"""

# Only in these letters: "US" is a country, "us" is not. Dots and spaces between the letters don't matter.
ACRONYMS = {
    "US": "US", "USA": "US", "EEUU": "US", "EUA": "US", "UK": "GB", "RPDC": "KP", "DPRK": "KP", "RDC": "CD",
    "DRC": "CD", "EAU": "AE", "UAE": "AE", "URSS": "SU", "USSR": "SU", "UE": "EU", "EU": "EU", "ONU": "UN", "UN": "UN",
    "OTAN": "NATO", "NATO": "NATO", "OCDE": "OECD", "OECD": "OECD", "FMI": "IMF", "IMF": "IMF", "OMS": "WHO",
    "WHO": "WHO", "OMC": "WTO", "WTO": "WTO", "OIEA": "IAEA", "IAEA": "IAEA",
}  # fmt: skip

# Names of CLDR that are not looked up, with the reason.
NOT_LOOKED_UP = {
    "Congo": "either of two states, so that it is compared as any other name",
    "Granada": "a city in Spain",
    "Guadalupe": "a woman's name",
    "Mauricio": "a man's name",
    "Réunion": "a meeting, in both languages",
    "Reunión": "the same",
    "San Martín": "a man's name",
    "St. Martin": "a saint and many towns",
    "San Bartolomé": "a saint and many towns",
    "Santa Elena": "a saint and many towns",
    "St. Helena": "a saint and many towns",
    "Montserrat": "a woman's name and a mountain",
    "Diego Garcia": "a man's name",
    "Diego García": "a man's name",
}

# These need their capital letters, because in small ones they are words of Spanish or English; accents don't matter.
NEED_CAPITALS = """
aman, anguila, asunción, bermudas, berna, chad, chile, colombo, cuba, damasco, dane, danes, dili, ecuador,
el salvador, finn, finns, gales, georgia, guernsey, guinea, irán, jersey, jordan, la paz, lima, lomé, macedonia, malí,
malta, manila, muscat, nassau, níger, omán, panamá, pole, poles, polish, quito, riga, roma, saná, sark, scot, scots,
swede, swedes, togo, tonga, turkey, viena, wellington
"""

# Beside another name with a capital these are a part of it: Michael Jordan, Paris Hilton, Washington Post.
ALSO_PARTS_OF_NAMES = """
Asunción, Berlín, Chad, France, Georgia, Holland, Jersey, Jordan, Lima, London, Paris, Roma, Washington, Wellington
"""

# Not what they seem to name; skipped as a whole, so that the words in them name nothing.
OTHER_THINGS = """
British Columbia, Columbia Británica, New Mexico, Nuevo México, New Jersey, Nueva Jersey, New England,
Nueva Inglaterra, New South Wales, Nueva Gales del Sur, Prince of Wales, Príncipe de Gales, Princess of Wales,
Princesa de Gales, Gulf of Mexico, Golfo de México, Gulf of Guinea, Golfo de Guinea, Gulf of Oman, Golfo de Omán,
South China Sea, East China Sea, Mar de China, Mar de la China, Sea of Japan, Mar del Japón, Mar de Japón,
Indian Ocean, Niger River, Niger Delta, río Níger, delta del Níger, New Guinea, Nueva Guinea, guinea pig,
Latin American, Latin Americans, South American, South Americans, Central American, Central Americans,
North American, North Americans, Native American, Native Americans, American Indian, American Indians
"""
